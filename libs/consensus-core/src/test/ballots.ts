/** Any ballot of each rule, and the parameters under which each counts differently. */
import fc from 'fast-check';
import type { Method, RuleParameters, TallyBallot } from '../rules/rule.js';

export const OPTIONS = ['a', 'b', 'c', 'd'];

const option = fc.constantFrom(...OPTIONS);
const ranking = fc
  .shuffledSubarray(OPTIONS, { minLength: 0 })
  .chain((order) =>
    fc
      .array(fc.boolean(), { minLength: order.length, maxLength: order.length })
      .map((joins) => ({ ranking: tiersOf(order, joins) })),
  );
export const ballotsOf: Readonly<Record<Method, fc.Arbitrary<TallyBallot>>> = {
  'approval-gate': fc.constantFrom('yes' as const, 'no' as const).map((vote) => ({ vote })),
  plurality: option.map((choice) => ({ choice })),
  approval: fc.subarray(OPTIONS).map((approve) => ({ approve })),
  borda: ranking,
  irv: ranking,
  schulze: ranking,
  'ranked-pairs': ranking,
  score: fc
    .dictionary(option, fc.integer({ min: 0, max: 1_000 }), { noNullPrototype: true })
    .map((score) => ({ score })),
};

const standing = { statusQuo: 'a', threshold: { num: 2, den: 3 } };
export const variantsOf: readonly RuleParameters[] = [
  { method: 'approval-gate' },
  { method: 'approval-gate', threshold: { num: 2, den: 3 } },
  { method: 'approval-gate', variant: 'unanimous' },
  { method: 'plurality' },
  { method: 'plurality', threshold: { num: 3, den: 5 } },
  { method: 'approval' },
  { method: 'approval', threshold: { num: 3, den: 5 } },
  { method: 'borda' },
  { method: 'irv' },
  { method: 'ranked-pairs' },
  { method: 'ranked-pairs', variant: 'margin' },
  { method: 'ranked-pairs', variant: 'ratio' },
  { method: 'ranked-pairs', ...standing },
  { method: 'schulze' },
  { method: 'schulze', variant: 'margin' },
  { method: 'schulze', variant: 'ratio' },
  { method: 'schulze', ...standing },
  { method: 'score', variant: 'sum' },
  { method: 'score', variant: 'lower-median' },
];

function tiersOf(order: readonly string[], joins: readonly boolean[]): string[][] {
  const tiers: string[][] = [];
  order.forEach((name, at) => (joins[at] && tiers.length > 0 ? tiers.at(-1)!.push(name) : tiers.push([name])));
  return tiers;
}
