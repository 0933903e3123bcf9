import { beforeAll, describe, expect, it } from '@jest/globals';
import { fromUtf8, hex, jcs, parseStrictJson, sha256, utf8 } from '@conclave/audit-core';
import fc from 'fast-check';
import type { DecisionEvent } from '../decision/events.js';
import { clone, type Mutable } from '../test/clone.js';
import { Log, revealOf, signerOf, termsOf, type Signer } from '../test/panel.js';
import { publicTermsOf, termsDigest, type Terms } from '../terms.js';
import { disclosuresOf, predicateOf } from './predicate-of.js';
import { parsePredicate, parseStatement, payloadBytes, statementOf, type Predicate } from './predicate.js';
import {
  commitsClosedEntryOf,
  falseDisclosures,
  openedEntryOf,
  parseReceiptFile,
  parseSealedEntry,
  PAYLOAD_TYPE,
  RECEIPT_MEDIA_TYPE,
  sealedEntryOf,
} from './receipt-file.js';
import { checkBallots, recount, recountAgrees } from './recount.js';

let ann: Signer;
let bob: Signer;
let cid: Signer;
/** Open, with a change, a gate, an abstention, an equivocating voter and a notice. */
let open: DecisionEvent[];
/** Sealed, with a commitment that was never revealed and a reveal that opened nothing. */
let sealed: DecisionEvent[];

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const SHA = hex(sha256(utf8('x')));
const subject = { repository: 'git.example/app', base: COMMIT, head: COMMIT, tree: COMMIT, diffSha256: SHA };

beforeAll(async () => {
  [ann, bob, cid] = await Promise.all([signerOf('ann'), signerOf('bob', { custody: 'external' }), signerOf('cid')]);
  const first = new Log(
    termsOf([ann, bob, cid], {
      ...{ gates: ['tests'], notices: ['jury-edited'], subject },
      policy: { panel: 'builtin/review', panelSha256: SHA, source: 'builtin' },
    }),
  );
  await first.cast(ann, { vote: 'no', findingsSha256: SHA });
  first.report('tests', 'green');
  await first.cast(bob, { vote: 'abstain', reason: 'does not apply' });
  await first.cast(cid, { vote: 'yes' });
  await first.cast(cid, { vote: 'no' });
  first.finish();
  open = first.events;

  const second = new Log(termsOf([ann, bob, cid], { secrecy: 'sealed' }));
  for (const signer of [ann, bob, cid]) await second.commit(signer, { vote: 'yes' });
  second.closeCommits();
  await second.reveal(ann, { vote: 'yes' });
  await second.reveal(cid, { vote: 'no' });
  second.finish('deadline');
  sealed = second.events;
});

/** The terms that `open` was opened with. */
function openedTerms(): Terms {
  if (open[0]?.type !== 'decision.opened') throw new Error('not opened');
  return open[0].data;
}

