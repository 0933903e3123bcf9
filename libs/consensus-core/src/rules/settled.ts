/**
 * When a count can no longer be overturned: whatever the weight that has not voted yet says, or if it stays away in
 * part or whole, the winners are those of the count so far.
 *
 * Source: the exact rule of arXiv:2604.02863 for majorities, extended to each rule here by its own bound. Every bound
 * is sound, none need be tight: a false `no` costs a few more ballots, a false `yes` would be a wrong decision. Only a
 * single winner (or a rejection) is ever settled; a tie may always be broken by one more ballot.
 */
import { LIMITS } from '../primitives.js';
import { approvalGate } from './approval-gate.js';
import { approval } from './approval.js';
import { borda } from './borda.js';
import { pairwise } from './pairwise.js';
import { plurality } from './plurality.js';
import { reaches, type Method, type Rule, type RuleParameters, type TallyBallot, type Weighted } from './rule.js';
import { score } from './score.js';

/** A count that is not over: who has voted, and the weight that has not. */
export interface Unfinished {
  readonly options: readonly string[];
  readonly parameters: RuleParameters;
  /** Ballots that did not abstain. */
  readonly ballots: readonly Weighted[];
  readonly remaining: number;
}

/** Whether no ballots of the remaining weight could change the winners. */
export function cannotBeOverturned(method: Method, unfinished: Unfinished): boolean {
  return !isOutweighed(method, unfinished) && bounds[method].stands(unfinished);
}

/**
 * Whether as much weight is still to come as was counted. No lead, majority or median stands against that; a gate may
 * (one no breaks unanimity), and so does an only option.
 */
function isOutweighed(method: Method, { options, ballots, remaining }: Unfinished): boolean {
  if (method === 'approval-gate' || options.length === 1) return false;
  return ballots.reduce((sum, { weight }) => sum + weight, 0) <= remaining;
}

/** The ballots by which voters who agree on an option come to an end fastest. */
export function agreeingOn(method: Method, option: string): readonly TallyBallot[] {
  return bounds[method].agreeing(option);
}

interface Bound {
  readonly stands: (unfinished: Unfinished) => boolean;
  readonly agreeing: (option: string) => readonly TallyBallot[];
}

function ranked(option: string): TallyBallot[] {
  return [{ ranking: [[option]] }];
}

const bounds: Readonly<Record<Method, Bound>> = {
  'approval-gate': { stands: gateStands, agreeing: () => [{ vote: 'yes' }, { vote: 'no' }] },
  plurality: { stands: shareStands(plurality), agreeing: (option) => [{ choice: option }] },
  approval: { stands: shareStands(approval), agreeing: (option) => [{ approve: [option] }] },
  borda: { stands: bordaStands, agreeing: ranked },
  irv: { stands: majorityStands, agreeing: ranked },
  schulze: { stands: leaderBeatsAll, agreeing: ranked },
  'ranked-pairs': { stands: leaderBeatsAll, agreeing: ranked },
  score: {
    stands: (count) => (count.parameters.variant === 'sum' ? sumStands(count) : medianStands(count)),
    agreeing: (option) => [{ score: { [option]: LIMITS.score } }],
  },
};

/** More yes never hurts an approval and more no never a rejection, so the two extremes tell. */
function gateStands({ options, parameters, ballots, remaining }: Unfinished): boolean {
  const winner = (vote: 'yes' | 'no') =>
    winnersOf(approvalGate, options, parameters, [...ballots, { ballot: { vote }, weight: remaining }])[0];
  return remaining === 0 || winner('yes') === winner('no');
}

/** The leader is ahead of everybody by more than the remaining weight, each unit of which closes at most `step`. */
function leadHolds({ options, remaining }: Unfinished, scoreOf: (option: string) => number, step: number): boolean {
  const [first, second] = options.map(scoreOf).sort((a, b) => b - a);
  return second === undefined || first! - second > remaining * step;
}

/** One ballot brings a rival nearer by its weight, and lowers the leader's share by coming for somebody else. */
function shareStands(rule: Rule) {
  return (unfinished: Unfinished): boolean => {
    const { ballots, parameters, remaining } = unfinished;
    const scores = scoresOf(rule, unfinished, ballots);
    const whole = ballots.reduce((sum, { weight }) => sum + weight, remaining);
    const most = Math.max(...Object.values(scores));
    return (
      leadHolds(unfinished, (option) => scores[option]!, 1) &&
      (!parameters.threshold || reaches(most, whole, parameters.threshold))
    );
  };
}

/** Between first and last place lie twice as many points as there are other options. */
function bordaStands(unfinished: Unfinished): boolean {
  const { options, parameters, ballots } = unfinished;
  const scores = borda.count(options, parameters, ballots).detail['doubledScores'] as Readonly<Record<string, number>>;
  return leadHolds(unfinished, (option) => scores[option]!, 2 * (options.length - 1));
}

/** Who is put first, alone, by more than half of all there could be is never the last of those left. */
function majorityStands({ options, ballots, remaining }: Unfinished): boolean {
  const whole = ballots.reduce((sum, { weight }) => sum + weight, remaining);
  const firsts = (option: string) =>
    ballots.reduce(
      (sum, { ballot: { ranking: [first] = [] }, weight }) =>
        sum + (first?.length === 1 && first[0] === option ? weight : 0),
      0,
    );
  return options.some((option) => 2 * firsts(option) > whole);
}

function sumStands(unfinished: Unfinished): boolean {
  const sums = scoresOf(score, unfinished, unfinished.ballots);
  return leadHolds(unfinished, (option) => sums[option]!, LIMITS.score);
}

/** Zeros lower a lower median most and top grades raise it most, whatever part of the weight comes. */
function medianStands(unfinished: Unfinished): boolean {
  const { options, ballots, remaining } = unfinished;
  const all = (grade: number): Weighted => ({
    ballot: { score: Object.fromEntries(options.map((option) => [option, grade])) },
    weight: remaining,
  });
  if (remaining === 0) return winnersOf(score, options, unfinished.parameters, ballots).length === 1;
  const lowest = scoresOf(score, unfinished, [...ballots, all(0)]);
  const highest = scoresOf(score, unfinished, [...ballots, all(LIMITS.score)]);
  return options.some((leader) => options.every((other) => other === leader || lowest[leader]! > highest[other]!));
}

/** The Condorcet winner stays one, wins alone, and passes the threshold against the status quo with all against it. */
function leaderBeatsAll({ options, parameters, ballots, remaining }: Unfinished): boolean {
  const matrix = pairwise(options, ballots);
  const leader = options.findIndex((_, a) =>
    options.every((__, b) => a === b || matrix[a]![b]! - matrix[b]![a]! > remaining),
  );
  if (leader < 0) return false;
  const { statusQuo, threshold } = parameters;
  if (statusQuo === undefined || !threshold || options[leader] === statusQuo) return true;
  const standing = options.indexOf(statusQuo);
  const [won, lost] = [matrix[leader]![standing]!, matrix[standing]![leader]!];
  return reaches(won, won + lost + remaining, threshold);
}

function winnersOf(rule: Rule, options: readonly string[], parameters: RuleParameters, ballots: readonly Weighted[]) {
  return rule.count(options, parameters, ballots).winners;
}

function scoresOf(rule: Rule, { options, parameters }: Unfinished, ballots: readonly Weighted[]) {
  return rule.count(options, parameters, ballots).detail['scores'] as Readonly<Record<string, number>>;
}
