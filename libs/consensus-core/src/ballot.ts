/**
 * What a voter signs: the ballot, and in sealed decisions the commitment that precedes it.
 *
 * Source: reference protocol of `docs/trust.md`; canonical bytes are RFC 8785 (JCS), signatures Ed25519 (RFC 8032) or
 * assertions of passkeys (`webauthn.ts`).
 * Invariants: every signed byte string starts with its own domain line, so a signature never means two things; the
 * decision with its terms, the round and the voter are inside, so a ballot cannot be replayed elsewhere.
 */
import { concatBytes, fromBase64, hex, jcs, sha256, utf8, verifyEd25519 } from '@conclave/audit-core';
import { identifier, LIMITS, optionId, salt, sha256Hex, signatureValue } from './primitives.js';
import { integer, list, object, oneOf, read, record, tagged, text, where, type Of } from './shape.js';
import { assertionShapes, verifyAssertion, type SigningKey } from './webauthn.js';

/** What may be said about the options; the decision's rule tells which one member fits. */
export const voteShapes = {
  vote: oneOf('yes', 'no', 'abstain'),
  /** Tiers from best to worst; options of one tier are equal, options left out are tied last. */
  ranking: list(list(optionId, LIMITS.options, 1), LIMITS.options),
  score: record(optionId, integer(0, LIMITS.score), LIMITS.options),
  choice: optionId,
  /** Every option approved of; none is a ballot too. */
  approve: list(optionId, LIMITS.options),
};
export const voteMembers = ['vote', 'ranking', 'score', 'choice', 'approve'] as const;

/** What a ballot says about the options, without who says it. */
export type Said = Partial<Pick<Ballot, (typeof voteMembers)[number]>>;

/** What a ballot says about the options. */
export function saidOn(ballot: Said): Said {
  const said = voteMembers.filter((member) => ballot[member] !== undefined);
  return Object.fromEntries(said.map((member) => [member, ballot[member]]));
}

/** The options a ballot is for or puts first; of a plain vote, how the gate should end. */
export function favouritesOf({ vote, ranking, score = {}, choice, approve }: Said): readonly string[] {
  if (vote !== undefined) return vote === 'abstain' ? [] : [vote === 'yes' ? 'approved' : 'rejected'];
  if (ranking) return ranking[0] ?? [];
  if (approve) return approve;
  if (choice !== undefined) return [choice];
  const best = Math.max(...Object.values(score));
  return Object.keys(score).filter((option) => score[option] === best);
}

/** The shape of a ballot. Exactly one of {@link voteMembers}; an abstention must say why. */
export const ballotShape = where(
  where(
    object(
      {
        decisionId: identifier,
        round: integer(1, 1),
        voterId: identifier,
        /** Free text for people; anything else belongs behind `findingsSha256`. */
        reason: text(4_000),
      },
      { ...voteShapes, findingsSha256: sha256Hex },
    ),
    (ballot) => voteMembers.filter((member) => ballot[member] !== undefined).length === 1,
    `exactly one of ${voteMembers.join(', ')}`,
  ),
  (ballot) => ballot.vote !== 'abstain' || ballot.reason.trim() !== '',
  'a reason for the abstention',
);
export type Ballot = Of<typeof ballotShape>;

/** A signature with its algorithm: a union that grows by further algorithms, never by another meaning of one. */
export const signatureShape = tagged('algorithm', {
  ed25519: object({ algorithm: oneOf('ed25519'), value: signatureValue }),
  'webauthn-es256': object({ algorithm: oneOf('webauthn-es256'), ...assertionShapes }),
  'webauthn-eddsa': object({ algorithm: oneOf('webauthn-eddsa'), ...assertionShapes }),
});
export type Signature = Of<typeof signatureShape>;

/** A promise to cast one certain ballot, which stays secret until the commits are closed. */
export const commitmentShape = object({
  decisionId: identifier,
  round: integer(1, 1),
  voterId: identifier,
  /** {@link commitOf} the ballot. */
  commit: sha256Hex,
});
export type Commitment = Of<typeof commitmentShape>;

/**
 * The exact bytes a voter signs to cast or abstain. `termsSha256` is the digest of the decision's public terms:
 * with it, nobody can carry the signature over to another subject, rule, electorate or panel.
 */
export function ballotBytes(ballot: Ballot, termsSha256: string): Uint8Array {
  return utf8(`conclave/ballot/v1\n${termsSha256}\n${jcs(ballot)}`);
}

/** The exact bytes a voter signs to commit; bound to the terms as a ballot is. */
export function commitmentBytes(commitment: Commitment, termsSha256: string): Uint8Array {
  return utf8(`conclave/commit/v1\n${termsSha256}\n${jcs(commitment)}`);
}

/**
 * The exact bytes a voter signs to open a commitment. Under terms with `signedReveals` the salt is among them, so that
 * nobody else can make the promise look broken.
 */
export function revealBytes(
  { ballot, salt }: { readonly ballot: Ballot; readonly salt: string },
  termsSha256: string,
  { signedReveals = false }: { readonly signedReveals?: boolean | undefined },
): Uint8Array {
  if (!signedReveals) return ballotBytes(ballot, termsSha256);
  return utf8(`conclave/reveal/v1\n${termsSha256}\n${jcs({ ballot, salt })}`);
}

/** The commitment to a ballot, hex; `salt` is 32 random bytes in base64, so that the ballot cannot be guessed. */
export function commitOf(ballot: Ballot, salt: string): string {
  return hex(sha256(concatBytes(utf8('conclave/ballot-commit/v1\n'), fromBase64(salt), utf8(jcs(ballot)))));
}

/** One thing a voter signed, as it is kept: a commitment, or a ballot (with the salt that opens the commitment). */
export const statementShape = where(
  object({ seq: integer(1), signature: signatureShape }, { commit: sha256Hex, ballot: ballotShape, salt }),
  (statement) => (statement.commit === undefined) !== (statement.ballot === undefined),
  'either a commit or a ballot',
);
export type Statement = Of<typeof statementShape>;

/** Whether the key signed these bytes, with its own algorithm and, for a passkey, for its own site. */
export async function signedBy(key: SigningKey, bytes: Uint8Array, signature: Signature): Promise<boolean> {
  if (signature.algorithm !== key.algorithm) return false;
  if (signature.algorithm !== 'ed25519') return verifyAssertion(key, sha256(bytes), signature);
  return verifyEd25519(fromBase64(key.publicKey), bytes, fromBase64(signature.value));
}

/** Whether the key signed the register's challenge (base64), so that somebody holds it; false for what is no signature. */
export async function showsPossession(key: SigningKey, challenge: string, signature: unknown): Promise<boolean> {
  const known = read(signatureShape, signature);
  const bytes = utf8(`conclave/voter-key/v1\n${challenge}\n${key.publicKey}`);
  return known.ok && signedBy(key, bytes, known.value);
}
