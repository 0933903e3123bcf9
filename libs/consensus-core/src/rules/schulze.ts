/**
 * Schulze: an option wins when no other has a stronger path of pairwise preferences to it than back.
 *
 * Source: M. Schulze, "The Schulze Method of Voting", arXiv:1804.02973, section 2.2 (winners); the orders of strength
 * and the status quo are those of `pairwise.ts`.
 * Invariants: a Condorcet winner wins alone; "beats" is transitive, so there is always a winner and the tiers (what
 * nobody left beats, again and again) hold every option once. Cost: ballots·options² + options³.
 */
import { beatsStatusQuo, levelsOf, linksOf, orderOf, pairwise, pairwiseContradiction, widen } from './pairwise.js';
import type { Count, Rule } from './rule.js';

export const schulze: Rule = {
  reads: 'ranking',

  contradiction: pairwiseContradiction,

  named: (ballot) => (ballot.ranking ?? []).flat(),

  count(options, parameters, ballots): Count {
    const matrix = pairwise(options, ballots);
    const { levels, places } = levelsOf(linksOf(matrix), orderOf(parameters));
    const paths = widen(places);
    const ranking = tiers(options, (a, b) => paths[a]![b]! > paths[b]![a]!);
    return {
      winners: ranking[0]!.filter((winner) => beatsStatusQuo(winner, options, parameters, matrix)),
      ranking,
      detail: {
        matrix,
        /** Per pair the weakest link [for, against] of the strongest path. */
        paths: paths.map((row) => row.map((level) => [levels[level]!.for, levels[level]!.against])),
      },
    };
  },
};

function tiers(options: readonly string[], beats: (a: number, b: number) => boolean): string[][] {
  const found: string[][] = [];
  let left = options.map((_, place) => place);
  while (left.length > 0) {
    const best = left.filter((option) => !left.some((rival) => beats(rival, option)));
    found.push(best.map((place) => options[place]!));
    left = left.filter((option) => !best.includes(option));
  }
  return found;
}
