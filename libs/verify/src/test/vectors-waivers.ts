/** Vectors of waivers: what lifts a rejection, and what does not. */
import { base64, hex, jcs, preAuthEncoding, sha256, utf8 } from '@conclave/audit-core';
import { objectionsOf, payloadBytes, WAIVER_TYPE, type Predicate, type Waiver } from '@conclave/consensus-core';
import type { Finished } from './decisions.js';
import { gate, three, yes as aye } from './stories.js';
import { written, type Vector, type Workshop } from './workshop.js';

const NOW = '2026-11-21T00:00:00Z';
const yes = { said: { vote: 'yes' } } as const;
const no = { said: { vote: 'no' }, reason: 'A secret in a.ts:3.' } as const;
const ONE = 'trust-waivers.json';
const TWO = 'trust-two-waivers.json';
type Subject = Pick<Finished, 'predicate'>;

const waiverOf = ({ predicate }: Subject, more: Partial<Waiver> = {}): Waiver => ({
  version: 1,
  decision: predicate.decisionId,
  commit: predicate.subject?.head ?? '2'.repeat(40),
  payloadSha256: hex(sha256(payloadBytes(predicate))),
  waives: objectionsOf(predicate),
  reason: 'Test keys.',
  issuedAt: '2026-11-20T12:00:00Z',
  expiresAt: '2026-11-27T12:00:00Z',
  ...more,
});

export async function waiverVectors(workshop: Workshop): Promise<Vector[]> {
  const rejected = await workshop.decided({}, { ada: yes, bob: no, cyd: no });
  const bench = {
    workshop,
    rejected,
    sign: (waiver: object, by?: string, as?: string) => signed(workshop, waiver, by, as),
  };
  return [...(await lifting(bench)), ...(await useless(bench)), ...(await unwaivable(bench))];
}

async function signed({ signerFor }: Workshop, waiver: object, by = 'lead', as = by): Promise<string> {
  const payload = utf8(jcs(waiver));
  const signer = await signerFor(`waiver ${by}`);
  const sig = base64(await signer.sign(preAuthEncoding(WAIVER_TYPE, payload)));
  return JSON.stringify({ payloadType: WAIVER_TYPE, payload: base64(payload), signatures: [{ keyid: as, sig }] });
}

interface Bench {
  readonly workshop: Workshop;
  readonly rejected: Finished;
  readonly sign: (waiver: object, by?: string, as?: string) => Promise<string>;
}

async function judged(
  { workshop }: Bench,
  [name, what]: readonly [string, string],
  finished: Subject,
  lines: readonly string[],
  { trust = ONE, exitCode = 9, now = NOW } = {},
): Promise<Vector> {
  const vector: Vector = {
    ...{ name: `waiver-${name}`, what, trust, exitCode, waivers: { lines, now } },
    bytes: written(await workshop.receipt(finished)),
  };
  return exitCode === 0 ? vector : { ...vector, step: 'policy' };
}

async function lifting(bench: Bench): Promise<Vector[]> {
  const { rejected, sign, workshop } = bench;
  const waiver = waiverOf(rejected);
  const held = { exitCode: 0 };
  const [first, second] = objectionsOf(rejected.predicate).map((one) => waiverOf(rejected, { waives: [one] }));
  const red = await workshop.decided(
    { gates: ['tests', 'scan'] },
    { ada: yes },
    { gates: { tests: 'red', scan: 'red' } },
  );
  const mixed = await workshop.decided({ gates: ['tests'] }, { ada: no }, { gates: { tests: 'red' } });
  const [vote] = objectionsOf(mixed.predicate).filter(({ voterId }) => voterId);
  return [
    await judged(bench, ['all', 'one person waives every objection'], rejected, [await sign(waiver)], held),
    await judged(
      bench,
      ['each', 'two waivers of one objection each'],
      rejected,
      [await sign(first!), await sign(second!)],
      held,
    ),
    await judged(
      bench,
      ['two-people', 'two people, where two are demanded'],
      rejected,
      [await sign(waiver), '', await sign(waiver, 'security')],
      { ...held, trust: TWO },
    ),
    await judged(bench, ['red-gates', 'red gates where everybody said yes'], red, [await sign(waiverOf(red))], held),
    await judged(bench, ['mixed', 'a red gate and a vote'], mixed, [await sign(waiverOf(mixed))], held),
    await judged(
      bench,
      ['and-others', 'one that holds among some that do not'],
      rejected,
      ['{}', 'no JSON', await sign(waiver)],
      held,
    ),
    await judged(
      bench,
      ['skew', 'issued six minutes ahead, exactly'],
      rejected,
      [await sign(waiverOf(rejected, { issuedAt: '2026-11-21T00:06:00Z' }))],
      held,
    ),
    await judged(
      bench,
      ['odd-day', 'an end on a thirtieth of February is the second of March'],
      rejected,
      [await sign(waiverOf(rejected, { issuedAt: '2026-02-01T00:00:00Z', expiresAt: '2026-02-30T00:00:00Z' }))],
      { ...held, now: '2026-03-01T23:59:59Z' },
    ),
    await judged(bench, ['one-objection', 'one objection still stands'], rejected, [await sign(first!)]),
    await judged(bench, ['vote-of-mixed', 'the vote is waived, the red gate stands'], mixed, [
      await sign(waiverOf(mixed, { waives: [vote!] })),
    ]),
    await judged(
      bench,
      ['same-person', 'one person twice, where two are demanded'],
      rejected,
      [await sign(waiver), await sign({ ...waiver, reason: 'Again.' })],
      { trust: TWO },
    ),
    await judged(
      bench,
      ['split', 'each objection by one of two people, where two are demanded'],
      rejected,
      [await sign(first!), await sign(second!, 'security')],
      { trust: TWO },
    ),
  ];
}

