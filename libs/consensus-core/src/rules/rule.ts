/**
 * The one interface behind every voting rule, the parameters a rule takes and the ballots it counts.
 *
 * Invariants: integers only, ratios compared by cross-multiplication; winners are a set and a tie is never broken
 * here; results name options in the order in which the decision lists them, so the order of ballots cannot show.
 */
import type { Json } from '@conclave/audit-core';
import { voteShapes } from '../ballot.js';
import { fraction, optionId, weight, type Fraction } from '../primitives.js';
import { integer, object, oneOf, type Of } from '../shape.js';

export const methods = [
  'approval-gate',
  'plurality',
  'approval',
  'borda',
  'irv',
  'schulze',
  'ranked-pairs',
  'score',
] as const;
export type Method = (typeof methods)[number];

/** Every parameter of a rule; which ones fit which method is {@link Rule.contradiction}'s business. */
export const ruleShape = object(
  { method: oneOf(...methods) },
  {
    variant: oneOf('unanimous', 'winning', 'margin', 'ratio', 'sum', 'lower-median'),
    /**
     * approval-gate: share of non-abstaining weight that must say yes. plurality, approval: share a winner must have.
     * schulze, ranked-pairs: share, of those who prefer either, that must prefer a winner to `statusQuo`.
     */
    threshold: fraction,
    /** Share of the eligible weight that must take part; abstentions take part. */
    quorum: fraction,
    /** Non-abstaining voters below which nothing is decided. */
    minVoters: integer(1, 1_000),
    /** The option that stays when nothing beats it. */
    statusQuo: optionId,
  },
);
export type RuleParameters = Of<typeof ruleShape>;

/** An anonymous ballot: what was said, and for how many; `count` equal ballots weigh `weight` each. */
export const tallyBallotShape = object(
  {},
  {
    ...voteShapes,
    weight,
    count: integer(1, 1_000_000),
  },
);
export type TallyBallot = Of<typeof tallyBallotShape>;

/** Why a tally is refused. */
export type TallyFault =
  | 'shape'
  | 'option-duplicate'
  | 'option-unknown'
  | 'option-repeated'
  | 'status-quo-unknown'
  | 'variant-foreign'
  | 'threshold-foreign'
  | 'threshold-range'
  | 'status-quo-foreign'
  | 'quorum-range'
  | 'quorum-needs-eligible-weight'
  | 'eligible-weight-exceeded'
  | 'ballot-foreign'
  | 'weight-overflow';

/** Ballots that said the same thing, with their weight together. */
export interface Weighted {
  readonly ballot: TallyBallot;
  readonly weight: number;
}

/** What a rule finds; no winner means that none passed the threshold. */
export interface Count {
  readonly winners: readonly string[];
  readonly ranking: readonly (readonly string[])[];
  readonly detail: Readonly<Record<string, Json>>;
}

/** A voting rule. */
export interface Rule {
  /** The one ballot member it reads. */
  readonly reads: 'vote' | 'choice' | 'approve' | 'ranking' | 'score';
  /** Parameters that make no sense under this rule. */
  contradiction(parameters: RuleParameters): TallyFault | undefined;
  /** Every option a ballot names, to be checked against the decision's. */
  named(ballot: TallyBallot): readonly string[];
  /**
   * Counts ballots that did not abstain. `options` has no duplicates and holds all that ballots name. {@link tooTied} when
   * the orders in which ties could be broken take more than `tieSteps` to follow, those of {@link LIMITS} unless told.
   */
  count(options: readonly string[], parameters: RuleParameters, ballots: readonly Weighted[], tieSteps?: number): Count;
}

/** Whether `part` of `whole` reaches the share, exactly: at 2/3, six of nine do. */
export function reaches(part: number, whole: number, share: Fraction): boolean {
  return BigInt(part) * BigInt(share.den) >= BigInt(share.num) * BigInt(whole);
}

/** What a rule finds that gives up among too many tie orders: nobody is above anybody. */
export function tooTied(options: readonly string[]): Count {
  return { winners: [], ranking: [options], detail: { tooTied: true } };
}

/** Options in tiers of equal value, best first, each tier in the order of `options`. */
export function tiersBy(options: readonly string[], value: (option: string) => number): string[][] {
  const tiers = new Map<number, string[]>();
  for (const option of options) {
    const tier = tiers.get(value(option));
    if (tier) tier.push(option);
    else tiers.set(value(option), [option]);
  }
  return [...tiers].sort(([a], [b]) => b - a).map(([, tier]) => tier);
}

/** Parameters that make no sense where an option wins by its share of the ballots. */
export function shareContradiction({ variant, statusQuo }: RuleParameters): TallyFault | undefined {
  if (variant !== undefined) return 'variant-foreign';
  return statusQuo === undefined ? undefined : 'status-quo-foreign';
}

/** Parameters that make no sense under a rule that takes none of its own. */
export function bareContradiction(parameters: RuleParameters): TallyFault | undefined {
  return shareContradiction(parameters) ?? (parameters.threshold ? 'threshold-foreign' : undefined);
}

/** The options that most weight names, if that reaches the threshold. */
export function pickMost(
  options: readonly string[],
  { threshold }: RuleParameters,
  ballots: readonly Weighted[],
  { named }: Pick<Rule, 'named'>,
): Count {
  const scores = new Map(options.map((option) => [option, 0]));
  for (const { ballot, weight } of ballots) {
    for (const option of named(ballot)) scores.set(option, scores.get(option)! + weight);
  }
  const ranking = tiersBy(options, (option) => scores.get(option)!);
  const whole = ballots.reduce((sum, { weight }) => sum + weight, 0);
  const enough = !threshold || reaches(scores.get(ranking[0]![0]!)!, whole, threshold);
  return { winners: enough ? ranking[0]! : [], ranking, detail: { scores: Object.fromEntries(scores) } };
}
