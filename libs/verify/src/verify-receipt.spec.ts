import { describe, expect, it } from '@jest/globals';
import { base64, fromBase64, fromUtf8, jcs, utf8 } from '@conclave/audit-core';
import { type Predicate, type ReceiptFile } from '@conclave/consensus-core';
import { decide, review, type Finished } from './test/decisions.js';
import { Platform } from './test/platform.js';
import { newSigner, vkeyOf } from './test/signer.js';
import type { TrustPolicy } from './trust-policy.js';
import { VERDICTS, type StepName, type VerdictStatus } from './verdict.js';
import { verifyReceipt } from './verify-receipt.js';

const platform = await Platform.start();
const trust = platform.trust();
const open = await review('open');
const sealed = await review('sealed');
const good = await platform.receipt(open.predicate, { disclosures: open.disclosures });

const verify = (file: ReceiptFile, policy: TrustPolicy = trust) => verifyReceipt(JSON.stringify(file), policy);
type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
type Draft = Mutable<Omit<Predicate, 'tally'>> & { tally: { detail: Record<string, unknown>; ranking: string[][] } };
const edited = ({ predicate }: Finished, edit: (draft: Draft) => void): Predicate => {
  const draft: unknown = structuredClone(predicate);
  edit(draft as Draft);
  return draft as Predicate;
};
const ranked = await decide(
  { rule: { method: 'schulze' } },
  {
    ada: { said: { ranking: [['approved'], ['rejected']] } },
    bob: { said: { ranking: [['approved']] } },
    cyd: { said: { ranking: [['rejected'], ['approved']] } },
  },
);
const scored = await decide(
  { rule: { method: 'score' } },
  {
    ada: { said: { score: { approved: 9, rejected: 1 } } },
    bob: { said: { score: { approved: 8, rejected: 2 } } },
    cyd: { said: { score: { approved: 1, rejected: 7 } } },
  },
);
const chosen = await decide(
  { rule: { method: 'plurality' } },
  {
    ada: { said: { choice: 'approved' } },
    bob: { said: { choice: 'approved' } },
    cyd: { said: { choice: 'rejected' } },
  },
);
const approvals = await decide(
  { rule: { method: 'approval' } },
  { ada: { said: { approve: ['approved'] } }, bob: { said: { approve: [] } } },
);
const instant = await decide(
  { rule: { method: 'irv' } },
  { ada: { said: { ranking: [['approved']] } }, bob: { said: { ranking: [['rejected']] } } },
);
const tied = await decide(
  { rule: { method: 'schulze' } },
  { ada: { said: { ranking: [['approved']] } }, bob: { said: { ranking: [['rejected']] } } },
);
const undecided = await decide({}, { ada: { said: { vote: 'abstain' }, reason: 'no JavaScript' }, bob: {} });
const unkept = await decide(
  { secrecy: 'sealed' },
  { ada: { said: { vote: 'yes' } }, bob: { said: { vote: 'no' }, reveals: false } },
);

/** The receipt must fail at this step with this status, and every step before it must have held. */
async function expectFailure(file: ReceiptFile, step: StepName, status: VerdictStatus, policy = trust) {
  const verdict = await verify(file, policy);
  expect(verdict).toMatchObject({ ok: false, status, exitCode: VERDICTS[status].exitCode });
  expect(verdict.steps.at(-1)).toMatchObject({ name: step, ok: false });
  expect(verdict.steps.slice(0, -1).every(({ ok }) => ok)).toBe(true);
  return verdict;
}

