/**
 * Admission of what voters sign: ballots, abstentions, commitments, reveals.
 *
 * Source: the protocol of `docs/trust.md`. Checks run from cheap to dear, and a signature is verified before anything
 * is recorded, so nobody can make a voter void by forgery. The order of the log is the clock: what arrives after the
 * close is late, however early it was sent; a repeat of what is already recorded is never late.
 */
import { hex, jcs, sha256, utf8 } from '@conclave/audit-core';
import {
  ballotBytes,
  ballotShape,
  commitmentBytes,
  commitmentShape,
  revealBytes,
  signatureShape,
  signedBy,
  type Ballot,
  type Signature,
} from '../ballot.js';
import { agendaDigest, agendaOf, hasRounds } from '../discussion.js';
import { salt } from '../primitives.js';
import type { Refusal } from '../refusal.js';
import { object, read } from '../shape.js';
import { faultOfBallot } from '../tally.js';
import { openingDigestOf } from '../terms.js';
import { accept, refuse, repeated, type Admission } from './admission.js';
import type { Decision } from './decision.js';
import { transitions } from './decision.states.js';
import { statementIn, type StatementEvent } from './events.js';
import { sameStatement, standingOf } from './standing.js';

const castCommand = object({ ballot: ballotShape, signature: signatureShape });
const revealCommand = object({ ballot: ballotShape, salt, signature: signatureShape });
const commitCommand = object({ commitment: commitmentShape, signature: signatureShape });

/** What becomes of a statement in a decision as it stands, once it was examined by itself. */
export type Examined = (decision: Decision) => Admission;

/** Casts a signed ballot in an open decision, or records a signed abstention in either kind. */
export const admitBallot = inOneGo(examineBallot);
/** Records a signed commitment while commits are accepted. */
export const admitCommit = inOneGo(examineCommit);
/** Opens a commitment, once the commits are closed. */
export const admitReveal = inOneGo(examineReveal);

/** Whether a ballot is one of this decision's and its voter's, which depends on the terms and the final options alone. */
export async function examineBallot(decision: Decision, command: unknown): Promise<Examined> {
  const known = read(castCommand, command);
  if (!known.ok) return refused(refuse('consensus.ballot.malformed', 'shape', known.path));
  const { ballot, signature } = known.value;
  const refusal = await refusalOf(decision, ballot, signature);
  if (refusal) return refused({ events: [], refusal });
  if (ballot.vote === 'abstain') return (now) => admit(now, { type: 'ballot.abstained', data: known.value });
  if (decision.terms.secrecy === 'sealed') return refused(refuse('consensus.decision.phase', 'sealed-secrecy'));
  return (now) => admit(now, { type: 'ballot.cast', data: known.value });
}

/** Likewise of a commitment. */
export async function examineCommit(decision: Decision, command: unknown): Promise<Examined> {
  const known = read(commitCommand, command);
  if (!known.ok) return refused(refuse('consensus.ballot.malformed', 'shape', known.path));
  const { commitment, signature } = known.value;
  const { decisionId, voterId, commit } = commitment;
  if (decisionId !== decision.terms.decisionId) return refused(foreignDecision('/commitment'));
  const voter = voterOf(decision, voterId);
  if (!voter) return refused(refuse('consensus.ballot.not-a-voter', 'not-a-voter'));
  if (isDiscussed(decision)) return refused(refuse('consensus.decision.phase', decision.phase));
  if (!(await signedBy(voter, commitmentBytes(commitment, ballotDigestOf(decision)), signature)))
    return refused(refuse('consensus.ballot.signature', 'signature'));
  if (decision.terms.secrecy === 'open') return refused(refuse('consensus.decision.phase', 'open-secrecy'));
  return (now) => admit(now, { type: 'ballot.committed', data: { voterId, commit, signature } });
}

