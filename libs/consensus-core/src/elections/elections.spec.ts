import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { counted } from '../test/tallying.js';

/** An election others have counted: ballots as `A>B=C`, what is left out is tied last. */
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
  return Object.entries(ballots).map(([order, count]) => {
    const ranking = order.split('>').map((tier) => tier.split('='));
    return method === 'plurality' ? { choice: ranking[0]![0], count } : { ranking, count };
  });
}

const cases = elections.flatMap(({ expect: expected, ...election }) =>
  expected.map(
    (wanted) => [`${wanted.variant ?? ''} ${wanted.method}`.trim(), election.name, election, wanted] as const,
  ),
);

describe('elections that others have counted', () => {
  it.each(cases)('%s: %s', (_method, _name, { options, ballots }, wanted) => {
    const { winners, among, ranking, strengths, doubledScores, ...rule } = wanted;
    const result = counted({ options, rule, ballots: ballotsFor(rule.method, ballots) });
    if (winners) expect(result.winners.toSorted()).toEqual(winners.toSorted());
    if (among) expect(result.winners).toEqual(expect.arrayContaining([...among]));
    if (ranking) expect(result.ranking.map((tier) => tier.toSorted())).toEqual(ranking.map((tier) => tier.toSorted()));
    if (doubledScores) expect(result.detail).toMatchObject({ doubledScores });
    if (strengths) {
      const paths = result.detail['paths'] as [number, number][][];
      expect(paths.map((row, a) => row.map(([votes], b) => (a === b ? 0 : votes)))).toEqual(strengths);
    }
    expect(result.status).toBe(result.winners.length === 1 ? 'decided' : 'tied');
  });
});