describe('a good receipt', () => {
  const steps = [
    'parse',
    'signature',
    'subject',
    'checkpoint',
    'witnesses',
    'inclusion',
    'entry',
    'ballots',
    'tally',
    'policy',
  ];

  it.each([
    ['an open review', open],
    ['a sealed review', sealed],
    ['a schulze decision', ranked],
    ['a score decision', scored],
    ['a plurality decision', chosen],
    ['an approval decision', approvals],
    ['a tied instant runoff', instant],
    ['a tied decision', tied],
    ['a decision that nobody decided', undecided],
    ['a decision with a promise not kept', unkept],
  ])('of %s is trusted, each step checked in order', async (_, { predicate }) => {
    const verdict = await verify(await platform.receipt(predicate));
    expect(verdict).toMatchObject({ ok: true, status: 'trusted', exitCode: 0 });
    expect(verdict.steps.map(({ name }) => name)).toEqual(steps);
    expect(verdict.steps.every(({ ok, checked }) => ok && checked)).toBe(true);
  });

  it('is read from bytes as from text', async () => {
    expect(await verifyReceipt(utf8(JSON.stringify(good, null, 2)), trust)).toEqual(await verify(good));
  });

  it('without a trust policy is consistent but untrusted, and says which steps nobody could check', async () => {
    const verdict = await verifyReceipt(JSON.stringify(good), undefined);
    expect(verdict).toMatchObject({ ok: false, status: 'consistent-untrusted', exitCode: 7 });
    expect(verdict.steps.every(({ ok }) => ok)).toBe(true);
    const unchecked = verdict.steps.filter(({ checked }) => !checked).map(({ name }) => name);
    expect(unchecked).toEqual(['signature', 'checkpoint', 'witnesses', 'policy']);
  });

  it('reads as who voted what and why, with the dissent', async () => {
    const { receipt } = await verify(good);
    expect(receipt).toMatchObject({
      decisionId: open.predicate.decisionId,
      question: 'May this change be merged?',
      outcome: { status: 'approved', reason: 'threshold-met' },
      subject: { repository: 'git.example/acme/app', head: '2'.repeat(40) },
      custody: { platform: 2, external: 1, passkey: 0 },
      notices: ['This change edits its own jury.'],
      evidence: [{ gate: 'tests', status: 'green' }],
    });
    expect(receipt?.ballots.map(({ voterId, said, reason, dissents }) => [voterId, said, reason, dissents])).toEqual([
      ['ada', { vote: 'yes' }, 'Covered by tests.', false],
      ['bob', { vote: 'yes' }, '', false],
      ['cyd', { vote: 'no' }, 'Lost assertions in a.spec.ts:12.', true],
    ]);
    expect(receipt?.ballots[0]?.findingsSha256).toBe('ab'.repeat(32));
  });

  it('names dissent by first choice where options are ranked or scored, and none where nothing was decided', async () => {
    const dissenters = async (finished: Finished) => {
      const { receipt } = await verify(await platform.receipt(finished.predicate));
      return receipt?.ballots.filter(({ dissents }) => dissents).map(({ voterId }) => voterId);
    };
    expect(await dissenters(ranked)).toEqual(['cyd']);
    expect(await dissenters(scored)).toEqual(['cyd']);
    expect(await dissenters(tied)).toEqual([]);
  });

  it('shows who stayed silent and who abstained', async () => {
    const { receipt } = await verify(await platform.receipt(undecided.predicate));
    expect(receipt?.ballots.map(({ status, reason }) => [status, reason])).toEqual([
      ['abstained', 'no JavaScript'],
      ['silent', undefined],
    ]);
  });

  it('stays good when its disclosures are removed', async () => {
    const { ok, receipt } = await verify({ ...good, disclosures: [] });
    expect(ok).toBe(true);
    expect(receipt).not.toHaveProperty('question');
  });
});

describe('the envelope', () => {
  const [signature] = good.envelope.signatures;

  it('signed by nobody the policy names is untrusted', async () => {
    const signatures = [{ ...signature!, keyid: 'consensus-2' }];
    await expectFailure({ ...good, envelope: { ...good.envelope, signatures } }, 'signature', 'untrusted');
  });

  it('signed by another key under a trusted name is a bad signature', async () => {
    const policy = platform.trust({
      services: [{ keyid: 'consensus-1', publicKey: base64((await newSigner()).publicKey) }],
    });
    await expectFailure(good, 'signature', 'bad-signature', policy);
  });

  it('with another payload than was signed is a bad signature', async () => {
    const payload = (await platform.receipt(sealed.predicate)).envelope.payload;
    await expectFailure({ ...good, envelope: { ...good.envelope, payload } }, 'signature', 'bad-signature');
  });

  it.each([
    ['has a second signature', { signatures: [signature!, signature!] }],
    ['has no signature', { signatures: [] }],
    ['has another payload type', { payloadType: 'text/plain' }],
    ['has a payload that is not UTF-8', { payload: 'gICA' }],
    ['has a payload that is not JSON', { payload: base64(utf8('decision')) }],
  ])('is malformed when it %s', async (_, part) => {
    await expectFailure({ ...good, envelope: { ...good.envelope, ...part } }, 'parse', 'malformed');
  });
});