/** Likewise of a ballot that opens a commitment. */
export async function examineReveal(decision: Decision, command: unknown): Promise<Examined> {
  const known = read(revealCommand, command);
  if (!known.ok) return refused(refuse('consensus.ballot.malformed', 'shape', known.path));
  const { ballot, signature } = known.value;
  const bytes = (digest: string) => revealBytes(known.value, digest, decision.terms);
  const refusal = await refusalOf(decision, ballot, signature, bytes);
  if (refusal) return refused({ events: [], refusal });
  if (decision.terms.secrecy === 'open') return refused(refuse('consensus.decision.phase', 'open-secrecy'));
  return (now) =>
    now.phase === 'commit'
      ? refuse('consensus.decision.phase', 'commits-open')
      : admit(now, { type: 'ballot.revealed', data: known.value });
}

function inOneGo(examine: (decision: Decision, command: unknown) => Promise<Examined>) {
  return async (decision: Decision, command: unknown): Promise<Admission> =>
    (await examine(decision, command))(decision);
}

const refused =
  (admission: Admission): Examined =>
  () =>
    admission;

function admit(decision: Decision, event: StatementEvent): Admission {
  const { voterId, statement } = statementIn(event);
  const earlier = decision.statements.get(voterId) ?? [];
  if (earlier.some((said) => sameStatement(said, statement))) return repeated;
  if (!transitions[decision.phase][event.type]) return tooLate(voterId, event.data);
  if (decision.terms.waves && !decision.asked.some(({ voters }) => voters.includes(voterId)))
    return refuse('consensus.decision.phase', 'not-asked');
  const reveal = event.type === 'ballot.revealed';
  if (reveal && !earlier.some(({ commit }) => commit !== undefined))
    return refuse('consensus.ballot.reveal-mismatch', 'no-commit');
  if (standingOf(earlier).status === 'void') return refuse('consensus.ballot.equivocation', 'void');
  if (standingOf([...earlier, statement]).status !== 'void') return accept(event);
  const brokenPromise = reveal && earlier.length === 1;
  const code = brokenPromise ? 'consensus.ballot.reveal-mismatch' : 'consensus.ballot.equivocation';
  return { ...refuse(code, 'void'), ...accept(event) };
}

/** Refused, but on record: the voter did sign it. */
export function tooLate(voterId: string, signed: unknown): Admission {
  const statementSha256 = hex(sha256(utf8(jcs(signed))));
  return { ...refuse('consensus.ballot.late', 'closed'), late: { voterId, statementSha256 } };
}

async function refusalOf(
  decision: Decision,
  ballot: Ballot,
  signature: Signature,
  bytes = (digest: string) => ballotBytes(ballot, digest),
): Promise<Refusal | undefined> {
  const { decisionId, rule } = decision.terms;
  const options = agendaOf(decision.terms.options, decision.discussion);
  if (ballot.decisionId !== decisionId) return foreignDecision('/ballot').refusal;
  const voter = voterOf(decision, ballot.voterId);
  if (!voter) return refuse('consensus.ballot.not-a-voter', 'not-a-voter').refusal;
  if (isDiscussed(decision)) return refuse('consensus.decision.phase', decision.phase).refusal;
  const fault = faultOfBallot(ballot, new Set(options.map(({ id }) => id)), rule);
  if (fault) return refuse('consensus.ballot.malformed', fault, '/ballot').refusal;
  const genuine = await signedBy(voter, bytes(ballotDigestOf(decision)), signature);
  return genuine ? undefined : refuse('consensus.ballot.signature', 'signature').refusal;
}

/** What ballots are signed over besides themselves: the terms, and where options were proposed, the final options. */
export function ballotDigestOf({ terms, discussion }: Pick<Decision, 'terms' | 'discussion'>): string {
  const opening = openingDigestOf(terms);
  return hasRounds(terms) ? agendaDigest(opening, agendaOf(terms.options, discussion)) : opening;
}

/** Whether the options are still being discussed, so that there is nothing yet that a ballot could be signed over. */
function isDiscussed({ phase }: Decision): boolean {
  return phase === 'propose' || phase === 'critique' || phase === 'revise';
}

function voterOf({ terms }: Decision, voterId: string) {
  return terms.electorate.find((voter) => voter.voterId === voterId);
}

function foreignDecision(path: string) {
  return refuse('consensus.ballot.malformed', 'foreign-decision', `${path}/decisionId`);
}
