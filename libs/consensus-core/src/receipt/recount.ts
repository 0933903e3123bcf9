/**
 * The recount: what the offline verifier does with a predicate once its envelope and log proof hold.
 *
 * It believes nothing that can be derived. {@link recount} replays tally and outcome from rule, electorate, evidence and
 * statements; {@link checkBallots} verifies every signature, commitment and window, and that each voter's status
 * follows from what that voter signed. Neither throws on a parsed predicate, however hostile.
 *
 * Together they prove that the stated result follows from statements the electorate's keys signed. They do not prove
 * that gates told the truth (evidence is the platform's word, by digest) nor that no statement was withheld.
 */
import { jcs } from '@conclave/audit-core';
import { ballotBytes, commitmentBytes, revealBytes, signedBy, type Statement } from '../ballot.js';
import { conclusionOf, type Conclusion } from '../decision/conclusion.js';
import { agendaDigest, agendaOf, hasRounds } from '../discussion.js';
import { finalStatus, sameStatement, standingOf } from '../decision/standing.js';
import type { Answer } from '../refusal.js';
import { faultOfBallot } from '../tally.js';
import { termsDigest, type Voter } from '../terms.js';
import { fault, repeats, type BallotFault } from './ballot-fault.js';
import { checkDiscussion, checkStop, checkTerms, checkVeto, checkWaves, recordIn } from './check-protocol.js';
import { checkWindow, isInWindow } from './check-window.js';
import type { Predicate } from './predicate.js';

/** Derives phase, outcome and tally again, from the predicate alone. */
export function recount(predicate: Predicate): Answer<Conclusion> {
  return conclusionOf(recordIn(predicate));
}

/** Whether the stated phase, outcome and tally equal the recount, byte for byte. */
export function recountAgrees(predicate: Predicate): boolean {
  const again = recount(predicate);
  const { phase, outcome, tally } = predicate;
  return again.ok && jcs(again.value) === jcs({ phase, outcome, tally });
}

/** Verifies all that voters signed; an empty list means that every ballot holds. */
export async function checkBallots(predicate: Predicate): Promise<BallotFault[]> {
  const voters = new Map(predicate.electorate.map((voter) => [voter.voterId, voter]));
  const terms = ballotDigestIn(predicate);
  const check = (voter: Voter, path: string) => (statement: Statement, at: number) =>
    checkStatement(predicate, terms, voter, statement, `${path}/statements/${at}`);
  const records = predicate.ballots.map(async ({ voterId, status, statements }, index) => {
    const path = `/ballots/${index}`;
    const voter = voters.get(voterId);
    if (!voter) return [fault('not-a-voter', path)];
    const said = statements.map(check(voter, path));
    const again = statements.some((a, i) => statements.slice(i + 1).some((b) => sameStatement(a, b)));
    return [
      ...(await Promise.all(said)).flat(),
      ...(again ? [fault('statement-repeated', path)] : []),
      ...(finalStatus(standingOf(statements)) === status ? [] : [fault('status', path)]),
    ];
  });
  return [
    ...checkRegister(predicate),
    ...checkWindow(predicate),
    ...checkTerms(predicate),
    ...checkWaves(predicate),
    ...checkStop(predicate),
    ...(await checkDiscussion(predicate)),
    ...(await checkVeto(predicate)),
    ...(await Promise.all(records)).flat(),
  ];
}

/** What ballots were signed over besides themselves. */
function ballotDigestIn(predicate: Predicate): string {
  const opening = termsDigest(predicate);
  return hasRounds(predicate) ? agendaDigest(opening, agendaOf(predicate.options, predicate.discussion)) : opening;
}

async function checkStatement(
  predicate: Predicate,
  terms: string,
  voter: Voter,
  statement: Statement,
  path: string,
): Promise<BallotFault[]> {
  const { decisionId } = predicate;
  const { ballot, signature } = statement;
  const faults: BallotFault[] = isInWindow(predicate, statement) ? [] : [fault('window', path)];
  if (ballot) {
    const options = new Set(agendaOf(predicate.options, predicate.discussion).map(({ id }) => id));
    const own = ballot.decisionId === decisionId && ballot.voterId === voter.voterId;
    if (!own || faultOfBallot(ballot, options, predicate.rule)) faults.push(fault('foreign', path));
  }
  if (!(await signedBy(voter, statementBytes(predicate, terms, voter.voterId, statement), signature)))
    faults.push(fault('signature', path));
  return faults;
}

/** What the signature of a voter's statement is over. */
export function statementBytes(
  { decisionId, signedReveals }: Pick<Predicate, 'decisionId' | 'signedReveals'>,
  termsSha256: string,
  voterId: string,
  { ballot, salt, commit = '' }: Omit<Statement, 'seq' | 'signature'>,
): Uint8Array {
  if (!ballot) return commitmentBytes({ decisionId, round: 1, voterId, commit }, termsSha256);
  if (salt === undefined) return ballotBytes(ballot, termsSha256);
  return revealBytes({ ballot, salt }, termsSha256, { signedReveals });
}

function checkRegister({ electorate, ballots, evidence, gates }: Predicate): BallotFault[] {
  return [
    ...(repeats(electorate.map(({ voterId }) => voterId)) ? [fault('voter-repeated', '/electorate')] : []),
    ...(repeats(electorate.map(({ publicKey }) => publicKey)) ? [fault('key-repeated', '/electorate')] : []),
    ...(repeats(ballots.map(({ voterId }) => voterId)) ? [fault('record-repeated', '/ballots')] : []),
    ...(repeats(evidence.map(({ gate }) => gate)) ? [fault('evidence-repeated', '/evidence')] : []),
    ...evidence.flatMap(({ gate }, index) =>
      gates.includes(gate) ? [] : [fault('unknown-gate', `/evidence/${index}`)],
    ),
  ];
}
