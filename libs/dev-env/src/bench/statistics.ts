/** The arithmetic of the benchmarks. */

/**
 * Nearest rank: the smallest value that at least `percent` of all values do not exceed.
 *
 * @throws Error on no values or a percentage outside (0, 100]
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.ceil((percent / 100) * sorted.length) - 1];
  if (value === undefined || percent > 100) throw new Error(`no percentile ${percent} of ${values.length} values`);
  return value;
}

/** The middle value; the mean of the two middle ones when their number is even. @throws Error on no values */
export function median(values: readonly number[]): number {
  return (
    (percentile(values, 50) +
      -percentile(
        values.map((value) => -value),
        50,
      )) /
    2
  );
}

/** Of each figure, the median over the rounds. Every round has the same figures. */
export function medians<Figure extends string>(rounds: readonly Readonly<Record<Figure, number>>[]) {
  const figures = Object.keys(rounds[0] ?? {}) as Figure[];
  return Object.fromEntries(figures.map((figure) => [figure, median(rounds.map((round) => round[figure]))])) as Record<
    Figure,
    number
  >;
}

/**
 * How `ours` compares with `theirs`, round by round: pairs were measured side by side, so what slowed one slowed the
 * other.
 *
 * @throws Error when the rounds do not pair up
 */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): number {
  if (ours.length !== theirs.length) throw new Error('rounds do not pair up');
  return median(ours.map((value, round) => value / (theirs[round] ?? NaN)));
}

/** Three significant digits: more would pretend. */
export const rounded = (value: number): number => Number(value.toPrecision(3));
