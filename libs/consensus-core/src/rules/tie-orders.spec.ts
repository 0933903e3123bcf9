/** irv and ranked pairs against every order in which ties could be broken, and the bound beyond which they give up. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { tally, tallyOrTie } from '../tally.js';
import { profiles, type Ranked } from '../test/profiles.js';
import { counted, rankings } from '../test/tallying.js';

const elect = (method: string, options: string, ballots: readonly object[], rule: object = {}) =>
  counted({ options: [...options], rule: { method, ...rule }, ballots });

describe('irv', () => {
  it('moves the ballots of who drops out to the next choice, and shows every round', () => {
    const result = elect('irv', 'ABCD', rankings({ ABCD: 42, BCDA: 26, CDBA: 15, DCBA: 17 }));
    expect(result).toMatchObject({ status: 'decided', winners: ['D'], ranking: [['D'], ['A'], ['B'], ['C']] });
    expect(result.detail['rounds']).toEqual([
      { scores: { A: 42, B: 26, C: 15, D: 17 }, exhausted: 0, lowest: ['C'], dropped: ['C'], transfers: { D: 15 } },
      { scores: { A: 42, B: 26, D: 32 }, exhausted: 0, lowest: ['B'], dropped: ['B'], transfers: { D: 26 } },
      { scores: { A: 42, D: 58 }, exhausted: 0, lowest: ['A'], dropped: ['A'], transfers: { D: 42 } },
      { scores: { D: 100 }, exhausted: 0 },
    ]);
  });

  it('counts equal choices in full for each and lets truncated ballots run out', () => {
    const result = elect('irv', 'ABC', [
      { ranking: [['A', 'B']], count: 2 },
      { ranking: [['C']] },
      { ranking: [['B'], ['C']] },
    ]);
    expect(result.winners).toEqual(['B']);
    expect((result.detail['rounds'] as object[])[1]).toMatchObject({ scores: { A: 2, B: 3 }, exhausted: 1 });
  });

  it('may drop the Condorcet winner, and is not monotone', () => {
    expect(elect('irv', 'ABC', rankings({ ACB: 4, CAB: 2, BCA: 3 })).winners).toEqual(['A']);
    const before = rankings({ ABC: 39, BCA: 35, CAB: 26 });
    const raised = rankings({ ABC: 49, BCA: 25, CAB: 26 });
    expect(elect('irv', 'ABC', before).winners).toEqual(['A']);
    expect(elect('irv', 'ABC', raised).winners).toEqual(['C']);
  });

  it('elects whoever wins in some order of dropping, ranked by how far they get in the best of them', () => {
    fc.assert(
      fc.property(profiles('ABCDE', 6), (ballots) => {
        const { winners, ranking } = elect('irv', 'ABCDE', ballots);
        const best = everyDrop('ABCDE', ballots);
        expect(winners).toEqual([...'ABCDE'].filter((option) => best.get(option) === 1));
        const places = [...new Set(best.values())].sort((a, b) => a - b);
        expect(ranking).toEqual(places.map((place) => [...'ABCDE'].filter((option) => best.get(option) === place)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('ranked-pairs', () => {
  it('leaves out what would close a cycle, and shows what was locked', () => {
    const result = elect('ranked-pairs', 'ABC', rankings({ ABC: 40, BCA: 35, CAB: 25 }));
    expect(result).toMatchObject({ status: 'decided', winners: ['A'], ranking: [['A'], ['B'], ['C']] });
    expect(result.detail).toMatchObject({
      locked: [
        [1, 2],
        [0, 1],
      ],
      skipped: [[2, 0]],
    });
  });

  it('decides nothing unless the winner is preferred to the status quo by the threshold', () => {
    const rule = { statusQuo: 'S', threshold: { num: 2, den: 3 } };
    expect(elect('ranked-pairs', 'ABS', rankings({ ABS: 3, SAB: 2 }), rule).status).toBe('below-threshold');
    expect(elect('ranked-pairs', 'ABS', rankings({ ABS: 4, SAB: 2 }), rule).winners).toEqual(['A']);
  });

  it.each(['winning', 'margin', 'ratio'])('elects whoever wins in some order of equal victories (%s)', (variant) => {
    fc.assert(
      fc.property(profiles('ABCD', 6), (ballots) => {
        const { winners, detail } = elect('ranked-pairs', 'ABCD', ballots, { variant });
        expect(winners).toEqual(everyLock('ABCD', detail['matrix'] as number[][], variant));
      }),
      { numRuns: 200 },
    );
  });
});

describe('the bound on tie orders', () => {
  const options = Array.from({ length: 100 }, (_, place) => `o${place}`);
  const shifted = (by: number) => options.map((_, place) => options[(place * 7 + by) % 100]!);
  const ballots = Array.from({ length: 60 }, (_, by) => ({ ranking: shifted(by).map((option) => [option]) }));

  it('refuses a tally that exceeds it, with a code of its own', () => {
    expect(tally({ options, rule: { method: 'irv' }, ballots })).toEqual({
      ok: false,
      refusal: { code: 'consensus.tally.too-tied', reason: 'too-tied' },
    });
  });

  it('is no matter to a majority winner, below whom nobody is ranked then', () => {
    const majority = [...ballots, { ranking: [['o5'], ['o6']], count: 61 }];
    const { winners, ranking } = counted({ options, rule: { method: 'irv' }, ballots: majority });
    expect(winners).toEqual(['o5']);
    expect(ranking).toEqual([['o5'], options.filter((option) => option !== 'o5')]);
  });

  it('leaves a decision, which has to end, tied without a winner', () => {
    const answer = tallyOrTie({ options, rule: { method: 'irv' }, ballots });
    expect(answer).toMatchObject({
      value: { status: 'tied', winners: [], ranking: [options], detail: { tooTied: true } },
    });
    const absent = { options, rule: { method: 'irv', minVoters: 61 }, ballots };
    expect(tallyOrTie(absent)).toMatchObject({ value: { status: 'no-quorum' } });
  });

  it('is no matter to a tally without ties, however large', () => {
    const many = options.map((_, by) => ({
      ranking: shifted(by).map((option) => [option]),
      count: 2 ** (by % 20) + by,
    }));
    for (const method of ['irv', 'ranked-pairs'])
      expect(tally({ options, rule: { method }, ballots: many }).ok).toBe(true);
  });
});

/** By definition: per option the fewest options it is left among in any order of dropping the lowest. */
function everyDrop(letters: string, ballots: readonly Ranked[]): Map<string, number> {
  const best = new Map([...letters].map((option) => [option, letters.length]));
  const seen = new Set<string>();
  const drop = (left: string[]): void => {
    if (seen.has(left.join())) return;
    seen.add(left.join());
    const favours = ballots.map(({ ranking, count }) => ({
      tier: ranking.map((tier) => tier.filter((option) => left.includes(option))).find((tier) => tier.length > 0) ?? [],
      count,
    }));
    const score = (option: string) =>
      favours.reduce((sum, { tier, count }) => (tier.includes(option) ? sum + count : sum), 0);
    const least = Math.min(...left.map(score));
    for (const option of left.filter((candidate) => score(candidate) === least)) {
      best.set(option, Math.min(best.get(option)!, left.length));
      drop(left.filter((other) => other !== option));
    }
  };
  drop([...letters]);
  return best;
}

