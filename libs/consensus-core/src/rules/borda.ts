/**
 * borda: an option gets a point for every option it is ranked above, and half a point for every one it is tied with.
 *
 * Source: J.-C. de Borda (1781); ties share the points of the places they fill, and options left out are tied last.
 * Points are doubled so that they stay integers, which changes no result: `detail.doubledScores`.
 */
import { bareContradiction, tiersBy, type Count, type Rule } from './rule.js';

export const borda: Rule = {
  reads: 'ranking',
  contradiction: bareContradiction,
  named: (ballot) => (ballot.ranking ?? []).flat(),

  count(options, _parameters, ballots): Count {
    const points = new Map(options.map((option) => [option, 0]));
    for (const { ballot, weight } of ballots) {
      const tiers = ballot.ranking ?? [];
      const ranked = new Set(tiers.flat());
      let below = options.length;
      for (const tier of [...tiers, options.filter((option) => !ranked.has(option))]) {
        below -= tier.length;
        for (const option of tier) points.set(option, points.get(option)! + weight * (2 * below + tier.length - 1));
      }
    }
    const ranking = tiersBy(options, (option) => points.get(option)!);
    return { winners: ranking[0]!, ranking, detail: { doubledScores: Object.fromEntries(points) } };
  },
};
