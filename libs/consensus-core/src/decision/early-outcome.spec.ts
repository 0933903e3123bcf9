/**
 * Whole decisions at random, by every rule, with weights, quorum, families, roles, gates, vetoers and waves: wherever one
 * may stop, every way in which it could have gone on ends the same. Seeds are random; a failure prints its own.
 */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Statement } from '../ballot.js';
import type { TallyBallot } from '../rules/rule.js';
import { agreeingOn } from '../rules/settled.js';
import { ballotsOf, OPTIONS, variantsOf } from '../test/ballots.js';
import { signerOf, termsOf } from '../test/panel.js';
import { publicTermsOf, type Voter } from '../terms.js';
import { conclusionOf, type Record } from './conclusion.js';
import { isCertain, nextWave } from './early-stop.js';

const { voter: somebody } = await signerOf('ann');
const signature = { algorithm: 'ed25519', value: '' } as const;
const ABSTAIN: TallyBallot = { vote: 'abstain' };
/** What a voter does; nothing when it stays away. */
type Said = TallyBallot | undefined;

const share = fc.constantFrom({ num: 1, den: 2 }, { num: 2, den: 3 }, { num: 4, den: 5 }, { num: 1, den: 1 });
const electorate = fc.array(
  fc.record({
    weight: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(30)),
    family: fc.constantFrom('f', 'g', 'h'),
    roles: fc.constantFrom<string[]>([], [], ['chair'], ['security']),
  }),
  { minLength: 1, maxLength: 7 },
);
const demands = {
  quorum: fc.option(share, { nil: undefined }),
  minVoters: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  minFamilies: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  minChairs: fc.option(fc.constant(1), { nil: undefined }),
  veto: fc.boolean(),
  tie: fc.constantFrom(undefined, 'no-decision', 'status-quo'),
  gates: fc.array(fc.constantFrom('green', 'green', 'abstained', 'red', undefined), { maxLength: 2 }),
};

/** Most agree: where nobody does, nothing is certain before the end. */
function sayings(ballot: fc.Arbitrary<TallyBallot>): fc.Arbitrary<Said[]> {
  return ballot.chain((crowd) =>
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant(crowd) },
        { weight: 2, arbitrary: ballot },
        { weight: 1, arbitrary: fc.constantFrom(ABSTAIN, undefined) },
      ),
      { minLength: 7, maxLength: 7 },
    ),
  );
}

const statementsOf = (voters: readonly Voter[], said: (at: number) => Said): Map<string, Statement[]> =>
  new Map(
    voters.flatMap(({ voterId }, at) => {
      const says = said(at);
      const ballot = { decisionId: 'dec_1', round: 1, voterId, reason: '', ...says };
      return says === undefined ? [] : [[voterId, [{ seq: at + 2, signature, ballot }]] as const];
    }),
  );

it.each(variantsOf)('an early stop by $method is what every completion comes to (%j)', (rule) => {
  const { method } = rule;
  const ballot = ballotsOf[method];
  let stopped = 0;
  const decision = fc.record({
    ...demands,
    electorate,
    said: sayings(ballot),
    late: fc.array(sayings(ballot), { minLength: 3, maxLength: 3 }),
  });
  fc.assert(
    fc.property(decision, ({ quorum, minVoters, minFamilies, minChairs, veto, tie, gates, ...drawn }) => {
      const voters = drawn.electorate.map((one, at): Voter => ({ ...somebody, ...one, voterId: `v${at}` }));
      const elective = method !== 'approval-gate';
      const terms = publicTermsOf(
        termsOf([], {
          options: OPTIONS.map((id) => ({ id, title: id })),
          rule: { ...rule, ...(quorum && { quorum }), ...(minVoters && { minVoters }) },
          ...{ electorate: voters, earlyStop: 'certain', waves: true, gates: gates.map((_, at) => `gate${at}`) },
          ...(veto && { veto: { roles: ['security'] } }),
          ...(elective && tie && { tie, ...(tie === 'status-quo' && { statusQuo: 'b' }) }),
          electorateRules: {
            ...(minFamilies && { minFamilies }),
            ...(minChairs && { minRoles: [{ role: 'chair', count: minChairs }] }),
          },
        }),
      );
      const evidence = new Map(gates.flatMap((status, at) => (status ? [[`gate${at}`, { status }] as const] : [])));
      const record = (said: (at: number) => Said): Record => ({
        ...{ terms, evidence, discussion: [], statements: statementsOf(voters, said) },
      });
      const endOf = (one: Record) => {
        const end = conclusionOf(one);
        if (!end.ok) throw new Error(end.refusal.reason);
        return { phase: end.value.phase, outcome: end.value.outcome };
      };
      const spoken = new Set<number>();
      const soFar = (late: (at: number) => Said) =>
        record((at) => (spoken.has(at) ? (drawn.said[at] ?? ABSTAIN) : late(at)));
      const stopsHere = (): boolean => {
        const now = soFar(() => undefined);
        if (!isCertain(now)) return false;
        stopped++;
        const end = endOf(now);
        for (const late of drawn.late) expect(endOf(soFar((at) => late[at]))).toEqual(end);
        for (const all of [ABSTAIN, ...OPTIONS.flatMap((option) => agreeingOn(method, option))])
          expect(endOf(soFar(() => all))).toEqual(end);
        return true;
      };
      const asked: string[] = [];
      while (!stopsHere()) {
        const wave = nextWave(
          soFar(() => undefined),
          asked,
        );
        // Nobody is left out who could decide: where none is asked, all were, or only gates are still to come.
        if (wave.length === 0 && asked.length < voters.length) expect(evidence.size).toBeLessThan(gates.length);
        if (wave.length === 0) return;
        expect(wave.filter((voterId) => asked.includes(voterId))).toEqual([]);
        for (const voterId of wave) {
          if (asked.length > 0 && stopsHere()) return;
          asked.push(voterId);
          spoken.add(Number(voterId.slice(1)));
        }
      }
    }),
    { numRuns: 80 },
  );
  expect(stopped).toBeGreaterThan(0);
});
