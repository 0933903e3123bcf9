/**
 * A waiver: a person's signed word that what rejected a change is a false positive.
 *
 * Source: `docs/spec/waiver.md`. It speaks of one receipt, by the digest of its payload, and names every objection it
 * lifts with the digest of what was found: nothing found later, elsewhere or again is covered by it. It lifts objections
 * and nothing else; no signature, proof or count becomes right by it.
 */
import { shortfallOf } from '../electorate.js';
import { gitObjectId, identifier, label, prose, sha256Hex, timestamp } from '../primitives.js';
import { integer, list, object, oneOf, read, text, where, type Of, type Read } from '../shape.js';
import type { Predicate } from './predicate.js';

export const WAIVER_TYPE = 'application/vnd.conclave.waiver.v1+json';

const objectionShape = where(
  object({}, { voterId: identifier, findingsSha256: sha256Hex, gate: label(100), sha256: sha256Hex }),
  ({ voterId, findingsSha256, gate, sha256 }) =>
    gate === undefined
      ? voterId !== undefined && sha256 === undefined
      : sha256 !== undefined && voterId === undefined && findingsSha256 === undefined,
  'a voterId, with findingsSha256 if its ballot has one, or a gate with sha256',
);
/** What stands against a change: a voter's no with the digest of its findings, or a red gate with its report's. */
export type Objection = Of<typeof objectionShape>;

export const waiverShape = object({
  version: integer(1, 1),
  decision: identifier,
  /** The head commit that was judged. */
  commit: gitObjectId,
  payloadSha256: sha256Hex,
  waives: list(objectionShape, 100, 1),
  reason: prose(4_000),
  issuedAt: timestamp,
  expiresAt: timestamp,
});
export type Waiver = Of<typeof waiverShape>;

/** The signed waiver as it is kept: a DSSE envelope with one signature, one line of a file. */
const signedWaiverShape = object({
  payloadType: oneOf(WAIVER_TYPE),
  payload: text(200_000, 1),
  signatures: list(object({ keyid: text(200, 1), sig: text(200, 1) }), 1, 1),
});

/** Reads the envelope of a waiver of any origin strictly. */
export function parseSignedWaiver(value: unknown): Read<Of<typeof signedWaiverShape>> {
  return read(signedWaiverShape, value);
}

/** Reads a waiver of any origin strictly. */
export function parseWaiver(value: unknown): Read<Waiver> {
  return read(waiverShape, value);
}

/**
 * Everything that must be waived for a rejection to stand no longer; none where a waiver cannot help: only a change, by
 * an approval gate whose count was quorate and whose gates have all reported, is rejected by objections alone.
 */
export function objectionsOf(predicate: Predicate): Objection[] {
  const { rule, subject, outcome, tally, gates, evidence, ballots } = predicate;
  const rejected = rule.method === 'approval-gate' && outcome.status === 'rejected' && tally.status === 'decided';
  const reported = gates.every((gate) => evidence.some((one) => one.gate === gate));
  if (!rejected || !reported || subject === undefined || !isWholeVote(predicate)) return [];
  const red = evidence.filter(({ status }) => status === 'red').map(({ gate, sha256 }) => ({ gate, sha256 }));
  if (tally.winners[0] === 'approved') return red;
  const against = ballots.flatMap(({ voterId, status, statements }) => {
    const ballot = statements.find((statement) => statement.ballot !== undefined)?.ballot;
    if (status !== 'counted' || ballot?.vote !== 'no') return [];
    const { findingsSha256 } = ballot;
    return [{ voterId, ...(findingsSha256 !== undefined && { findingsSha256 }) }];
  });
  return [...red, ...against];
}

/** A veto is nobody's to waive, and neither are voters who were not heard: what they would have objected is not known. */
function isWholeVote({ electorate, electorateRules, ballots, vetoed, stopped }: Predicate): boolean {
  const counted = new Set(ballots.filter(({ status }) => status === 'counted').map(({ voterId }) => voterId));
  const voters = electorate.filter(({ voterId }) => counted.has(voterId));
  return vetoed === undefined && stopped === undefined && shortfallOf(voters, electorateRules) === undefined;
}
