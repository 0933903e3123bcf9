/**
 * Stopping early: when a decision's outcome is certain, and whom to ask next while it is not.
 *
 * Invariants: certain means that every way in which the voters who have not spoken could still speak, abstain or stay
 * away leads to the same phase and outcome; whom to ask follows from the terms and from what was said before, so a
 * reader of the receipt comes to the same waves. Those who could veto are asked first, then the heaviest.
 */
import { saidOn } from '../ballot.js';
import { LIMITS } from '../primitives.js';
import { agendaOf } from '../discussion.js';
import { shortfallOf } from '../electorate.js';
import type { TallyBallot } from '../rules/rule.js';
import { agreeingOn, cannotBeOverturned } from '../rules/settled.js';
import { isQuorate, tallyOrTie, type TallyInput } from '../tally.js';
import type { Voter } from '../terms.js';
import type { Record } from './conclusion.js';
import { standingOf } from './standing.js';

/** Somebody's ballot or abstention. */
interface Heard {
  readonly voter: Voter;
  readonly ballot: TallyBallot;
}

/** Whether nothing that voters or gates could still say changes how the decision ends. */
export function isCertain(record: Record): boolean {
  const { terms, evidence } = record;
  const { heard, pending } = hearing(record);
  if (pending.some((voter) => mayVeto(record.terms, voter))) return false;
  if ([...evidence.values()].some(({ status }) => status === 'red')) return true;
  return terms.gates.every((name) => evidence.has(name)) && ballotsSettle(record, heard, pending);
}

/**
 * The voters to be asked next: as few as could make the outcome certain if they agreed. Nobody while some who were
 * asked have not spoken, and nobody once the ballots are settled.
 */
export function nextWave(record: Record, asked: readonly string[]): readonly string[] {
  const { heard, pending } = hearing(record);
  if (pending.some(({ voterId }) => asked.includes(voterId))) return [];
  const vetoers = pending.filter((voter) => mayVeto(record.terms, voter));
  const others = pending
    .filter((voter) => !vetoers.includes(voter))
    .map((voter, place) => ({ voter, place }))
    .sort((a, b) => b.voter.weight - a.voter.weight || a.place - b.place)
    .map(({ voter }) => voter);
  const queue = [...vetoers, ...others];
  if (queue.length === 0 || (vetoers.length === 0 && ballotsSettle(record, heard, pending))) return [];
  const agreements = agreementsOn(record, heard);
  let low = Math.max(1, vetoers.length);
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (agreements.some((ballot) => couldSettle(record, heard, queue, middle, ballot))) high = middle;
    else low = middle + 1;
  }
  return queue.slice(0, low).map(({ voterId }) => voterId);
}

/** Who has spoken and who has not. A void voter is neither: nothing it says counts any more. */
function hearing({ terms, statements }: Record): { heard: Heard[]; pending: Voter[] } {
  const heard: Heard[] = [];
  const pending: Voter[] = [];
  for (const voter of terms.electorate) {
    const { status, ballot } = standingOf(statements.get(voter.voterId) ?? []);
    if (status === 'pending') pending.push(voter);
    else if (ballot) heard.push({ voter, ballot: saidOn(ballot) });
  }
  return { heard, pending };
}

/**
 * What those who are asked next would have to say for an end: to agree on who is ahead. There are as many waves as voters
 * at most, and all of them together follow no more tie orders than one count may.
 */
function agreementsOn(record: Record, heard: readonly Heard[]): readonly TallyBallot[] {
  const { rule, options, electorate } = record.terms;
  const counted = tallyOrTie(contestOf(record, heard), Math.floor(LIMITS.tieSteps / electorate.length));
  const leading = counted.ok ? counted.value.ranking[0]?.[0] : undefined;
  return agreeingOn(rule.method, leading ?? options[0]!.id);
}

function couldSettle(
  record: Record,
  heard: readonly Heard[],
  queue: readonly Voter[],
  many: number,
  ballot: TallyBallot,
): boolean {
  const agreed = queue.slice(0, many).map((voter): Heard => ({ voter, ballot }));
  return ballotsSettle(record, [...heard, ...agreed], queue.slice(many));
}

/** Whether these ballots decide, whatever the others would say. Asked with every ballot, so nobody is elected for it. */
function ballotsSettle(record: Record, heard: readonly Heard[], pending: readonly Voter[]): boolean {
  const { rule, electorateRules } = record.terms;
  if (!isQuorate(contestOf(record, heard))) return false;
  const counted = heard.filter(({ ballot }) => ballot.vote !== 'abstain');
  const voters = counted.map(({ voter }) => voter);
  if (shortfallOf(voters, electorateRules)) return false;
  return cannotBeOverturned(rule.method, {
    options: optionsOf(record),
    parameters: rule,
    ballots: counted.map(({ voter, ballot }) => ({ ballot, weight: voter.weight })),
    remaining: weightOf(pending),
  });
}

function contestOf(record: Record, heard: readonly Heard[]): TallyInput {
  return {
    options: optionsOf(record),
    rule: record.terms.rule,
    eligibleWeight: weightOf(record.terms.electorate),
    ballots: heard.map(({ voter, ballot }) => ({ ...ballot, weight: voter.weight })),
  };
}

const optionsOf = ({ terms, discussion }: Record) => agendaOf(terms.options, discussion).map(({ id }) => id);

const mayVeto = ({ veto }: Record['terms'], { roles }: Voter): boolean =>
  veto !== undefined && roles.some((role) => veto.roles.includes(role));

const weightOf = (voters: readonly Voter[]): number => voters.reduce((sum, { weight }) => sum + weight, 0);