const predicate = (events: DecisionEvent[]): Predicate => predicateOf(events)!;
describe('the predicate', () => {
  it('has equal bytes whenever and wherever its events are folded', () => {
    for (const events of [open, sealed]) {
      const bytes = payloadBytes(predicate(events));
      expect(payloadBytes(predicate(events))).toEqual(bytes);
      const restored = events.map((event) => JSON.parse(jcs(event)) as DecisionEvent);
      expect(payloadBytes(predicate(restored))).toEqual(bytes);
    }
  });

  it('states what became of every voter', () => {
    const statuses = (events: DecisionEvent[]) =>
      predicate(events).ballots.map(({ voterId, status }) => `${voterId} ${status}`);
    expect(statuses(open)).toEqual(['ann counted', 'bob abstained', 'cid void']);
    expect(statuses(sealed)).toEqual(['ann counted', 'bob unrevealed', 'cid void']);
    expect(predicate(open)).toMatchObject({
      outcome: { status: 'rejected', reason: 'threshold-missed' },
      notices: ['jury-edited'],
      window: { opened: 1, closed: 7, ended: 8 },
    });
    expect(predicate(sealed)).toMatchObject({ outcome: { status: 'approved' }, window: { commitsClosed: 5 } });
  });

  it('does not exist before the decision is sealed', () => {
    expect(predicateOf(open.slice(0, -1))).toBeUndefined();
  });

  it('reads back strictly from its own bytes', () => {
    for (const events of [open, sealed]) {
      const statement = statementOf(predicate(events));
      const read = parseStatement(parseStrictJson(fromUtf8(payloadBytes(predicate(events)))));
      expect(read).toMatchObject({ ok: true });
      expect(jcs(read.ok && read.value)).toBe(jcs(statement));
    }
  });

  it('names the decision, the head commit and the tree as its subjects', () => {
    const { subject: subjects } = statementOf(predicate(open));
    expect(subjects).toEqual([
      { name: 'decision/dec_1', digest: { sha256: hex(sha256(utf8(jcs(predicate(open))))) } },
      { name: 'git.example/app', digest: { gitCommit: COMMIT } },
      { name: 'git.example/app#tree', digest: { gitTree: COMMIT } },
    ]);
    expect(statementOf(predicate(sealed)).subject).toHaveLength(1);
  });

  it.each<[string, (p: Mutable<Predicate>) => unknown]>([
    ['/extra', (p) => Object.assign(p, { extra: 1 })],
    ['/outcome', (p) => Reflect.deleteProperty(p, 'outcome')],
    ['/phase', (p) => Object.assign(p, { phase: 'canceled' })],
    ['/rule/quorum/num', (p) => (p.rule.quorum = { num: 0.5, den: 1 })],
    ['/electorate', (p) => (p.electorate = [])],
    ['/ballots/0/statements/0/ballot', (p) => delete p.ballots[0]!.statements[0]!.ballot!.vote],
    ['/ballots/0/statements/0', (p) => delete p.ballots[0]!.statements[0]!.ballot],
    ['/window/ended', (p) => (p.window.ended = 2 ** 53)],
    ['/tally/detail/yes', (p) => (p.tally.detail['yes'] = 1.5)],
  ])('is refused with the path %s when that is at fault', (path, harm) => {
    const harmed = clone(predicate(open));
    harm(harmed);
    expect(parsePredicate(harmed)).toMatchObject({ ok: false, path });
  });
});

