/** Vectors of what an insider with the keys of service and log might sign: everything holds but the truth. */
import { base64, jcs, utf8 } from '@conclave/audit-core';
import { statementBytes, sealedEntryOf, payloadBytes, termsDigest, type Predicate } from '@conclave/consensus-core';
import type { StepName } from '../verdict.js';
import type { Finished } from './decisions.js';
import { statementText, TRUST, written, type Vector, type Workshop } from './workshop.js';

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
type Draft = Mutable<Omit<Predicate, 'tally'>> & {
  tally: Mutable<Omit<Predicate['tally'], 'detail'>> & { detail: Record<string, unknown> };
};

const ed25519 = (value: string) => ({ algorithm: 'ed25519', value }) as const;

export async function insiderVectors(workshop: Workshop): Promise<Vector[]> {
  const open = await workshop.reviewed('open');
  const sealed = await workshop.reviewed('sealed');
  return [
    ...(await statements(workshop, open)),
    ...(await logs(workshop, open)),
    ...(await ballots(workshop, open, sealed)),
    ...(await tallies(workshop, open)),
  ];
}

const edited = ({ predicate }: Finished, edit: (draft: Draft) => void): Predicate => {
  const draft: unknown = structuredClone(predicate);
  edit(draft as Draft);
  return draft as Predicate;
};

/** The voters sign their statements again, under whatever terms and with whatever keys there are now. */
async function signedAgain(
  predicate: Predicate,
  { signers }: Finished,
  own = predicate.decisionId,
): Promise<Predicate> {
  const terms = termsDigest(predicate);
  const again = structuredClone(predicate) as unknown as Draft;
  for (const { voterId, statements } of again.ballots)
    for (const statement of statements) {
      const bytes = statementBytes({ ...predicate, decisionId: own }, terms, voterId, statement);
      statement.signature = ed25519(base64(await (signers.get(voterId) ?? signers.get('ada')!).sign(bytes)));
    }
  return again as unknown as Predicate;
}