describe('the subject', () => {
  it.each([
    ['is written with spaces', (text: string) => text.replace('{', '{ ')],
    [
      'names another decision digest',
      (text: string) => text.replace(/"sha256":"[0-9a-f]{64}"/, `"sha256":"${'0'.repeat(64)}"`),
    ],
    [
      'names another commit than its predicate',
      (text: string) => text.replaceAll(`"gitCommit":"${'2'.repeat(40)}"`, `"gitCommit":"${'4'.repeat(40)}"`),
    ],
    ['has its members in another order', (text: string) => text.replace(/^\{("_type":"[^"]*"),(.*)\}$/, '{$2,$1}')],
  ])('is malformed when a signed statement %s', async (_, change) => {
    const payload = utf8(change(fromUtf8(fromBase64(good.envelope.payload))));
    expect(base64(payload)).not.toBe(good.envelope.payload);
    await expectFailure(await platform.receipt(open.predicate, { payload }), 'subject', 'malformed');
  });

  it('is malformed when a disclosure does not open what was committed to', async () => {
    const [disclosure] = open.disclosures;
    const disclosures = [{ ...disclosure!, value: 'May everything be merged?' }];
    await expectFailure({ ...good, disclosures }, 'subject', 'malformed');
    await expectFailure({ ...good, disclosures: [{ ...disclosure!, path: '/rule' }] }, 'subject', 'malformed');
  });
});

describe('the log', () => {
  const proofOf = async (predicate: Predicate, insider = {}) => (await platform.receipt(predicate, insider)).log.proof;
  const withProof = (proof: string): ReceiptFile => ({ ...good, log: { ...good.log, proof } });

  it('of another origin proves nothing, even signed by the same key', async () => {
    const foreign = await platform.receipt(open.predicate, { origin: 'conclave.example/log/other' });
    await expectFailure(foreign, 'checkpoint', 'bad-log-proof');
    const policy = platform.trust({ logs: [vkeyOf('conclave.example/log/other', platform.log)] });
    await expectFailure(good, 'checkpoint', 'untrusted', policy);
  });

  it('of a log that followed the one it was opened under proves it, and no other of a similar name does', async () => {
    const first = open.predicate.origin;
    const inLog = async (origin: string, opened = first) => {
      const receipt = await platform.receipt({ ...open.predicate, origin: opened }, { origin });
      const logs = [vkeyOf(origin, platform.log)];
      return (await verifyReceipt(JSON.stringify(receipt), platform.trust({ logs }))).steps.find(
        ({ name }) => name === 'checkpoint',
      );
    };
    for (const [origin, opened] of [[`${first}/2`], [`${first}/10`], [`${first}/10`, `${first}/9`]] as const)
      expect(await inLog(origin, opened)).toMatchObject({ ok: true, checked: true });
    expect((await inLog(`${first}/2`))?.detail).toContain(`the log which followed ${first}`);
    const others = [`${first}/1`, `${first}/02`, `${first}/2/3`, `${first}2`, `${first}/x`, 'other.example/log/acme/2'];
    for (const origin of others) expect(await inLog(origin)).toMatchObject({ ok: false });
    expect(await inLog(first, `${first}/2`)).toMatchObject({ ok: false });
    expect(await inLog('a/log/7', 'a/log/5')).toMatchObject({ ok: false });
  });

  it('signed by the trusted key of another origin is untrusted', async () => {
    const logName = 'conclave.example/log/other';
    const policy = platform.trust({ logs: [vkeyOf(logName, platform.log)] });
    await expectFailure(await platform.receipt(open.predicate, { logName }), 'checkpoint', 'untrusted', policy);
  });

  it('signed by a key nobody trusts is untrusted', async () => {
    const policy = platform.trust({ logs: [vkeyOf('conclave.example/log/acme', await newSigner())] });
    await expectFailure(good, 'checkpoint', 'untrusted', policy);
  });

  it('with a checkpoint that was changed after signing is a bad proof', async () => {
    await expectFailure(withProof(good.log.proof.replace('\n10\n', '\n11\n')), 'checkpoint', 'bad-log-proof');
  });

  it('with a cosignature that does not hold is a bad proof, with too few witnesses untrusted', async () => {
    await expectFailure(await platform.receipt(open.predicate, { cosignedAt: 2n }), 'witnesses', 'bad-log-proof');
    await expectFailure(withProof(good.log.proof.replace(/— witness[^\n]*\n/, '')), 'witnesses', 'untrusted');
    const keys = [platform.witnessKey('first'), platform.witnessKey('second')];
    const policy = platform.trust({ witnesses: { keys, threshold: 2 } });
    await expectFailure(good, 'witnesses', 'untrusted', policy);
  });

  it.each([
    ['another index', (proof: string) => proof.replace('index 5', 'index 4')],
    ['an index beyond the tree', (proof: string) => proof.replace('index 5', 'index 10')],
    ['one hash fewer', (proof: string) => proof.replace(/index 5\n[^\n]*\n/, 'index 5\n')],
    ['one hash more', (proof: string) => proof.replace('index 5\n', `index 5\n${base64(new Uint8Array(32))}\n`)],
  ])('with %s does not include the entry', async (_, change) => {
    await expectFailure(withProof(change(good.log.proof)), 'inclusion', 'bad-log-proof');
  });

  it('does not include an entry that is not in it', async () => {
    await expectFailure(withProof(await proofOf(sealed.predicate)), 'inclusion', 'bad-log-proof');
  });

  it.each([
    ['another decision', { decision: 'dec_other' }],
    ['another outcome', { outcome: { ...open.predicate.outcome, status: 'rejected' } }],
    ['another payload', { payloadSha256: '0'.repeat(64) }],
  ])('with a logged entry about %s does not prove this receipt', async (_, part) => {
    const logged = JSON.parse(fromUtf8(fromBase64(good.log.entry))) as { data: object };
    const entry = utf8(jcs({ ...logged, data: { ...logged.data, ...part } }));
    await expectFailure(await platform.receipt(open.predicate, { entry }), 'entry', 'bad-log-proof');
  });

  it('with an entry of another kind is malformed', async () => {
    const entry = utf8(jcs({ type: 'decision.opened', data: {} }));
    await expectFailure(await platform.receipt(open.predicate, { entry }), 'parse', 'malformed');
  });
});

describe('ballots that an insider changed and signed for', () => {
  const fails = async (predicate: Predicate, step: StepName, status: VerdictStatus) =>
    expectFailure(await platform.receipt(predicate), step, status);

  it('fail when a vote is turned: the voter never signed it', async () => {
    const turned = edited(open, ({ ballots }) => (ballots[2]!.statements[0]!.ballot!.vote = 'yes'));
    await fails(turned, 'ballots', 'bad-signature');
  });

  it('fail when a reason or a findings digest is changed', async () => {
    await fails(
      edited(open, ({ ballots }) => (ballots[2]!.statements[0]!.ballot!.reason = 'Fine.')),
      'ballots',
      'bad-signature',
    );
    await fails(
      edited(open, ({ ballots }) => (ballots[2]!.statements[0]!.ballot!.findingsSha256 = '0'.repeat(64))),
      'ballots',
      'bad-signature',
    );
  });

  it("fail when one voter's signature is put under another's ballot", async () => {
    const forged = edited(
      open,
      ({ ballots }) => (ballots[2]!.statements[0]!.signature = ballots[1]!.statements[0]!.signature),
    );
    await fails(forged, 'ballots', 'bad-signature');
  });

  it('fail when a commitment does not open', async () => {
    const salt = base64(new Uint8Array(32));
    await fails(
      edited(sealed, ({ ballots }) => (ballots[0]!.statements[1]!.salt = salt)),
      'ballots',
      'tally-differs',
    );
  });

  it('fail when a reveal is dropped but its ballot counted', async () => {
    await fails(
      edited(sealed, ({ ballots }) => void ballots[2]!.statements.pop()),
      'ballots',
      'tally-differs',
    );
  });

  it('fail when a commitment is dropped', async () => {
    await fails(
      edited(sealed, ({ ballots }) => void ballots[2]!.statements.shift()),
      'ballots',
      'tally-differs',
    );
  });

  it('fail when a ballot is dropped: its place in the decision is missed', async () => {
    await fails(
      edited(open, ({ ballots }) => void ballots.pop()),
      'ballots',
      'tally-differs',
    );
  });

  it('fail when a late ballot is counted', async () => {
    const late = edited(open, ({ ballots, window }) => (ballots[0]!.statements[0]!.seq = window.ended + 1));
    await fails(late, 'ballots', 'tally-differs');
  });

  it('fail when somebody outside the electorate votes, or one key votes twice', async () => {
    await fails(
      edited(open, ({ electorate }) => void electorate.splice(1, 1)),
      'ballots',
      'bad-signature',
    );
    await fails(
      edited(open, ({ electorate }) => (electorate[1]!.publicKey = electorate[0]!.publicKey)),
      'ballots',
      'bad-signature',
    );
    await fails(
      edited(open, ({ electorate }) => electorate.push({ ...electorate[0]!, voterId: 'eve' })),
      'ballots',
      'bad-signature',
    );
  });

  it.each([
    ['a figure of the tally', ({ tally }: Draft) => (tally.detail = { ...tally.detail, yes: 3 })],
    ['the ranking', ({ tally }: Draft) => tally.ranking.reverse()],
    ['the outcome', ({ outcome }: Draft) => (outcome.status = 'rejected')],
    ['the reason of the outcome', ({ outcome }: Draft) => (outcome.reason = 'gate-red')],
    ['the phase', (predicate: Draft) => (predicate.phase = 'expired')],
    ['a gate turned red', ({ evidence }: Draft) => (evidence[0]!.status = 'red')],
  ])('fail the recount when the receipt changes %s', async (_, edit) => {
    await fails(edited(open, edit), 'tally', 'tally-differs');
  });

  it.each([
    ['the weight of a voter', ({ electorate }: Draft) => (electorate[2]!.weight = 3)],
    ['the threshold', ({ rule }: Draft) => (rule.threshold = { num: 9, den: 10 })],
    ['a gate that never reported', ({ gates }: Draft) => gates.push('build')],
    ['the engine', ({ engine }: Draft) => (engine.version = '2')],
    ['a rule that cannot count', ({ rule }: Draft) => (rule.statusQuo = 'neither')],
    ['the commit that was judged', ({ subject }: Draft) => (subject!.head = '9'.repeat(40))],
    ['the subject, by leaving it out', (draft: Draft) => delete draft.subject],
    ['the panel, by leaving it out', (draft: Draft) => delete draft.policy],
  ])('fail the voters’ signatures when the receipt changes %s', async (_, edit) => {
    await fails(edited(open, edit), 'ballots', 'bad-signature');
  });
});

describe('the trust policy', () => {
  const pinned = (of: typeof open, voterId: string) => ({
    voterId,
    publicKey: of.predicate.electorate.find((voter) => voter.voterId === voterId)!.publicKey,
  });
  const ada = pinned(open, 'ada');
  it.each([
    ['outcome', { require: { outcome: 'rejected' } }],
    ['panelSha256', { require: { panelSha256: '0'.repeat(64) } }],
    ['origin', { require: { origin: 'conclave.example/log/other' } }],
    ['repository', { require: { repository: 'git.example/acme/other' } }],
    ['custody', { minExternalCustody: 2, voters: [ada] }],
  ])('refuses a genuine receipt that does not meet its demand on %s', async (_, demand) => {
    await expectFailure(good, 'policy', 'policy-refused', platform.trust(demand));
  });

  it('accepts a receipt that meets every demand', async () => {
    const require = {
      outcome: 'approved',
      panelSha256: 'cd'.repeat(32),
      origin: 'conclave.example/log/acme',
      repository: 'git.example/acme/app',
    };
    expect((await verify(good, platform.trust({ require, minExternalCustody: 1, voters: [ada] }))).ok).toBe(true);
  });

  it('refuses a receipt that does not state what is demanded', async () => {
    const { predicate } = await decide({ subject: undefined, policy: undefined }, { ada: { said: { vote: 'yes' } } });
    const bare = await platform.receipt(predicate);
    expect((await verify(bare)).ok).toBe(true);
    await expectFailure(bare, 'policy', 'policy-refused', platform.trust({ require: { repository: 'r' } }));
    await expectFailure(bare, 'policy', 'policy-refused', platform.trust({ require: { panelSha256: 'p' } }));
  });

  it('counts as outside the platform only keys it pins, and not those who stayed away', async () => {
    const other = { voterId: 'zoe', publicKey: base64((await newSigner()).publicKey) };
    const demand = { minExternalCustody: 1 };
    expect((await verify(good, platform.trust({ ...demand, voters: [ada] }))).ok).toBe(true);
    await expectFailure(good, 'policy', 'policy-refused', platform.trust({ ...demand, voters: [other] }));
    const silent = await decide({}, { ada: { said: { vote: 'yes' } }, bob: { custody: 'passkey' } });
    const trust = platform.trust({ ...demand, voters: [pinned(silent, 'bob')] });
    await expectFailure(await platform.receipt(silent.predicate), 'policy', 'policy-refused', trust);
  });

  it('does not trust an electorate that lists a pinned voter under another key', async () => {
    const impostor = { voterId: 'ada', publicKey: base64((await newSigner()).publicKey) };
    await expectFailure(good, 'policy', 'untrusted', platform.trust({ voters: [impostor] }));
  });
});

it('gives every status its own exit code', () => {
  const codes = Object.fromEntries(Object.entries(VERDICTS).map(([status, { exitCode }]) => [status, exitCode]));
  expect(codes).toEqual({
    trusted: 0,
    'bad-signature': 2,
    'bad-log-proof': 3,
    'tally-differs': 4,
    untrusted: 5,
    malformed: 6,
    'consistent-untrusted': 7,
    'rerun-differs': 8,
    'policy-refused': 9,
  });
});
