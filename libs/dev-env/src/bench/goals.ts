/** What a figure has to reach. Ratios of one run decide; what depends on the machine is only said. */
export interface Goal {
  readonly figure: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Whether missing it fails the benchmark. */
  readonly decides: boolean;
}

/** A case and what is expected of it. */
export interface Judged {
  readonly case: string;
  readonly figures: Readonly<Record<string, number>>;
  readonly goals?: readonly Goal[];
}

export interface Verdict {
  readonly case: string;
  readonly goal: Goal;
  /** NaN when it was not measured. */
  readonly value: number;
  readonly hit: boolean;
}

/** A goal that fails the benchmark when it is missed: a ratio within one run, or something that must never happen. */
export const must = (figure: string, bounds: Pick<Goal, 'atLeast' | 'atMost'>): Goal => ({
  figure,
  ...bounds,
  decides: true,
});

/** A goal whose outcome depends on the machine. */
export const aim = (figure: string, bounds: Pick<Goal, 'atLeast' | 'atMost'>): Goal => ({
  figure,
  ...bounds,
  decides: false,
});

/** Every goal of the cases, in order; a figure that is not there misses. */
export function verdictsOn(cases: readonly Judged[]): Verdict[] {
  return cases.flatMap(({ case: name, figures, goals = [] }) =>
    goals.map((goal) => {
      const value = figures[goal.figure] ?? NaN;
      const hit = value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity);
      return { case: name, goal, value, hit };
    }),
  );
}

/** Whether a goal that decides was missed. */
export const failed = (verdicts: readonly Verdict[]): boolean => verdicts.some(({ goal, hit }) => goal.decides && !hit);
