/**
 * The one interface behind every voting rule, and the parameters a rule takes.
 *
 * Invariants: integers only, ratios compared by cross-multiplication; winners are a set and a tie is never broken
 * here; results name options in the order in which the decision lists them, so the order of ballots cannot show.
 */
import { fraction, optionId } from '../primitives.js';
import { integer, object, oneOf, type Of } from '../shape.js';

export const methods = ['approval-gate', 'schulze', 'score'] as const;
export type Method = (typeof methods)[number];

/** Every parameter of a rule; which ones fit which method is checked by `tally`. */
export const ruleShape = object(
  { method: oneOf(...methods) },
  {
    variant: oneOf('unanimous', 'winning', 'margin', 'ratio', 'sum', 'lower-median'),
    /** approval-gate: share of non-abstaining weight that must say yes. schulze: share that must prefer a winner to `statusQuo`. */
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
