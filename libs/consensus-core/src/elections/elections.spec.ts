import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { counted } from '../test/tallying.js';

/**
 * An election others have counted. Ballots are `A>B=C`, what is left out is tied last; where `approval` counts, `A=B` are
 * approved; where `score` counts, grades are `A:5 B:0`.
 */
interface Election {
  readonly name: string;
  readonly source: string;
  readonly options: readonly string[];
  readonly ballots: Readonly<Record<string, number>>;
  readonly expect: readonly Expectation[];
}

/** What a rule must come to; `among` where the source breaks a tie that is reported here. */
interface Expectation {
  readonly method: string;
  readonly variant?: string;
  readonly statusQuo?: string;
  readonly threshold?: { readonly num: number; readonly den: number };
  readonly winners?: readonly string[];
  readonly not?: readonly string[];
  /** Who beats everybody else in pairs: one option, or none. */
  readonly condorcet?: readonly string[];
  readonly among?: readonly string[];
  readonly ranking?: readonly (readonly string[])[];
  /** Schulze: votes for, of the weakest link of the strongest path; zeros for an option and itself. */
  readonly strengths?: readonly (readonly number[])[];
  readonly doubledScores?: Readonly<Record<string, number>>;
}

const directory = new URL('../../elections/', import.meta.url);
const elections = readdirSync(directory)
  .toSorted()
  .flatMap((file) => JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as Election[]);

function ballotsFor(method: string, ballots: Election['ballots']) {
  return Object.entries(ballots).map(([order, count]) => ({ ...voteOf(method, order), count }));
}

function voteOf(method: string, order: string): object {
  const ranking = order.split('>').map((tier) => tier.split('='));
  switch (method) {
    case 'plurality':
      return { choice: ranking[0]![0] };
    case 'approval':
      return { approve: ranking[0] };
    case 'score':
      return { score: Object.fromEntries(order.split(' ').map((said) => gradeOf(said))) };
    default:
      return { ranking };
  }
}

function gradeOf(said: string): [option: string, grade: number] {
  const [option, grade] = said.split(':');
  return [option!, Number(grade)];
}

/** Whom a majority prefers to each of the others. */
function beatsAll(options: readonly string[], matrix: readonly (readonly number[])[]): string[] {
  return options.filter((_, a) => options.every((_, b) => a === b || matrix[a]![b]! > matrix[b]![a]!));
}

const cases = elections.flatMap(({ expect: expected, ...election }) =>
  expected.map(
    (wanted) => [`${wanted.variant ?? ''} ${wanted.method}`.trim(), election.name, election, wanted] as const,
  ),
);

describe('elections that others have counted', () => {
  it.each(cases)('%s: %s', (_method, _name, { options, ballots }, wanted) => {
    const { winners, among, not: losers = [], condorcet, ranking, strengths, doubledScores, ...rule } = wanted;
    const result = counted({ options, rule, ballots: ballotsFor(rule.method, ballots) });
    if (winners) expect(result.winners.toSorted()).toEqual(winners.toSorted());
    if (among) expect(result.winners).toEqual(expect.arrayContaining([...among]));
    for (const loser of losers) expect(result.winners).not.toContain(loser);
    if (condorcet) expect(beatsAll(options, result.detail['matrix'] as number[][])).toEqual(condorcet);
    if (ranking) expect(result.ranking.map((tier) => tier.toSorted())).toEqual(ranking.map((tier) => tier.toSorted()));
    if (doubledScores) expect(result.detail).toMatchObject({ doubledScores });
    if (strengths) {
      const paths = result.detail['paths'] as [number, number][][];
      expect(paths.map((row, a) => row.map(([votes], b) => (a === b ? 0 : votes)))).toEqual(strengths);
    }
    expect(result.status).toBe(result.winners.length === 1 ? 'decided' : 'tied');
  });
});
