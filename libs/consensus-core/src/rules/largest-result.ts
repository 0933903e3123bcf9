/**
 * How large a tally can become whatever is said: an upper bound in bytes of JSON, from the rule, the options and the
 * weight alone. A decision has to end in a receipt that can be sent, so this is asked before it opens.
 *
 * Invariant: no result of {@link tallyOrTie} is longer; a property test holds every rule against it.
 */
import { jcs, utf8 } from '@conclave/audit-core';
import { LIMITS } from '../primitives.js';
import type { Method, RuleParameters } from './rule.js';

/** Members that every result has, with their figures. */
const FRAME = 500;

interface Contest {
  /** Bytes of each option's name as a member or an item, the longest first. */
  readonly names: readonly number[];
  readonly count: number;
  /** Digits of any weight, and of any sum of weights times grades or points. */
  readonly digits: number;
}

/** The most bytes that a result under this rule can take. */
export function largestResult({ method }: RuleParameters, options: readonly string[], weight: number): number {
  const names = options.map((option) => utf8(jcs(option)).length + 1).sort((a, b) => b - a);
  const digits = String(weight * LIMITS.score).length;
  const listed = sum(names) + 2 * options.length;
  return FRAME + 2 * listed + details[method]({ names, count: options.length, digits });
}

const details: Readonly<Record<Method, (contest: Contest) => number>> = {
  'approval-gate': () => 0,
  ...{ plurality: scores, approval: scores, borda: scores, score: scores, irv: rounds },
  schulze: ({ count, digits }) => matrix(count, digits) + matrix(count, 2 * digits + 3),
  'ranked-pairs': ({ count, digits }) => matrix(count, digits) + matrix(count, 2 * String(count).length + 3),
};

function scores({ names, count, digits }: Contest): number {
  return sum(names) + count * (digits + 1);
}

function matrix(count: number, width: number): number {
  return count * (count * (width + 1) + 2);
}

/** Each round names those left by score, those that gain, and those in the last place; what drops out does so once. */
function rounds({ names, digits }: Contest): number {
  const perRound = names.map((_, last) => 3 * sum(names.slice(0, last + 1)) + 2 * (last + 1) * (digits + 1) + 100);
  return sum(perRound) + sum(names);
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}
