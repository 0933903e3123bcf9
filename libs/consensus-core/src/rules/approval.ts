/**
 * approval: every option a ballot approves of gets its whole weight; the most approved option wins.
 *
 * Source: S. Brams and P. Fishburn, "Approval Voting" (1978). A ballot may approve of nothing: it is counted and helps
 * nobody. With a `threshold` a winner also needs the approval of that share of the counted weight.
 */
import { pickMost, shareContradiction, type Rule } from './rule.js';

export const approval: Rule = {
  reads: 'approve',
  contradiction: shareContradiction,
  named: ({ approve }) => approve ?? [],
  count: (options, parameters, ballots) => pickMost(options, parameters, ballots, approval),
};
