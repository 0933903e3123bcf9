/**
 * ranked-pairs: pairwise victories are locked in from the strongest to the weakest, leaving out each that would close a
 * cycle with those already locked; an option wins when nothing is locked above it.
 *
 * Source: T. N. Tideman, "Independence of Clones as a Criterion for Voting Rules" (1987); strength as in `pairwise.ts`.
 * Equally strong victories could be locked in any order, so every order counts (parallel universes): winners are all who
 * win in one. Below them the options rank by what is locked without a choice, which without ties is everything.
 *
 * The union is NP-hard to compute (M. Brill, F. Fischer, "The Price of Neutrality for the Ranked Pairs Method", 2012),
 * hence a bound; the search is in `lock-search.ts`.
 * Invariant: a Condorcet winner wins alone.
 */
import {
  isAbove,
  lock,
  lockForced,
  unlocked,
  winnersOf,
  type Contest,
  type Locked,
  type Victory,
} from './lock-search.js';
import {
  beatsStatusQuo,
  levelsOf,
  linksOf,
  orderOf,
  pairwise,
  pairwiseContradiction,
  widen,
  type Matrix,
} from './pairwise.js';
import { tooTied, type Count, type Rule } from './rule.js';

export const rankedPairs: Rule = {
  reads: 'ranking',
  contradiction: pairwiseContradiction,
  named: (ballot) => (ballot.ranking ?? []).flat(),

  count(options, parameters, ballots, tieSteps): Count {
    const matrix = pairwise(options, ballots);
    const { places } = levelsOf(linksOf(matrix), orderOf(parameters));
    const contest = contestOf(matrix, places);
    const winners = winnersOf(contest, tieSteps);
    if (!winners) return tooTied(options);
    const ranking = [winners, ...tiersBelow(winners, contest)].map((tier) => tier.map((place) => options[place]!));
    return {
      winners: ranking[0]!.filter((winner) => beatsStatusQuo(winner, options, parameters, matrix)),
      ranking,
      detail: { matrix, ...explanationOf(contest) },
    };
  },
};

function contestOf(matrix: Matrix, places: Matrix): Contest {
  const isVictory = (a: number, b: number) => matrix[a]![b]! > matrix[b]![a]!;
  const byStrength = new Map<number, Victory[]>();
  for (const a of matrix.keys()) {
    for (const b of matrix.keys()) {
      if (!isVictory(a, b)) continue;
      const tier = byStrength.get(places[a]![b]!);
      if (tier) tier.push([a, b]);
      else byStrength.set(places[a]![b]!, [[a, b]]);
    }
  }
  const paths = widen(places.map((row) => [...row]));
  return {
    size: matrix.length,
    tiers: [...byStrength].sort(([a], [b]) => b - a).map(([, tier]) => tier),
    candidates: [...matrix.keys()].filter((a) =>
      matrix.every((_, b) => !isVictory(b, a) || paths[a]![b]! >= places[b]![a]!),
    ),
  };
}

/** The options that are no winners, in tiers: what nobody left is above, again and again. */
function tiersBelow(winners: readonly number[], { size, tiers }: Contest): number[][] {
  let locked: Locked = unlocked(size);
  for (const tier of tiers) locked = lockForced(tier, locked).locked;
  const found: number[][] = [];
  let left = [...unlocked(size).keys()].filter((option) => !winners.includes(option));
  while (left.length > 0) {
    const best = left.filter((option) => !left.some((rival) => isAbove(locked, [rival, option])));
    found.push(best);
    left = left.filter((option) => !best.includes(option));
  }
  return found;
}

/** One universe, in which equal victories are locked in the order in which the decision lists the options. */
function explanationOf({ size, tiers }: Contest) {
  let above: Locked = unlocked(size);
  const locked: [number, number][] = [];
  const skipped: [number, number][] = [];
  for (const [a, b] of tiers.flat()) {
    if (isAbove(above, [b, a])) skipped.push([a, b]);
    else {
      locked.push([a, b]);
      if (!isAbove(above, [a, b])) above = lock(above, [a, b]);
    }
  }
  return { locked, skipped };
}
