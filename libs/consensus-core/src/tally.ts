/**
 * The tally: ballots in, result out, statelessly; the same function behind decisions, the public API and the verifier.
 *
 * Invariants: a pure function of its input; permuting ballots leaves the result's bytes equal; `count: n` equals n
 * ballots; bad input is a refusal with a reason, never an exception. An abstention (`vote: 'abstain'`) fits every rule:
 * it is present for the quorum and nowhere else. Without any non-abstaining weight nothing is decided: `no-quorum`.
 */
import { jcs, utf8 } from '@conclave/audit-core';
import { voteMembers } from './ballot.js';
import { LIMITS, optionId, type Fraction } from './primitives.js';
import type { TallyResult } from './receipt/predicate.js';
import type { Answer } from './refusal.js';
import { approvalGate } from './rules/approval-gate.js';
import { approval } from './rules/approval.js';
import { borda } from './rules/borda.js';
import { irv } from './rules/irv.js';
import { plurality } from './rules/plurality.js';
import { rankedPairs } from './rules/ranked-pairs.js';
import {
  reaches,
  ruleShape,
  tallyBallotShape,
  type Method,
  type Rule,
  type RuleParameters,
  type TallyBallot,
  type TallyFault,
  type Weighted,
} from './rules/rule.js';
import { schulze } from './rules/schulze.js';
import { score } from './rules/score.js';
import { integer, list, object, read, type Of } from './shape.js';

const rules: Readonly<Record<Method, Rule>> = {
  ...{ 'approval-gate': approvalGate, plurality, approval, borda, irv, schulze, score },
  'ranked-pairs': rankedPairs,
};

const tallyInputShape = object(
  {
    /** approval-gate names its own winners and does not look at them. */
    options: list(optionId, LIMITS.options, 1),
    rule: ruleShape,
    ballots: list(tallyBallotShape, LIMITS.ballots),
  },
  /** Weight of the whole electorate: what a quorum is a share of. */
  { eligibleWeight: integer(1, LIMITS.totalWeight) },
);
export type TallyInput = Of<typeof tallyInputShape>;

interface Fault {
  readonly reason: TallyFault;
  readonly path: string;
}

/** Counts ballots of any origin under the rule they come with; refused where there are too many tie orders to follow. */
export function tally(input: unknown): Answer<TallyResult> {
  const answer = tallyOrTie(input);
  return answer.ok && answer.value.detail['tooTied'] === true
    ? { ok: false, refusal: { code: 'consensus.tally.too-tied', reason: 'too-tied' } }
    : answer;
}

/**
 * As {@link tally}, for decisions, which have to end: with too many tie orders to follow, in as many steps as {@link LIMITS}
 * allows unless told, they are tied and nobody wins.
 */
export function tallyOrTie(input: unknown, tieSteps?: number): Answer<TallyResult> {
  const known = checked(input);
  return known.ok ? { ok: true, value: count(known.value, tieSteps) } : known;
}

/** Whether these ballots are enough to decide, whatever they say; who is ahead is not asked, which can take long. */
export function isQuorate(input: unknown): boolean {
  const known = checked(input);
  return known.ok && presenceOf(known.value).quorate;
}

function checked(input: unknown): Answer<TallyInput> {
  const known = read(tallyInputShape, input);
  const fault: Fault | undefined = known.ok
    ? (faultOfRule(known.value) ?? faultOfBallots(known.value))
    : { reason: 'shape', path: known.path };
  if (fault) return { ok: false, refusal: { code: 'consensus.tally.malformed', ...fault } };
  return known as { ok: true; value: TallyInput };
}

/** A tally that is asked for now: as {@link tally}, but a parameter that would be ignored is refused, and so is a result that does not fit a message. */
export function tallyAsked(input: unknown): Answer<TallyResult> {
  const answer = tally(input);
  if (!answer.ok) return answer;
  const fault = faultOfNewRule((input as TallyInput).rule);
  if (fault) return { ok: false, refusal: { code: 'consensus.tally.malformed', ...fault } };
  return utf8(jcs(answer.value)).length > LIMITS.resultBytes
    ? { ok: false, refusal: { code: 'consensus.tally.too-large', reason: 'too-large' } }
    : answer;
}

