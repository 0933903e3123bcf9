/**
 * How much a voter's word weighs, by how often it turned out right.
 *
 * Per voter and class of task: a Beta(2, 2) prior, to which every outcome adds one while the earlier ones fade by 2 %.
 * The weight is the log odds of being right, ln(p / (1 - p)), the best weight for voters who err independently
 * (S. Nitzan and J. Paroush, "Optimal Decision Rules in Uncertain Dichotomous Choice Situations", 1982), with p kept
 * between 0.55 and 0.95: nobody is silenced, and nobody rules alone.
 * Invariants: fixed-point integers throughout, so every machine comes to the same milli-units; the order of outcomes
 * matters, their time does not.
 */

/** What is remembered of a voter's outcomes, faded; both in units of 10^-15. */
export interface Record {
  readonly right: bigint;
  readonly wrong: bigint;
}

const ONE = 10n ** 15n;
const PRIOR = 2n * ONE;
export const NO_RECORD: Record = { right: 0n, wrong: 0n };

/** The record after one more outcome. */
export function withOutcome({ right, wrong }: Record, wasRight: boolean): Record {
  const faded = (sum: bigint) => (sum * 98n) / 100n;
  return { right: faded(right) + (wasRight ? ONE : 0n), wrong: faded(wrong) + (wasRight ? 0n : ONE) };
}

/** The weight of a voter with this record, in thousandths: from 201 (p <= 0.55) to 2944 (p >= 0.95). */
export function weightOfRecord({ right, wrong }: Record): number {
  return logOddsMilli(PRIOR + right, PRIOR + wrong);
}

/** 1000·ln(for/against), rounded, with for/(for + against) kept between 0.55 and 0.95. */
export function logOddsMilli(chanceFor: bigint, chanceAgainst: bigint): number {
  if (chanceFor * 9n <= chanceAgainst * 11n) return logMilli(11n, 9n);
  return chanceFor >= chanceAgainst * 19n ? logMilli(19n, 1n) : logMilli(chanceFor, chanceAgainst);
}

/** 1000·ln(a/b), rounded, by ln(a/b) = 2·artanh((a - b)/(a + b)); below 19/1 the 300th power is far beyond a unit. */
function logMilli(a: bigint, b: bigint): number {
  const ratio = ((a - b) * ONE) / (a + b);
  let power = ratio;
  let sum = 0n;
  for (let odd = 1n; odd < 300n; odd += 2n) {
    sum += power / odd;
    power = (((power * ratio) / ONE) * ratio) / ONE;
  }
  return Number((2n * sum * 1_000n + ONE / 2n) / ONE);
}