describe('the recount', () => {
  it('agrees with every honest receipt', async () => {
    for (const events of [open, sealed]) {
      expect(recountAgrees(predicate(events))).toBe(true);
      expect(await checkBallots(predicate(events))).toEqual([]);
    }
  });

  it.each<[string, (p: Mutable<Predicate>) => void]>([
    ['a changed outcome', (p) => (p.outcome.status = 'approved')],
    ['a changed tally', (p) => (p.tally.detail['yes'] = 9)],
    ['another phase', (p) => (p.phase = 'tied')],
    ['a quorum that was not asked', (p) => (p.rule.quorum = { num: 1, den: 1 })],
    ['a heavier voter', (p) => (p.electorate[0]!.weight = 5)],
    ['a removed voter', (p) => void p.electorate.shift()],
    ['a red gate', (p) => (p.evidence[0]!.status = 'red')],
    ['a gate that is said to be missing', (p) => p.gates.push('build')],
    ['a ballot turned around', (p) => (p.ballots[0]!.statements[0]!.ballot!.vote = 'yes')],
    ['a void voter made to count', (p) => p.ballots[2]!.statements.splice(1, 1)],
    ['an abstention left out', (p) => void p.ballots.splice(1, 1)],
  ])('differs after %s', (_, tamper) => {
    const tampered = clone(predicate(open));
    tamper(tampered);
    expect(parsePredicate(tampered).ok).toBe(true);
    expect(recountAgrees(tampered)).toBe(false);
  });

  it.each<[string, 'open' | 'sealed', (p: Mutable<Predicate>) => void]>([
    ['signature', 'open', (p) => (p.ballots[0]!.statements[0]!.ballot!.reason = 'other words')],
    ['signature', 'open', (p) => (p.electorate[0]!.publicKey = p.electorate[1]!.publicKey)],
    ['signature', 'sealed', (p) => (p.ballots[1]!.statements[0]!.commit = SHA)],
    ['status', 'open', (p) => (p.ballots[0]!.status = 'void')],
    ['status', 'sealed', (p) => (p.ballots[0]!.statements[1]!.salt = Buffer.alloc(32).toString('base64'))],
    ['not-a-voter', 'open', (p) => (p.ballots[0]!.voterId = 'eve')],
    ['foreign', 'open', (p) => (p.ballots[0]!.statements[0]!.ballot!.decisionId = 'dec_2')],
    ['foreign', 'open', (p) => (p.rule = { method: 'score' })],
    ['voter-repeated', 'open', (p) => (p.electorate[1]!.voterId = 'ann')],
    ['key-repeated', 'open', (p) => (p.electorate[1]!.publicKey = p.electorate[0]!.publicKey)],
    ['record-repeated', 'open', (p) => p.ballots.push(p.ballots[0]!)],
    ['statement-repeated', 'open', (p) => p.ballots[0]!.statements.push({ ...p.ballots[0]!.statements[0]!, seq: 6 })],
    ['window', 'open', (p) => (p.ballots[0]!.statements[0]!.seq = 99)],
    ['window', 'open', (p) => (p.window.closed = 99)],
    ['window', 'open', (p) => (p.secrecy = 'sealed')],
    ['window', 'sealed', (p) => (p.secrecy = 'open')],
    ['window', 'sealed', (p) => (p.ballots[0]!.statements[1]!.seq = 4)],
    ['window', 'sealed', (p) => (p.ballots[0]!.statements[0]!.seq = 6)],
    ['window', 'open', (p) => (p.evidence[0]!.seq = 99)],
    ['seq-repeated', 'open', (p) => (p.ballots[0]!.statements[0]!.seq = 3)],
    ['seq-gap', 'open', (p) => void p.ballots.splice(1, 1)],
    ['evidence-repeated', 'open', (p) => p.evidence.push(p.evidence[0]!)],
    ['unknown-gate', 'open', (p) => (p.gates = [])],
  ])('finds the fault %s (%s)', async (code, which, tamper) => {
    const tampered = clone(predicate(which === 'open' ? open : sealed));
    tamper(tampered);
    expect(parsePredicate(tampered)).toMatchObject({ ok: true });
    expect((await checkBallots(tampered)).map((fault) => fault.code)).toContain(code);
  });

  it('cannot carry genuine signatures over to other terms', async () => {
    const moved = clone(predicate(open));
    moved.notices = ['Nothing to see here.'];
    expect((await checkBallots(moved)).map((fault) => fault.code)).toContain('signature');
  });

  it('cannot be fooled by a ballot of the same voter from elsewhere in the log', async () => {
    const tampered = clone(predicate(open));
    const { ballot, signature } = await revealOf(openedTerms(), ann, { vote: 'yes', decisionId: 'dec_2' });
    tampered.ballots[0]!.statements[0] = { ballot: { ...clone(ballot), decisionId: 'dec_1' }, signature, seq: 2 };
    expect(await checkBallots(tampered)).toContainEqual({ code: 'signature', path: '/ballots/0/statements/0' });
  });

  it('never throws on what the parser let through, and the parser never throws', async () => {
    const json = jcs(predicate(open));
    const mutants = fc.tuple(fc.nat(json.length - 1), fc.constantFrom(...'0129azA"{}[],:-\\ \u0000é'));
    await fc.assert(
      fc.asyncProperty(mutants, async ([at, character]) => {
        const text = json.slice(0, at) + character + json.slice(at + 1);
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          return;
        }
        const read = parsePredicate(value);
        if (!read.ok) return;
        expect(typeof recount(read.value).ok).toBe('boolean');
        const unchanged = jcs(read.value) === json;
        const faults = await checkBallots(read.value);
        expect(Array.isArray(faults)).toBe(true);
        if (unchanged) expect(faults).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (value) => {
        expect(parsePredicate(value).ok || parseStatement(value).ok || parseReceiptFile(value).ok).toBe(false);
        expect(parseSealedEntry(value).ok).toBe(false);
      }),
    );
  });
});

