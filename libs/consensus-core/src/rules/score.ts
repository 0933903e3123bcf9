/**
 * score: voters grade options with integers; the highest `lower-median` (default) or `sum` wins.
 *
 * An option a voter left out scores 0. The lower median is the smallest grade that at least half of the weight does not
 * exceed; unlike a sum, a single hostile grade cannot move it past its neighbours (Balinski and Laraki, 2011).
 */
import { tiersBy, type Rule, type Weighted } from './rule.js';

export const score: Rule = {
  reads: 'score',

  contradiction({ variant, threshold }) {
    if (variant !== undefined && variant !== 'sum' && variant !== 'lower-median') return 'variant-foreign';
    return threshold ? 'threshold-foreign' : undefined;
  },

  named: (ballot) => Object.keys(ballot.score ?? {}),

  count(options, { variant }, ballots) {
    const aggregate = variant === 'sum' ? sum : lowerMedian;
    const scores = new Map(options.map((option) => [option, aggregate(gradesOf(option, ballots))]));
    const ranking = tiersBy(options, (option) => scores.get(option)!);
    return { winners: ranking[0]!, ranking, detail: { scores: Object.fromEntries(scores) } };
  },
};

interface Grade {
  readonly grade: number;
  readonly weight: number;
}

function gradesOf(option: string, ballots: readonly Weighted[]): Grade[] {
  return ballots.map(({ ballot, weight }) => ({ grade: gradeOf(option, ballot.score ?? {}), weight }));
}

function gradeOf(option: string, grades: Readonly<Record<string, number>>): number {
  return Object.hasOwn(grades, option) ? grades[option]! : 0;
}

function sum(grades: readonly Grade[]): number {
  return grades.reduce((total, { grade, weight }) => total + grade * weight, 0);
}

function lowerMedian(grades: readonly Grade[]): number {
  const whole = grades.reduce((total, { weight }) => total + weight, 0);
  let reached = 0;
  for (const { grade, weight } of grades.toSorted((a, b) => a.grade - b.grade)) {
    reached += weight;
    if (reached >= whole - reached) return grade;
  }
  return 0;
}
