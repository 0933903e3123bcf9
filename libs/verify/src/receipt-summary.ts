/**
 * What a receipt says, for people: who voted what and why, under which rule, with what result, and who dissented.
 *
 * It repeats the file's claims in readable form and judges nothing; whether to believe it is the verdict's business.
 */
import {
  favouritesOf,
  saidOn,
  type Ballot,
  type Disclosure,
  type Predicate,
  type Said,
  type Voter,
} from '@conclave/consensus-core';

/** A voter and what became of them; `said` is absent for those who stayed silent or never revealed. */
export interface BallotSummary {
  readonly voterId: string;
  readonly name: string;
  readonly kind: Voter['kind'];
  readonly family: string;
  readonly custody: Voter['custody'];
  readonly weight: number;
  readonly status: string;
  readonly said?: Said;
  readonly reason?: string;
  readonly findingsSha256?: string;
  /** Counted, and against the outcome. */
  readonly dissents: boolean;
}

/** A receipt in readable form; `question` is there only if it was disclosed. */
export interface ReceiptSummary extends Pick<
  Predicate,
  'decisionId' | 'origin' | 'phase' | 'outcome' | 'rule' | 'secrecy' | 'notices' | 'tally' | 'times' | 'evidence'
> {
  readonly question?: string;
  readonly subject?: Predicate['subject'];
  readonly policy?: Predicate['policy'];
  readonly ballots: readonly BallotSummary[];
  /** How many keys of the electorate are held by whom. */
  readonly custody: Readonly<Record<Voter['custody'], number>>;
}

/** Puts a predicate into readable form. Disclosures must be those that open it. */
export function summarize(predicate: Predicate, disclosures: readonly Disclosure[]): ReceiptSummary {
  const { decisionId, origin, phase, outcome, rule, secrecy, notices, tally, times, evidence } = predicate;
  const question = disclosures.find(({ path }) => path === '/question')?.value;
  return {
    ...{ decisionId, origin, phase, outcome, rule, secrecy, notices, tally, times, evidence },
    ...(typeof question === 'string' && { question }),
    ...(predicate.subject && { subject: predicate.subject }),
    ...(predicate.policy && { policy: predicate.policy }),
    ballots: predicate.electorate.map((voter) => summarizeVoter(voter, predicate)),
    custody: {
      platform: heldBy(predicate, 'platform'),
      external: heldBy(predicate, 'external'),
      passkey: heldBy(predicate, 'passkey'),
    },
  };
}

function summarizeVoter(voter: Voter, predicate: Predicate): BallotSummary {
  const { voterId, name, kind, family, custody, weight } = voter;
  const record = predicate.ballots.find((ballot) => ballot.voterId === voterId);
  const ballot = record?.statements.findLast((statement) => statement.ballot !== undefined)?.ballot;
  const status = record?.status ?? 'silent';
  return {
    ...{ voterId, name, kind, family, custody, weight, status },
    ...(ballot && { said: saidOn(ballot), reason: ballot.reason }),
    ...(ballot?.findingsSha256 !== undefined && { findingsSha256: ballot.findingsSha256 }),
    dissents: status === 'counted' && ballot !== undefined && opposes(ballot, predicate.outcome),
  };
}

/** Whether the ballot's first choice is none of the winners; an undecided outcome has nobody against it. */
function opposes(ballot: Ballot, { status, winners }: Predicate['outcome']): boolean {
  return status !== 'undecided' && !favouritesOf(ballot).some((option) => winners.includes(option));
}

function heldBy({ electorate }: Predicate, custody: Voter['custody']): number {
  return electorate.filter((voter) => voter.custody === custody).length;
}
