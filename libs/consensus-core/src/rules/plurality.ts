/**
 * plurality: one choice each; the most chosen option wins.
 *
 * With a `threshold` a winner also needs that share of the counted weight (1/2 and one ballot more is a majority).
 */
import { pickMost, shareContradiction, type Rule } from './rule.js';

export const plurality: Rule = {
  reads: 'choice',
  contradiction: shareContradiction,
  named: ({ choice }) => (choice === undefined ? [] : [choice]),
  count: (options, parameters, ballots) => pickMost(options, parameters, ballots, plurality),
};
