/**
 * approval-gate: yes, no or abstain; approved when enough of the non-abstaining weight says yes.
 *
 * Approval needs a majority (yes outweighs no, so a tie rejects) and, where one is set, the threshold: `>=`, exact.
 * Hence a threshold below 1/2 adds nothing. `unanimous` = somebody says yes and nobody says no.
 * Invariant: more yes or less no never turns approved into rejected.
 */
import { reaches, type Rule, type RuleParameters } from './rule.js';

export const approvalGate: Rule = {
  reads: 'vote',

  contradiction({ variant, threshold, statusQuo }) {
    if (variant !== undefined && variant !== 'unanimous') return 'variant-foreign';
    if (variant === 'unanimous' && threshold) return 'threshold-foreign';
    return statusQuo === undefined ? undefined : 'status-quo-foreign';
  },

  named: () => [],

  count(_options, parameters, ballots) {
    const weightOf = (vote: string) =>
      ballots.reduce((sum, { ballot, weight }) => (ballot.vote === vote ? sum + weight : sum), 0);
    const yes = weightOf('yes');
    const no = weightOf('no');
    const ranking = approved(parameters, yes, no) ? [['approved'], ['rejected']] : [['rejected'], ['approved']];
    return { winners: ranking[0]!, ranking, detail: { yes, no } };
  },
};

function approved({ variant, threshold }: RuleParameters, yes: number, no: number): boolean {
  if (yes <= no) return false;
  return variant === 'unanimous' ? no === 0 : !threshold || reaches(yes, yes + no, threshold);
}
