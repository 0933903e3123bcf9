import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { profiles, type Ranked } from '../test/profiles.js';
import { counted, rankings } from '../test/tallying.js';

const elect = (options: string, ballots: object[], rule: object = {}) =>
  counted({ options: [...options], rule: { method: 'schulze', ...rule }, ballots });

/** Wikipedia, "Schulze method": 45 voters, five candidates. */
const fortyFive = { ACBED: 5, ADECB: 5, BEDAC: 8, CABED: 3, CAEBD: 7, CBADE: 2, DCEBA: 7, EBADC: 8 };
/** Wikipedia, "Condorcet method": the capital of Tennessee; M(emphis) N(ashville) C(hattanooga) K(noxville). */
const tennessee = { MNCK: 42, NCKM: 26, CKNM: 15, KCNM: 17 };

describe('schulze', () => {
  it('elects E in the 45-voter example, with its published path strengths', () => {
    const result = elect('ABCDE', rankings(fortyFive));
    expect(result).toMatchObject({ status: 'decided', winners: ['E'], ranking: [['E'], ['A'], ['C'], ['B'], ['D']] });
    expect(result.detail['matrix']).toEqual([
      [0, 20, 26, 30, 22],
      [25, 0, 16, 33, 18],
      [19, 29, 0, 17, 24],
      [15, 12, 28, 0, 14],
      [23, 27, 21, 31, 0],
    ]);
    const strengths = (result.detail['paths'] as number[][][]).map((row) => row.map(([votes]) => votes));
    strengths.forEach((row, own) => (row[own] = 0));
    expect(strengths).toEqual([
      [0, 28, 28, 30, 24],
      [25, 0, 28, 33, 24],
      [25, 29, 0, 29, 24],
      [25, 28, 28, 0, 24],
      [25, 28, 28, 31, 0],
    ]);
  });

  it('elects Nashville, the Condorcet winner, in the Tennessee example', () => {
    expect(elect('MNCK', rankings(tennessee))).toMatchObject({
      winners: ['N'],
      ranking: [['N'], ['C'], ['K'], ['M']],
    });
  });

  it('elects d in the first example of the paper (21 voters)', () => {
    const profile = { acdb: 8, badc: 2, cdba: 4, dbac: 4, dcba: 3 };
    expect(elect('abcd', rankings(profile)).winners).toEqual(['d']);
  });

  it('reports a perfect cycle as tied', () => {
    expect(elect('ABC', rankings({ ABC: 1, BCA: 1, CAB: 1 }))).toMatchObject({
      status: 'tied',
      winners: ['A', 'B', 'C'],
    });
  });

  it('ties unranked options last and takes equal ranks as no preference', () => {
    expect(elect('ABC', [{ ranking: [['A']] }]).detail['matrix']).toEqual([
      [0, 1, 1],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(elect('ABC', [{ ranking: [['A', 'B']] }]).ranking).toEqual([['A', 'B'], ['C']]);
  });

  it('decides nothing unless the winner is preferred to the status quo by the threshold', () => {
    const rule = { statusQuo: 'S', threshold: { num: 2, den: 3 } };
    expect(elect('ABS', rankings({ ABS: 3, SAB: 2 }), rule)).toMatchObject({ status: 'below-threshold', winners: [] });
    expect(elect('ABS', rankings({ ABS: 4, SAB: 2 }), rule)).toMatchObject({ status: 'decided', winners: ['A'] });
    expect(elect('ABS', rankings({ ABS: 1, SAB: 2 }), rule)).toMatchObject({ status: 'decided', winners: ['S'] });
    expect(elect('ABS', rankings({ ABS: 1, SAB: 1 }), { statusQuo: 'S' }).winners).toEqual(['S']);
  });

  it.each([
    ['winning', 'A'],
    ['margin', 'C'],
    ['ratio', 'B'],
  ])('with B over A 49:31, A over C 51:41 and C over B 62:51, %s elects %s', (variant, winner) => {
    const ballots = [
      { ranking: [['A', 'B']], count: 32 },
      { ranking: [['A', 'C']], count: 21 },
      { ranking: [['A'], ['B']], count: 1 },
      { ranking: [['C'], ['A']], count: 9 },
      { ranking: [['B'], ['A']], count: 18 },
      { ranking: [['C'], ['B']], count: 31 },
      { ranking: [['C']], count: 1 },
    ];
    expect(elect('ABC', ballots, { variant }).winners).toEqual([winner]);
    expect(definition('ABC', ballots, variant)).toEqual([winner]);
  });

  it.each(['winning', 'margin', 'ratio'])(
    'equals the definition of the %s variant over all simple paths',
    (variant) => {
      fc.assert(
        fc.property(profiles('ABCDE'), (ballots) => {
          expect(elect('ABCDE', ballots, { variant }).winners).toEqual(definition('ABCDE', ballots, variant));
        }),
        { numRuns: 400 },
      );
    },
  );

  it('lists every option once in its tiers, the winners first', () => {
    fc.assert(
      fc.property(profiles('ABCDE'), (ballots) => {
        const { ranking, winners } = elect('ABCDE', ballots);
        expect(ranking.flat().toSorted()).toEqual([...'ABCDE']);
        expect(ranking[0]).toEqual(winners);
      }),
    );
  });
});

function preferring(ballots: readonly Ranked[], a: string, b: string): number {
  const place = (ranking: string[][], option: string) => {
    const tier = ranking.findIndex((options) => options.includes(option));
    return tier < 0 ? ranking.length : tier;
  };
  return ballots.reduce((sum, { ranking, count }) => (place(ranking, a) < place(ranking, b) ? sum + count : sum), 0);
}

type Pair = readonly [number, number];

/** The strict link orders exactly as the paper states them (section 2.1), condition by condition. */
const stronger: Record<string, (e: Pair, g: Pair) => boolean> = {
  margin: ([ef, fe], [gh, hg]) => ef - fe > gh - hg,
  ratio: ([ef, fe], [gh, hg]) =>
    (ef > fe && gh <= hg) ||
    (ef >= fe && gh < hg) ||
    (((ef > fe && gh > hg) || (ef < fe && gh < hg)) &&
      (ef * hg > fe * gh || (ef > gh && fe <= hg) || (ef >= gh && fe < hg))),
  winning: ([ef, fe], [gh, hg]) =>
    (ef > fe && gh <= hg) ||
    (ef >= fe && gh < hg) ||
    (ef > fe && gh > hg && (ef > gh || (ef === gh && fe < hg))) ||
    (ef < fe && gh < hg && (fe < hg || (fe === hg && ef > gh))),
};

/** Winners by enumeration: a path is as strong as its weakest link; nobody has a stronger path to a winner than back. */
function definition(letters: string, ballots: readonly Ranked[], variant: string): string[] {
  const options = [...letters];
  const above = stronger[variant]!;
  const link = (a: string, b: string): Pair => [preferring(ballots, a, b), preferring(ballots, b, a)];
  const links = new Map(options.flatMap((a) => options.map((b) => [a + b, link(a, b)] as const)));
  const strongest = (from: string, to: string, weakest: Pair | undefined, seen: string): Pair | undefined => {
    let best: Pair | undefined;
    for (const next of options.filter((option) => !seen.includes(option))) {
      const step = links.get(from + next)!;
      const low = weakest && above(step, weakest) ? weakest : step;
      const found = next === to ? low : strongest(next, to, low, seen + next);
      if (found && (!best || above(found, best))) best = found;
    }
    return best;
  };
  const path = (a: string, b: string) => strongest(a, b, undefined, a)!;
  return options.filter((a) => options.every((b) => a === b || !above(path(b, a), path(a, b))));
}
