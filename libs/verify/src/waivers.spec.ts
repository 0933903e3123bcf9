import { describe, expect, it } from '@jest/globals';
import { base64, hex, jcs, preAuthEncoding, sha256, utf8 } from '@conclave/audit-core';
import { objectionsOf, payloadBytes, WAIVER_TYPE, type Waiver } from '@conclave/consensus-core';
import { decide, type Finished } from './test/decisions.js';
import { Platform } from './test/platform.js';
import { newSigner, type Signer } from './test/signer.js';
import { verifyReceipt } from './verify-receipt.js';

const platform = await Platform.start();
const [lead, security, eve] = [await newSigner(), await newSigner(), await newSigner()];
const trustOf = (threshold: number) =>
  platform.trust({
    require: { outcome: 'approved' },
    waivers: {
      keys: [
        { keyid: 'lead', publicKey: base64(lead.publicKey) },
        { keyid: 'security', publicKey: base64(security.publicKey) },
      ],
      threshold,
    },
  });
const yes = { said: { vote: 'yes' } } as const;
const no = { said: { vote: 'no' }, reason: 'A secret in a.ts:3.' } as const;
const rejected = await decide({}, { ada: yes, bob: no, cyd: no });
const now = Date.parse('2026-11-21T00:00:00Z');

async function signed(waiver: object, keyid = 'lead', signer: Signer = lead): Promise<string> {
  const payload = utf8(jcs(waiver));
  const sig = base64(await signer.sign(preAuthEncoding(WAIVER_TYPE, payload)));
  return JSON.stringify({ payloadType: WAIVER_TYPE, payload: base64(payload), signatures: [{ keyid, sig }] });
}

const waiverOf = ({ predicate }: Finished, more: Partial<Waiver> = {}): Waiver => ({
  version: 1,
  decision: predicate.decisionId,
  commit: predicate.subject!.head,
  payloadSha256: hex(sha256(payloadBytes(predicate))),
  waives: objectionsOf(predicate),
  reason: 'Test keys.',
  issuedAt: '2026-11-20T12:00:00Z',
  expiresAt: '2026-11-27T12:00:00Z',
  ...more,
});

const judged = async (finished: Finished, texts: readonly string[], threshold = 1, at = now) =>
  verifyReceipt(JSON.stringify(await platform.receipt(finished.predicate)), trustOf(threshold), { texts, now: at });

it('of every objection lets a rejected change pass where approval is demanded', async () => {
  expect(await judged(rejected, [])).toMatchObject({ status: 'policy-refused', waivers: { waived: false } });
  const verdict = await judged(rejected, [await signed(waiverOf(rejected))]);
  expect(verdict).toMatchObject({ status: 'trusted', waivers: { waived: true, standing: [] } });
  expect(verdict.steps.at(-1)?.detail).toContain('the outcome by WAIVERS');
});

it('of one objection leaves the others standing, and several add up', async () => {
  const [first, second] = objectionsOf(rejected.predicate).map((one) => waiverOf(rejected, { waives: [one] }));
  const one = await judged(rejected, [await signed(first!)]);
  expect(one).toMatchObject({ exitCode: 9, waivers: { standing: ['the no of cyd'] } });
  expect((await judged(rejected, [await signed(first!), await signed(second!)])).exitCode).toBe(0);
});

it('takes as many different people as the trust root says', async () => {
  const waiver = waiverOf(rejected);
  expect(
    (await judged(rejected, [await signed(waiver), await signed({ ...waiver, reason: 'Again.' })], 2)).exitCode,
  ).toBe(9);
  expect((await judged(rejected, [await signed(waiver), await signed(waiver, 'security', security)], 2)).exitCode).toBe(
    0,
  );
});

it('is not for a veto, nor for votes that were not heard', () => {
  const { predicate } = rejected;
  const signature = { algorithm: 'ed25519', value: '' } as const;
  const veto = { decisionId: predicate.decisionId, voterId: 'ada', reason: 'No.' };
  const unfinished: readonly Partial<typeof predicate>[] = [
    { vetoed: { seq: 9, veto, signature } },
    { stopped: { cause: 'certain', notAsked: ['dan'] } },
    { electorateRules: { minFamilies: 9 } },
  ];
  for (const more of unfinished) expect(objectionsOf({ ...predicate, ...more })).toEqual([]);
  expect(objectionsOf(predicate)).toHaveLength(2);
});