/** Why a rule is not taken any more, although decisions that were opened under it are still counted as they were. */
export function faultOfNewRule({ method, statusQuo }: RuleParameters): Fault | undefined {
  return method === 'score' && statusQuo !== undefined
    ? { reason: 'status-quo-foreign', path: '/rule/statusQuo' }
    : undefined;
}

/** Why a rule cannot govern these options. */
export function faultOfRule(input: {
  readonly options: readonly string[];
  readonly rule: RuleParameters;
  readonly eligibleWeight?: number;
}): Fault | undefined {
  const { options, rule, eligibleWeight } = input;
  if (new Set(options).size < options.length) return { reason: 'option-duplicate', path: '/options' };
  const contradiction = rules[rule.method].contradiction(rule);
  if (contradiction) return { reason: contradiction, path: '/rule' };
  const improper = (share?: Fraction) => share && (share.num === 0 || share.num > share.den);
  if (improper(rule.threshold)) return { reason: 'threshold-range', path: '/rule/threshold' };
  if (improper(rule.quorum)) return { reason: 'quorum-range', path: '/rule/quorum' };
  if (rule.statusQuo !== undefined && !options.includes(rule.statusQuo))
    return { reason: 'status-quo-unknown', path: '/rule/statusQuo' };
  if (rule.quorum && eligibleWeight === undefined)
    return { reason: 'quorum-needs-eligible-weight', path: '/eligibleWeight' };
  return undefined;
}

/** Why a ballot cannot be counted under a rule. */
export function faultOfBallot(
  ballot: TallyBallot,
  options: ReadonlySet<string>,
  { method }: RuleParameters,
): TallyFault | undefined {
  const said = voteMembers.filter((member) => ballot[member] !== undefined);
  const rule = rules[method];
  if (said.length !== 1 || (said[0] !== rule.reads && ballot.vote !== 'abstain')) return 'ballot-foreign';
  const named = rule.named(ballot);
  if (named.some((option) => !options.has(option))) return 'option-unknown';
  return new Set(named).size < named.length ? 'option-repeated' : undefined;
}

function faultOfBallots({ options, rule, ballots, eligibleWeight }: TallyInput): Fault | undefined {
  const known = new Set(options);
  let present = 0;
  for (const [index, ballot] of ballots.entries()) {
    const reason = faultOfBallot(ballot, known, rule);
    if (reason) return { reason, path: `/ballots/${index}` };
    present += weightOf(ballot);
    if (present > LIMITS.totalWeight) return { reason: 'weight-overflow', path: `/ballots/${index}` };
    if (eligibleWeight !== undefined && present > eligibleWeight)
      return { reason: 'eligible-weight-exceeded', path: `/ballots/${index}` };
  }
  return undefined;
}

function weightOf({ weight = 1, count = 1 }: TallyBallot): number {
  return weight * count;
}

function count(input: TallyInput, tieSteps?: number): TallyResult {
  const { options, rule, ballots, eligibleWeight } = input;
  const cast = ballots.filter(({ vote }) => vote !== 'abstain');
  const weighted: Weighted[] = cast.map((ballot) => ({ ballot, weight: weightOf(ballot) }));
  const { quorate, ...presence } = presenceOf(input);
  const { winners, ranking, detail } = rules[rule.method].count(options, rule, weighted, tieSteps);
  return {
    status: quorate ? statusOf(winners, detail) : 'no-quorum',
    winners: quorate ? winners : [],
    ranking,
    detail: { ...detail, ...presence, ...(eligibleWeight !== undefined && { eligible: eligibleWeight }) },
  };
}

function presenceOf({ rule, ballots, eligibleWeight }: TallyInput) {
  const cast = ballots.filter(({ vote }) => vote !== 'abstain');
  const present = ballots.reduce((sum, ballot) => sum + weightOf(ballot), 0);
  const counted = cast.reduce((sum, ballot) => sum + weightOf(ballot), 0);
  const voters = cast.reduce((sum, { count = 1 }) => sum + count, 0);
  const quorate =
    counted > 0 &&
    voters >= (rule.minVoters ?? 1) &&
    (!rule.quorum || reaches(present, eligibleWeight ?? present, rule.quorum));
  return { quorate, present, counted, voters };
}

function statusOf(winners: readonly string[], { tooTied }: TallyResult['detail']): TallyResult['status'] {
  if (winners.length === 0) return tooTied === true ? 'tied' : 'below-threshold';
  return winners.length === 1 ? 'decided' : 'tied';
}