describe('the log entries', () => {
  it('bind the payload, both ways', () => {
    const payload = payloadBytes(predicate(open));
    const data = sealedEntryOf(predicate(open), payload);
    expect(data).toMatchObject({ decision: 'dec_1', payloadSha256: hex(sha256(payload)) });
    const verdict = { bundle: '7+f1d38164', by: ['role:developer'] };
    const entry = { type: 'decision.sealed', actor: 'consensus', verdict, data: { ...data, phase: 'sealed' } };
    expect(parseSealedEntry(entry)).toEqual({ ok: true, value: data });
    expect(parseSealedEntry({ ...entry, type: 'decision.opened' })).toMatchObject({ ok: false, path: '/type' });
    expect(parseSealedEntry({ ...entry, data: {} })).toMatchObject({ ok: false });
  });

  it('fix the terms at the opening: the same digest follows from the receipt', () => {
    const [opened] = open;
    if (opened?.type !== 'decision.opened') throw new Error('not opened');
    const digest = termsDigest(publicTermsOf(opened.data));
    expect(openedEntryOf(predicate(open))).toEqual({ decision: 'dec_1', termsSha256: digest });
    const tampered = clone(predicate(open));
    tampered.electorate[0]!.weight = 2;
    expect(openedEntryOf(tampered).termsSha256).not.toBe(digest);
  });

  it('fix the commitments before any reveal: the same digest follows from the receipt', () => {
    const before = new Map<string, string>();
    for (const event of sealed)
      if (event.type === 'ballot.committed') before.set(event.data.voterId, event.data.commit);
    const commits = [...before].map(([voterId, commit]) => ({ voterId, commit }));
    const digest = hex(sha256(utf8(jcs(commits))));
    expect(commitsClosedEntryOf(predicate(sealed))).toEqual({ decision: 'dec_1', commitsSha256: digest });
  });
});

describe('the receipt file', () => {
  it('is read strictly: one signature, no unknown members', () => {
    const file = {
      mediaType: RECEIPT_MEDIA_TYPE,
      envelope: { payloadType: PAYLOAD_TYPE, payload: 'e30=', signatures: [{ keyid: 'k', sig: 'AAAA' }] },
      log: { entry: 'e30=', proof: 'c2sp.org/tlog-proof@v1' },
      disclosures: [{ path: '/question', salt: Buffer.alloc(32).toString('base64'), value: 'q' }],
    };
    expect(parseReceiptFile(file)).toEqual({ ok: true, value: file });
    const two = { ...file.envelope, signatures: [...file.envelope.signatures, ...file.envelope.signatures] };
    expect(parseReceiptFile({ ...file, envelope: two })).toMatchObject({ ok: false, path: '/envelope/signatures' });
    expect(parseReceiptFile({ ...file, trusted: true })).toMatchObject({ ok: false, path: '/trusted' });
    expect(parseReceiptFile({ ...file, mediaType: 'text/plain' })).toMatchObject({ ok: false, path: '/mediaType' });
  });

  it('discloses the question by salt, and nothing false', () => {
    const log = new Log(termsOf([ann]));
    const disclosures = disclosuresOf(log.decision);
    const known = { ...predicate(open), question: publicTermsOf(log.decision.terms).question };
    expect(disclosures).toMatchObject([{ path: '/question', value: 'Shall the change land?' }]);
    expect(falseDisclosures(known, disclosures)).toEqual([]);
    expect(falseDisclosures(known, [{ ...disclosures[0]!, value: 'Shall it burn?' }])).toEqual(['/question']);
    expect(falseDisclosures(known, [{ ...disclosures[0]!, path: '/rule' }])).toEqual(['/rule']);
  });
});