const other = await decide({}, { ada: no });
describe('counts for nothing', () => {
  it.each<[string, RegExp, () => Promise<string>]>([
    ['when somebody else signed it', /signature of lead does not hold/, () => signed(waiverOf(rejected), 'lead', eve)],
    ['when who signed it may not waive', /does not let eve waive/, () => signed(waiverOf(rejected), 'eve', eve)],
    ['when it has expired', /it expired at/, () => signed(waiverOf(rejected, { expiresAt: '2026-11-20T23:59:59Z' }))],
    [
      'when it is from the future',
      /from the future/,
      () => signed(waiverOf(rejected, { issuedAt: '2026-11-21T01:00:00Z' })),
    ],
    [
      'when its date is none',
      /it expired at 2026-13/,
      () => signed(waiverOf(rejected, { expiresAt: '2026-13-01T00:00:00Z' })),
    ],
    ['of another decision', /it is about dec_x/, () => signed(waiverOf(rejected, { decision: 'dec_x' }))],
    ['of another commit', /about commit 444/, () => signed(waiverOf(rejected, { commit: '4'.repeat(40) }))],
    [
      'of another receipt of that decision',
      /another receipt/,
      () => signed(waiverOf(other, { waives: objectionsOf(rejected.predicate) })),
    ],
    ['with a member nobody knows', /no such member/, () => signed({ ...waiverOf(rejected), scope: 'all' })],
    ['that names nothing', /1 to 100 items/, () => signed(waiverOf(rejected, { waives: [] }))],
    ['that is no JSON', /JSON/, async () => 'waived'],
    [
      'with two signatures',
      /1 to 1 items/,
      async () =>
        (await signed(waiverOf(rejected))).replace('"signatures":[', '"signatures":[{"keyid":"a","sig":"AA=="},'),
    ],
  ])('%s', async (_, reason, make) => {
    const verdict = await judged(rejected, [await make()]);
    expect(verdict).toMatchObject({ exitCode: 9, waivers: { waived: false } });
    expect(verdict.waivers!.findings[0]).toEqual({ accepted: false, detail: expect.stringMatching(reason) });
  });

  it('when the findings it names are not those of the ballot', async () => {
    const waives = [{ voterId: 'bob', findingsSha256: '0'.repeat(64) }, ...objectionsOf(rejected.predicate).slice(1)];
    expect(await judged(rejected, [await signed(waiverOf(rejected, { waives }))])).toMatchObject({
      exitCode: 9,
      waivers: { standing: ['the no of bob'] },
    });
  });

  it('without a trust root that lets somebody waive, or against a signature or proof that does not hold', async () => {
    const texts = [await signed(waiverOf(rejected))];
    const file = JSON.stringify(await platform.receipt(rejected.predicate));
    const mute = platform.trust({ require: { outcome: 'approved' } });
    expect((await verifyReceipt(file, mute, { texts, now })).exitCode).toBe(9);
    expect((await verifyReceipt(file, undefined, { texts, now })).exitCode).toBe(7);
    expect((await verifyReceipt(file.replace('index 5', 'index 4'), trustOf(1), { texts, now })).exitCode).toBe(3);
    const sig = file.replace(/"sig":"./, (found) => `${found.slice(0, -1)}${found.endsWith('A') ? 'B' : 'A'}`);
    expect((await verifyReceipt(sig, trustOf(1), { texts, now })).exitCode).toBe(2);
  });
});

describe('what can be waived', () => {
  const gated = { gates: ['tests'], rule: { method: 'approval-gate' as const } };
  it('is a red gate where the ballots approve, and both where they do not', async () => {
    const red = { gates: { tests: 'red' } } as const;
    expect(objectionsOf((await decide(gated, { ada: yes }, red)).predicate)).toEqual([
      { gate: 'tests', sha256: 'ab'.repeat(32) },
    ]);
    expect(objectionsOf((await decide(gated, { ada: no }, red)).predicate)).toHaveLength(2);
  });

  it.each([
    ['approved', gated, { ada: yes }, {}],
    [
      'without a quorum, for all that a gate is red',
      { ...gated, rule: { ...gated.rule, minVoters: 2 } },
      { ada: yes },
      { gates: { tests: 'red' } },
    ],
    [
      'while a gate has not reported',
      { gates: ['tests', 'scan'], rule: gated.rule },
      { ada: yes },
      { gates: { tests: 'red', scan: 'silent' } },
    ],
    ['about no change', { subject: undefined, policy: undefined }, { ada: no }, {}],
    [
      'under another rule',
      { gates: ['tests'], rule: { method: 'score' as const } },
      { ada: { said: { score: { approved: 1 } } } },
      { gates: { tests: 'red' } },
    ],
  ] as const)('is nothing of a decision %s', async (_, terms, parts, more) => {
    expect(objectionsOf((await decide(terms, parts, more)).predicate)).toEqual([]);
  });
});