/** By definition: every order of the victories that respects their strength, locked one by one. */
function everyLock(letters: string, matrix: readonly (readonly number[])[], variant: string): string[] {
  const pairs = [...letters].flatMap((_, a) =>
    [...letters].flatMap((_, b) => (matrix[a]![b]! > matrix[b]![a]! ? [[a, b] as const] : [])),
  );
  const strength = ([a, b]: readonly [number, number]) => {
    const [won, lost] = [matrix[a]![b]!, matrix[b]![a]!];
    if (variant === 'margin') return won - lost;
    // Nobody against it is stronger than any ratio, whatever the votes for it.
    if (variant === 'ratio') return lost === 0 ? Infinity : won / lost;
    return won * 1_000 - lost;
  };
  const winners = new Set<string>();
  const seen = new Set<string>();
  const lockNext = (left: (readonly [number, number])[], above: boolean[][]): void => {
    const state = `${left.join(';')}|${above.join(';')}`;
    if (seen.has(state)) return;
    seen.add(state);
    const most = Math.max(...left.map(strength));
    if (left.length === 0) {
      for (const place of letters.length ? [...letters].keys() : [])
        if (!above.some((row) => row[place])) winners.add(letters[place]!);
    }
    for (const pair of left.filter((candidate) => strength(candidate) === most)) {
      const [a, b] = pair;
      const next = above.map((row, x) =>
        row.map((is, y) => is || (!above[b]![a] && (x === a || above[x]![a]!) && (y === b || above[b]![y]!))),
      );
      lockNext(
        left.filter((other) => other !== pair),
        next,
      );
    }
  };
  lockNext(
    pairs,
    [...letters].map(() => [...letters].map(() => false)),
  );
  return [...letters].filter((option) => winners.has(option));
}
