/** A decision in words: its rule, why it ended as it did, what a ballot says, and who is against the outcome. */
import type { Decision } from '@conclave/contracts';
import { favouritesOf } from '@conclave/verify';

type Ballot = Decision['ballots'][number];
type Rule = Decision['rule'];
type Outcome = NonNullable<Decision['outcome']>;

const reasons: Readonly<Record<string, string>> = {
  'threshold-met': 'The counted votes reach what the rule asks for.',
  'threshold-missed': 'The counted votes do not reach what the rule asks for.',
  'most-preferred': 'The counted ballots prefer it to every other option.',
  'gate-red': 'A gate is red. It is hard evidence, which no vote outweighs.',
  'evidence-missing': 'A gate did not bring its evidence in time.',
  'all-abstained': 'Every juror abstained, so there was nothing to count.',
  'no-quorum': 'Too few voters took part.',
  'below-threshold': 'No option reaches what the rule asks for.',
  tied: 'The counted ballots are level, and ties are never broken silently.',
};

/** Why the outcome is what it is; prose of a newer platform passes as it is. */
export const reasonText = (reason: string): string => reasons[reason] ?? reason;

/** What there is to say why a decision ended as it did; decisions have it, and receipts. */
interface Ended {
  readonly outcome?: { readonly reason: string } | undefined;
  readonly rule: { readonly method: string; readonly variant?: string };
  readonly ballots: readonly { readonly status: string; readonly vote?: string | undefined }[];
}

/** Why a decision ended as it did, with the figures where they say more. */
export function whyText({ outcome, rule, ballots }: Ended): string {
  if (!outcome) return '';
  const counted = ballots.filter(({ status, vote }) => status === 'counted' && vote !== undefined);
  const against = counted.filter(({ vote }) => vote === 'no').length;
  if (rule.variant !== 'unanimous' || counted.length === 0) return reasonText(outcome.reason);
  if (outcome.reason === 'threshold-missed')
    return `${against} of ${counted.length} counted votes ${against === 1 ? 'is' : 'are'} against, and the rule is unanimous.`;
  return outcome.reason === 'threshold-met'
    ? `${counted.length === 1 ? 'The counted vote is' : `All ${counted.length} counted votes are`} in favour, as the rule demands.`
    : reasonText(outcome.reason);
}

/** Object ids in running text, cut to what tells them apart. */
export const shortened = (text: string): string => text.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{28,52}\b/g, '$1');

const share = ({ num, den }: { readonly num: number; readonly den: number }): string => `${num}/${den}`;
const methods: Readonly<Record<Rule['method'], string>> = {
  'approval-gate': 'Approval',
  plurality: 'Most chosen',
  approval: 'Most approved',
  borda: 'Borda count',
  irv: 'Instant runoff',
  schulze: 'Schulze ranking',
  'ranked-pairs': 'Ranked pairs',
  score: 'Score',
};

/** The rule in one sentence. */
export function ruleText({ method, variant, threshold, quorum, minVoters }: Rule): string {
  const main =
    method !== 'approval-gate'
      ? `${methods[method]}${variant === undefined ? '' : ` by ${variant}`}`
      : variant === 'unanimous'
        ? 'Unanimous: one vote against rejects'
        : `Approved from ${threshold ? `${share(threshold)} of the counted weight` : 'a majority of the counted weight'}`;
  return [
    main,
    ...(quorum ? [quorum.num === quorum.den ? 'everybody takes part' : `quorum ${share(quorum)} of the weight`] : []),
    ...(minVoters === undefined ? [] : [`at least ${minVoters} voters`]),
  ].join('; ');
}

/** Counted, and against the outcome; an undecided outcome has nobody against it. */
export function dissents(ballot: Ballot, outcome: Outcome | undefined): boolean {
  const { status, vote } = ballot;
  if (status !== 'counted' || outcome === undefined || outcome.winners.length === 0) return false;
  if (vote !== undefined) return (vote === 'yes') !== (outcome.status === 'approved');
  return !favouritesOf(ballot).some((option) => outcome.winners.includes(option));
}

const order = ['no', 'yes', 'abstain'];

/** Objections first: they are what a reader comes for. */
export const objectionsFirst = (ballots: readonly Ballot[]): readonly Ballot[] =>
  ballots.toSorted((a, b) => order.indexOf(a.vote ?? 'abstain') - order.indexOf(b.vote ?? 'abstain'));