async function useless(bench: Bench): Promise<Vector[]> {
  const { rejected, sign } = bench;
  const waiver = waiverOf(rejected);
  const is = async (name: string, what: string, line: string, more = {}) =>
    judged(bench, [name, what], rejected, [line], more);
  const [objection] = waiver.waives;
  const { findingsSha256: _found, ...bare } = objection!;
  const envelope = JSON.parse(await sign(waiver)) as { payload: string; signatures: object[] };
  return [
    await judged(bench, ['none', 'no waiver'], rejected, []),
    await is('forged', 'signed by another key', await sign(waiver, 'eve', 'lead')),
    await is('stranger', 'signed by somebody the trust root does not name', await sign(waiver, 'eve')),
    await is('expired', 'its end is now', await sign({ ...waiver, expiresAt: NOW })),
    await is(
      'future',
      'issued more than six minutes ahead',
      await sign({ ...waiver, issuedAt: '2026-11-21T00:06:00.001Z' }),
    ),
    await is('no-date', 'an end that is no date', await sign({ ...waiver, expiresAt: '2026-13-01T00:00:00Z' })),
    await is('decision', 'about another decision', await sign({ ...waiver, decision: 'dec_other' })),
    await is('commit', 'about another commit', await sign({ ...waiver, commit: '4'.repeat(40) })),
    await is(
      'payload',
      'about another receipt of this decision',
      await sign({ ...waiver, payloadSha256: '0'.repeat(64) }),
    ),
    await is(
      'findings',
      'of other findings',
      await sign({ ...waiver, waives: [{ ...objection, findingsSha256: '0'.repeat(64) }, waiver.waives[1]] }),
    ),
    await is(
      'findings-missing',
      'of a vote without its findings',
      await sign({ ...waiver, waives: [bare, waiver.waives[1]] }),
    ),
    await is('version', 'of another version', await sign({ ...waiver, version: 2 })),
    await is('member-unknown', 'with a member nobody knows', await sign({ ...waiver, note: '' })),
    await is(
      'signatures',
      'with two signatures',
      JSON.stringify({ ...envelope, signatures: [...envelope.signatures, ...envelope.signatures] }),
    ),
    await is(
      'altered',
      'with a text changed after it was signed',
      JSON.stringify({ ...envelope, payload: base64(utf8(jcs({ ...waiver, reason: 'Other.' }))) }),
    ),
    await is('nobody-may', 'under a trust root that lets nobody waive', await sign(waiver), {
      trust: 'trust-approved.json',
    }),
    await is('other-demand', 'waived, but another demand is not met', await sign(waiver), {
      trust: 'trust-waivers-other-panel.json',
    }),
  ];
}

async function unwaivable(bench: Bench): Promise<Vector[]> {
  const { sign, workshop } = bench;
  const { subject, policy } = bench.rejected.predicate;
  const context = { ...(subject && { subject }), ...(policy && { policy }) };
  const vetoing = await workshop.course(
    { ...gate, ...context, veto: { roles: ['chair'] } },
    { ...three, cyd: { roles: ['chair'] } },
  );
  await vetoing.cast('ada', { vote: 'no' });
  await vetoing.veto('cyd');
  const stopping = await workshop.course({ ...gate, ...context, earlyStop: 'certain' }, three);
  await stopping.cast('ada', { vote: 'no' });
  await stopping.cast('bob', { vote: 'no' });
  const lacking = await workshop.course(
    { ...gate, ...context, gates: ['tests'], electorateRules: { minFamilies: 2 } },
    three,
  );
  await lacking.report('tests', 'red');
  await lacking.cast('ada', aye);
  const silent = await workshop.decided(
    { gates: ['tests', 'scan'] },
    { ada: no },
    { gates: { tests: 'red', scan: 'silent' } },
  );
  const fewer = await workshop.decided(
    { rule: { method: 'approval-gate', minVoters: 2 }, gates: ['tests'] },
    { ada: no, bob: {} },
    { gates: { tests: 'red' } },
  );
  const plain = await workshop.decided({ subject: undefined }, { ada: no });
  const all = (predicate: Predicate): Waiver['waives'] => [
    ...predicate.evidence.map(({ gate: name, sha256: digest }) => ({ gate: name, sha256: digest })),
    ...predicate.electorate.map(({ voterId }) => ({ voterId })),
  ];
  const is = async (name: string, what: string, of: Subject) =>
    judged(bench, [name, what], of, [await sign(waiverOf(of, { waives: all(of.predicate) }))]);
  return [
    await is('of-veto', 'a veto cannot be waived', await vetoing.end()),
    await is('of-stop', 'neither can a vote that was stopped', await stopping.end('certain')),
    await is('of-families', 'nor a red gate where families are missing', await lacking.end()),
    await is('of-silent-gate', 'nor a red gate where another gate never reported', silent),
    await is('of-quorum', 'nor a red gate without a quorum', fewer),
    await is('of-no-change', 'nor a rejection of no change', plain),
  ];
}
