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
import { ballotBytes, commitmentBytes, signedBy, type Statement } from '../ballot.js';
import { conclusionOf, type Conclusion } from '../decision/conclusion.js';
import { finalStatus, sameStatement, standingOf } from '../decision/standing.js';
import type { Answer } from '../refusal.js';
import { faultOfBallot } from '../tally.js';
import { termsDigest, type Voter } from '../terms.js';
import type { Predicate } from './predicate.js';

/** Derives phase, outcome and tally again, from the predicate alone. */
export function recount(predicate: Predicate): Answer<Conclusion> {
  return conclusionOf({
    terms: predicate,
    evidence: new Map(predicate.evidence.map((evidence) => [evidence.gate, evidence])),
    statements: new Map(predicate.ballots.map(({ voterId, statements }) => [voterId, statements])),
  });
}

/** Whether the stated phase, outcome and tally equal the recount, byte for byte. */
export function recountAgrees(predicate: Predicate): boolean {
  const again = recount(predicate);
  const { phase, outcome, tally } = predicate;
  return again.ok && jcs(again.value) === jcs({ phase, outcome, tally });
}

/** Something in a predicate that an honest service could not have written. */
export interface BallotFault {
  readonly code:
    | 'voter-repeated'
    | 'key-repeated'
    | 'not-a-voter'
    | 'record-repeated'
    | 'statement-repeated'
    | 'foreign'
    | 'signature'
    | 'window'
    | 'seq-repeated'
    | 'seq-gap'
    | 'status'
    | 'evidence-repeated'
    | 'unknown-gate';
  /** JSON Pointer into the predicate. */
  readonly path: string;
}

/** Verifies all that voters signed; an empty list means that every ballot holds. */
export async function checkBallots(predicate: Predicate): Promise<BallotFault[]> {
  const voters = new Map(predicate.electorate.map((voter) => [voter.voterId, voter]));
  const terms = termsDigest(predicate);
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
  return [...checkRegister(predicate), ...checkWindow(predicate), ...(await Promise.all(records)).flat()];
}

async function checkStatement(
  predicate: Predicate,
  terms: string,
  voter: Voter,
  statement: Statement,
  path: string,
): Promise<BallotFault[]> {
  const { decisionId } = predicate;
  const { ballot, commit, signature } = statement;
  const faults: BallotFault[] = isInWindow(predicate, statement) ? [] : [fault('window', path)];
  const bytes = ballot
    ? ballotBytes(ballot, terms)
    : commitmentBytes({ decisionId, round: 1, voterId: voter.voterId, commit: commit ?? '' }, terms);
  if (ballot) {
    const options = new Set(predicate.options.map(({ id }) => id));
    const own = ballot.decisionId === decisionId && ballot.voterId === voter.voterId;
    if (!own || faultOfBallot(ballot, options, predicate.rule)) faults.push(fault('foreign', path));
  }
  if (!(await signedBy(voter, bytes, signature))) faults.push(fault('signature', path));
  return faults;
}

/** Commitments and direct abstentions precede the close of the commits, reveals follow it. */
function isInWindow({ secrecy, window }: Predicate, { seq, commit, ballot, salt }: Statement): boolean {
  if (seq <= window.opened || seq >= window.closed) return false;
  if (secrecy === 'open') return commit === undefined && salt === undefined;
  const commitsClosed = window.commitsClosed ?? 0;
  if (ballot && salt !== undefined) return seq > commitsClosed;
  return seq < commitsClosed && (commit !== undefined || ballot?.vote === 'abstain');
}

function checkWindow({ secrecy, window, evidence, ballots }: Predicate): BallotFault[] {
  const { opened, commitsClosed, closed, ended } = window;
  const ordered = opened === 1 && opened < closed && closed < ended;
  const between = commitsClosed === undefined || (opened < commitsClosed && commitsClosed < closed);
  const sealed = (secrecy === 'sealed') === (commitsClosed !== undefined);
  const statements = ballots.flatMap((record) => record.statements);
  const places = [...evidence, ...statements].map(({ seq }) => seq).concat(Object.values(window));
  return [
    ...(ordered && between && sealed ? [] : [fault('window', '/window')]),
    ...(repeats(places) ? [fault('seq-repeated', '/window')] : []),
    ...(places.length < ended ? [fault('seq-gap', '/window')] : []),
    ...evidence.flatMap(({ seq }, index) =>
      seq > opened && seq < closed ? [] : [fault('window', `/evidence/${index}`)],
    ),
  ];
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

function fault(code: BallotFault['code'], path: string): BallotFault {
  return { code, path };
}

function repeats(values: readonly (string | number)[]): boolean {
  return new Set(values).size < values.length;
}
