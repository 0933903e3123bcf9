/** The register of voter keys: who may sign ballots, with what, and who holds it. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { name, newName, pageOf, pageQuery, timestamp } from '../page.js';
import { base64 } from './decision.js';

const voterId = idOf('voter');
/** An enrolment is answered when the log has it. */
const ENROL_MS = 15_000;

/**
 * That somebody holds the key: its signature, by `value`, over
 * `"conclave/voter-key/v1\n" ‖ challenge ‖ "\n" ‖ publicKey`, all in base64 as sent.
 */
const possession = z.strictObject({ challenge: base64, value: base64 });

/** What `navigator.credentials.create` gave for a challenge of the register. Attestation is neither asked for nor judged. */
const registration = z.strictObject({
  clientDataJSON: base64,
  attestationObject: z
    .string()
    .max(20_000)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/, { error: 'expected base64' }),
});

const voterKey = z.object({
  voterId,
  name,
  /** Raw, base64: 32 bytes of Ed25519, or the 65 of an uncompressed P-256 point. */
  publicKey: base64,
  algorithm: z.enum(['ed25519', 'webauthn-es256', 'webauthn-eddsa']),
  custody: z.enum(['platform', 'external', 'passkey']),
  /** Of passkeys: how the browser finds it, and where it signs. */
  passkey: z.object({ credentialId: base64, rpId: z.string(), origin: z.string() }).optional(),
  /** Whose key it is: a principal, or the service that holds it. Absent in what was written before it was said. */
  enrolledBy: z.string().optional(),
  enrolledAt: timestamp,
  revokedAt: timestamp.optional(),
});

const listedKey = voterKey.extend({
  /** Not in a published checkpoint of the log yet: it opens no decision. */
  pending: z.literal(true).optional(),
});

/**
 * Asks for a challenge to enrol or rotate a key with: for this principal, for ten minutes, for one use. `relyingParty`
 * is absent where the installation takes no passkeys.
 */
export const challengeVoterKey = contract({
  owner: 'consensus',
  subject: 'consensus.v1.voter-key.challenge',
  permission: 'voter-key:enrol',
  request: z.strictObject({}),
  reply: z.object({
    challenge: base64,
    expiresAt: timestamp,
    relyingParty: z.object({ rpId: z.string(), origins: z.array(z.string()) }).optional(),
  }),
  http: {
    method: 'POST',
    path: '/v1/voter-keys/challenges',
    status: 201,
    summary: 'Ask for a challenge to enrol a key with',
    tag: 'decisions',
    stability: 'beta',
  },
});

/**
 * Enrols a voter's Ed25519 key. Keys must be enrolled before a decision opens. Through the edge custody is `external`
 * and the key must show that somebody holds it.
 */
export const enrolVoterKey = contract({
  owner: 'consensus',
  subject: 'consensus.v1.voter-key.enrol',
  permission: 'voter-key:enrol',
  timeoutMs: ENROL_MS,
  callers: ['gateway', 'runtime'],
  request: z.strictObject({
    voterId: voterId.optional(),
    name: newName,
    publicKey: base64,
    algorithm: z.literal('ed25519'),
    possession: possession.optional(),
  }),
  reply: voterKey,
  errors: [
    'consensus.voter-key.refused',
    'consensus.voter-key.exists',
    'consensus.voter-key.challenge',
    'consensus.voter-key.unproven',
    'consensus.voter-key.pending',
  ],
  http: {
    method: 'POST',
    path: '/v1/voter-keys',
    status: 201,
    summary: 'Enrol a voter key',
    tag: 'decisions',
    stability: 'beta',
  },
});

const passkeyErrors = [
  'consensus.voter-key.refused',
  'consensus.voter-key.exists',
  'consensus.voter-key.challenge',
  'consensus.voter-key.unproven',
  'consensus.voter-key.no-passkeys',
  'consensus.voter-key.pending',
] as const;

/** Enrols a passkey of the signed-in person as a voter key; its custody is `passkey`. */
export const enrolPasskey = contract({
  owner: 'consensus',
  subject: 'consensus.v1.passkey.enrol',
  permission: 'voter-key:enrol',
  timeoutMs: ENROL_MS,
  request: z.strictObject({ name: newName, registration }),
  reply: voterKey,
  errors: passkeyErrors,
  http: {
    method: 'POST',
    path: '/v1/voter-keys/passkeys',
    status: 201,
    summary: 'Enrol a passkey as a voter key',
    tag: 'decisions',
    stability: 'beta',
  },
});

/**
 * Gives a voter a new key. Decisions that are open keep the one they froze; the next ones get the new one. Only who
 * enrolled a key may rotate it, and a key never leaves the platform's custody that way.
 */
export const rotateVoterKey = contract({
  owner: 'consensus',
  subject: 'consensus.v1.voter-key.rotate',
  permission: 'voter-key:enrol',
  timeoutMs: ENROL_MS,
  request: z.strictObject({
    voterId,
    key: z.union([
      z.strictObject({ publicKey: base64, algorithm: z.literal('ed25519'), possession }),
      z.strictObject({ registration }),
    ]),
  }),
  reply: voterKey,
  errors: ['consensus.voter-key.not-found', ...passkeyErrors],
  http: {
    method: 'POST',
    path: '/v1/voter-keys/{voterId}/rotations',
    status: 201,
    summary: 'Give a voter a new key',
    tag: 'decisions',
    stability: 'beta',
  },
});

export const listVoterKeys = contract({
  owner: 'consensus',
  subject: 'consensus.v1.voter-key.list',
  permission: 'decision:read',
  /** `enrolledBy` narrows to the keys of one principal. */
  request: z.strictObject({ ...pageQuery, enrolledBy: idOf('principal').optional() }),
  reply: pageOf(listedKey),
  http: {
    method: 'GET',
    path: '/v1/voter-keys',
    summary: 'List voter keys with their custody',
    tag: 'decisions',
    stability: 'beta',
  },
});

export const revokeVoterKey = contract({
  owner: 'consensus',
  subject: 'consensus.v1.voter-key.revoke',
  permission: 'voter-key:enrol',
  request: z.strictObject({ voterId }),
  reply: voterKey,
  errors: ['consensus.voter-key.not-found'],
  http: {
    method: 'DELETE',
    path: '/v1/voter-keys/{voterId}',
    summary: 'Revoke a voter key',
    tag: 'decisions',
    stability: 'beta',
  },
});