async function statements({ platform, receipt }: Workshop, open: Finished): Promise<Vector[]> {
  const text = statementText(await receipt(open));
  const signed = async (name: string, step: StepName, what: string, payload: string): Promise<Vector> => ({
    name: `statement-${name}`,
    what,
    bytes: written(await platform.receipt(open.predicate, { payload: utf8(payload) })),
    trust: TRUST,
    exitCode: 6,
    step,
  });
  const reordered = text.replace(/^\{("_type":"[^"]*"),(.*)\}$/, '{$2,$1}');
  return [
    await signed('spaced', 'subject', 'a space in the signed statement', text.replace('{', '{ ')),
    await signed('reordered', 'subject', 'members of the signed statement in another order', reordered),
    await signed('escaped', 'subject', 'an escape that need not be', text.replace('Covered', '\\u0043overed')),
    await signed(
      'subject-digest',
      'subject',
      'a subject of another digest',
      text.replace(/"sha256":"[0-9a-f]{64}"\},"name":"decision/, `"sha256":"${'0'.repeat(64)}"},"name":"decision`),
    ),
    await signed(
      'subject-commit',
      'subject',
      'a subject of another commit',
      text.replace(`"gitCommit":"${'2'.repeat(40)}"`, `"gitCommit":"${'4'.repeat(40)}"`),
    ),
    await signed(
      'subject-more',
      'subject',
      'one subject more',
      text.replace('"subject":[', `"subject":[{"digest":{"sha256":"${'0'.repeat(64)}"},"name":"more"},`),
    ),
    await signed(
      'predicate-type',
      'parse',
      'a predicate of another type',
      text.replace('decision-receipt/v1', 'decision-receipt/v2'),
    ),
    await signed(
      'member-unknown',
      'parse',
      'a member of the predicate that nobody knows',
      text.replace('"phase":', '"phases":[],"phase":'),
    ),
    await signed(
      'null',
      'parse',
      'null in place of an absent member',
      text.replace('"policy":{', '"policy":null,"policy_":{'),
    ),
    await signed(
      'two-votes',
      'parse',
      'a ballot with a vote and a ranking',
      text.replace('"vote":"no"', '"ranking":[["approved"]],"vote":"no"'),
    ),
    await signed(
      'mute-abstention',
      'parse',
      'an abstention without a reason',
      text.replace(/"reason":"","round":1,"vote":"yes"|"reason":"","round":1,"voterId":"bob","vote":"yes"/, (found) =>
        found.replace('"yes"', '"abstain"'),
      ),
    ),
    await signed(
      'long-line',
      'parse',
      'a name of two lines where one is allowed',
      text.replace('"family":"conclave"', '"family":"con\\nclave"'),
    ),
  ];
}

async function logs({ platform, receipt }: Workshop, open: Finished): Promise<Vector[]> {
  const payload = payloadBytes(open.predicate);
  const entry = (change: (data: { decision: string; payloadSha256: string; outcome: { status: string } }) => void) => {
    const data = structuredClone(sealedEntryOf(open.predicate, payload)) as unknown as Parameters<typeof change>[0];
    change(data);
    return utf8(jcs({ type: 'decision.sealed', data }));
  };
  const is = async (
    name: string,
    exitCode: number,
    step: StepName,
    what: string,
    insider: Parameters<Workshop['receipt']>[1],
  ): Promise<Vector> => ({
    name: `log-${name}`,
    what,
    bytes: written(await receipt(open, insider)),
    trust: TRUST,
    exitCode,
    step,
  });
  return [
    await is('origin-foreign', 3, 'checkpoint', 'a checkpoint of another tenant’s log', {
      origin: 'conclave.example/log/other',
    }),
    await is('signer-foreign', 5, 'checkpoint', 'the right key under another log’s name', {
      logName: 'conclave.example/log/other',
    }),
    await is('cosigned-never', 3, 'witnesses', 'a time beyond 63 bits', { cosignedAt: 2n ** 63n }),
    await is('entry-payload', 3, 'entry', 'an entry about another payload', {
      entry: entry((data) => (data.payloadSha256 = '0'.repeat(64))),
    }),
    await is('entry-outcome', 3, 'entry', 'an entry that tells another outcome', {
      entry: entry((data) => (data.outcome.status = 'rejected')),
    }),
    await is('entry-decision', 3, 'entry', 'an entry about another decision', {
      entry: entry((data) => (data.decision = 'dec_other')),
    }),
    await is('entry-digest-case', 6, 'parse', 'an entry with a digest in upper case', {
      entry: entry((data) => (data.payloadSha256 = data.payloadSha256.toUpperCase())),
    }),
    {
      ...(await is('entry-twice', 6, 'parse', 'an entry with a member written twice', {
        entry: utf8('{"type":"decision.sealed","type":"decision.sealed"}'),
      })),
      bytes: written(
        await platform.receipt(open.predicate, { entry: utf8('{"type":"decision.sealed","type":"decision.sealed"}') }),
      ),
    },
  ];
}

async function ballots(workshop: Workshop, open: Finished, sealed: Finished): Promise<Vector[]> {
  const is = async (name: string, exitCode: number, what: string, predicate: Predicate): Promise<Vector> => ({
    name: `ballots-${name}`,
    what,
    bytes: written(await workshop.platform.receipt(predicate)),
    trust: TRUST,
    exitCode,
    step: 'ballots',
  });
  const [zero] = [base64(new Uint8Array(64))];
  const ofOpen = (edit: (draft: Draft) => void) => edited(open, edit);
  const ofSealed = (edit: (draft: Draft) => void) => edited(sealed, edit);
  const again = (edit: (draft: Draft) => void) => signedAgain(ofOpen(edit), open);
  const said = (draft: Draft, record: number, statement = 0) => draft.ballots[record]!.statements[statement]!;
  return [
    await is(
      'vote',
      2,
      'a vote its voter did not sign',
      ofOpen((draft) => (said(draft, 2).ballot!.vote = 'yes')),
    ),
    await is(
      'reason',
      2,
      'a reason its voter did not write',
      ofOpen((draft) => (said(draft, 0).ballot!.reason = 'Fine.')),
    ),
    await is(
      'signature',
      2,
      'a signature of zeroes',
      ofOpen((draft) => (said(draft, 0).signature = ed25519(zero))),
    ),
    await is(
      'terms',
      2,
      'signatures under other terms',
      ofOpen((draft) => (draft.subject!.head = '4'.repeat(40))),
    ),
    await is(
      'weight',
      2,
      'a weight changed after the votes',
      ofOpen((draft) => (draft.electorate[0]!.weight = 5)),
    ),
    await is(
      'key-unsafe',
      2,
      'a key of small order',
      ofOpen((draft) => (draft.electorate[2]!.publicKey = base64(new Uint8Array(32)))),
    ),
    await is(
      'signature-first',
      2,
      'a false status and a false signature: the signature is told',
      ofOpen((draft) => {
        draft.ballots[0]!.status = 'void';
        said(draft, 2).signature = ed25519(zero);
      }),
    ),
    await is(
      'commit',
      2,
      'a commitment its voter did not sign',
      ofSealed((draft) => (said(draft, 0).commit = '0'.repeat(64))),
    ),
    await is(
      'status',
      4,
      'a counted ballot said to be void',
      ofOpen((draft) => (draft.ballots[2]!.status = 'void')),
    ),
    await is(
      'salt',
      4,
      'a salt that does not open the commitment',
      ofSealed((draft) => (said(draft, 0, 1).salt = base64(new Uint8Array(32)))),
    ),
    await is(
      'dropped',
      4,
      'a ballot left out, and its place with it',
      ofOpen((draft) => draft.ballots.splice(2, 1)),
    ),
    await is(
      'window',
      4,
      'a ballot after the close',
      ofOpen((draft) => {
        const { closed } = draft.window;
        draft.window.closed = said(draft, 2).seq;
        said(draft, 2).seq = closed;
      }),
    ),
    await is(
      'window-order',
      4,
      'an end before the close',
      ofOpen((draft) => {
        const { closed, ended } = draft.window;
        draft.window.closed = ended;
        draft.window.ended = closed;
      }),
    ),
    await is(
      'early-reveal',
      4,
      'a reveal before the commits were closed',
      ofSealed((draft) => {
        const { commitsClosed } = draft.window;
        draft.window.commitsClosed = said(draft, 0, 1).seq;
        said(draft, 0, 1).seq = commitsClosed!;
      }),
    ),
    await is(
      'seq-twice',
      4,
      'two events of one number',
      ofOpen((draft) => (said(draft, 1).seq = said(draft, 0).seq)),
    ),
    await is(
      'seq-gap',
      4,
      'a number nobody used',
      ofOpen((draft) => (draft.window.ended += 1)),
    ),
    await is(
      'secrecy',
      4,
      'commitments in a decision of open secrecy',
      await signedAgain(
        ofSealed((draft) => {
          draft.secrecy = 'open';
          delete draft.window.commitsClosed;
          draft.window.ended -= 1;
          draft.window.closed -= 1;
          for (const { statements } of draft.ballots) for (const one of statements) if (one.ballot) one.seq -= 1;
          for (const one of draft.evidence) one.seq -= 1;
        }),
        sealed,
      ),
    ),
    await is(
      'statement-twice',
      4,
      'a statement kept twice',
      ofOpen((draft) => {
        const one = structuredClone(said(draft, 2));
        one.seq = draft.window.closed;
        draft.ballots[2]!.statements.push(one);
        draft.ballots[2]!.status = 'void';
        draft.window.closed += 1;
        draft.window.ended += 1;
      }),
    ),
    await is(
      'record-twice',
      4,
      'two records of one voter',
      ofOpen((draft) => {
        draft.ballots[1] = structuredClone(draft.ballots[0]!);
        said(draft, 1).seq = 3;
      }),
    ),
    await is(
      'not-a-voter',
      4,
      'a record of somebody outside the electorate',
      await again((draft) => {
        draft.ballots[2]!.voterId = 'eve';
        said(draft, 2).ballot!.voterId = 'eve';
      }),
    ),
    await is(
      'of-another',
      4,
      'a ballot in another voter’s record',
      await again((draft) => (said(draft, 2).ballot!.voterId = 'ada')),
    ),
    await is(
      'decision-foreign',
      4,
      'a ballot for another decision',
      await again((draft) => (said(draft, 2).ballot!.decisionId = 'dec_other')),
    ),
    await is(
      'rule-foreign',
      4,
      'a ranking under a rule of votes',
      await again((draft) => {
        const ballot = said(draft, 2).ballot!;
        delete ballot.vote;
        ballot.ranking = [['approved']];
      }),
    ),
    await is(
      'voter-twice',
      4,
      'two voters of one name',
      await again((draft) => {
        draft.electorate.push({ ...structuredClone(draft.electorate[0]!), publicKey: draft.electorate[0]!.publicKey });
      }),
    ),
    await is(
      'key-twice',
      4,
      'two voters of one key',
      await again((draft) => {
        draft.electorate.push({ ...structuredClone(draft.electorate[0]!), voterId: 'dan' });
      }),
    ),
    await is(
      'evidence-twice',
      4,
      'a gate that reported twice',
      ofOpen((draft) => {
        draft.evidence.push({ ...structuredClone(draft.evidence[0]!), seq: draft.window.closed });
        draft.window.closed += 1;
        draft.window.ended += 1;
      }),
    ),
    await is(
      'gate-unknown',
      4,
      'a report of a gate that was not asked',
      ofOpen((draft) => (draft.evidence[0]!.gate = 'lint')),
    ),
    await is(
      'evidence-late',
      4,
      'a report after the close',
      ofOpen((draft) => {
        const { closed } = draft.window;
        draft.window.closed = draft.evidence[0]!.seq;
        draft.evidence[0]!.seq = closed;
      }),
    ),
  ];
}

async function tallies(workshop: Workshop, open: Finished): Promise<Vector[]> {
  const is = async (name: string, what: string, predicate: Predicate): Promise<Vector> => ({
    name: `tally-${name}`,
    what,
    bytes: written(await workshop.platform.receipt(predicate)),
    trust: TRUST,
    exitCode: 4,
    step: 'tally',
  });
  const plain = (edit: (draft: Draft) => void) => edited(open, edit);
  const again = (edit: (draft: Draft) => void) => signedAgain(plain(edit), open);
  return [
    await is(
      'outcome',
      'a rejection called an approval the other way round',
      plain((draft) => (draft.outcome = { status: 'rejected', winners: ['rejected'], reason: 'threshold-missed' })),
    ),
    await is(
      'reason',
      'another reason for the same outcome',
      plain((draft) => (draft.outcome.reason = 'gate-red')),
    ),
    await is(
      'winners',
      'another winner of the count',
      plain((draft) => (draft.tally.winners = ['rejected'])),
    ),
    await is(
      'detail',
      'other figures',
      plain((draft) => (draft.tally.detail['yes'] = 3)),
    ),
    await is(
      'detail-more',
      'one figure more',
      plain((draft) => (draft.tally.detail['maybe'] = 0)),
    ),
    await is(
      'ranking',
      'the ranking turned round',
      plain((draft) => draft.tally.ranking.reverse()),
    ),
    await is(
      'phase',
      'another phase',
      plain((draft) => (draft.phase = 'expired')),
    ),
    await is(
      'evidence',
      'a red gate that did not reject',
      plain((draft) => (draft.evidence[0]!.status = 'red')),
    ),
    await is('engine', 'counted by an engine of another version', await again((draft) => (draft.engine.version = '0'))),
    await is('threshold', 'a threshold above one', await again((draft) => (draft.rule.threshold = { num: 3, den: 2 }))),
    await is('variant', 'a variant of another rule', await again((draft) => (draft.rule.variant = 'margin'))),
    await is(
      'option-twice',
      'an option listed twice',
      await again((draft) => draft.options.push(structuredClone(draft.options[0]!))),
    ),
  ];
}
