import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { line, pageOf, pageQuery, sha256Hex } from '../page.js';
import {
  ballot,
  base64,
  decision,
  decisionPhases,
  decisionTerms,
  optionId,
  rule,
  signature,
  voteShape,
  weight,
} from './decision.js';

export { listCalibration, recordHindsight } from './calibration.js';
export * from './deliberation.js';
export { ballot, decision, decisionPhases, decisionTerms, rule, type Decision } from './decision.js';
export * from './voter-keys.js';

/**
 * Opens a decision. The same id with the same terms is a repeat and answers with the decision as it stands. `policy` and
 * `evaluator` are the runtime's to say: through the edge they are refused, so a panel's name is never a caller's claim.
 */
export const openDecision = contract({
  owner: 'consensus',
  subject: 'consensus.v1.decision.open',
  permission: 'decision:open',
  attributes: ['secrecy'],
  callers: ['gateway', 'runtime'],
  request: decisionTerms,
  reply: decision,
  errors: [
    'consensus.decision.claim',
    'consensus.decision.exists',
    'consensus.decision.malformed',
    'consensus.voter-key.not-found',
    'consensus.voter-key.pending',
  ],
  http: {
    method: 'POST',
    path: '/v1/decisions',
    status: 201,
    summary: 'Open a decision',
    tag: 'decisions',
    stability: 'beta',
  },
});

export const getDecision = contract({
  owner: 'consensus',
  subject: 'consensus.v1.decision.get',
  permission: 'decision:read',
  callers: ['gateway', 'runtime'],
  /** With `voter`, the options come in the order in which that voter is to see them. */
  request: z.strictObject({ id: idOf('decision'), voter: idOf('voter').optional() }),
  reply: decision,
  errors: ['consensus.decision.not-found'],
  http: {
    method: 'GET',
    path: '/v1/decisions/{id}',
    summary: 'Read a decision with its ballots',
    tag: 'decisions',
    stability: 'beta',
  },
});

/**
 * The public terms as they are digested into `termsSha256`, with the salt that opens the commitment to the question: a
 * voter's own program derives from them what it signs.
 */
export const getTerms = contract({
  owner: 'consensus',
  subject: 'consensus.v1.decision.terms',
  permission: 'decision:read',
  request: z.strictObject({ id: idOf('decision') }),
  reply: z.object({ terms: z.record(z.string(), z.unknown()), questionSalt: base64 }),
  errors: ['consensus.decision.not-found'],
  http: {
    method: 'GET',
    path: '/v1/decisions/{id}/terms',
    summary: 'The terms that every ballot is bound to',
    tag: 'decisions',
    stability: 'beta',
  },
});

const decisionSummary = decision.pick({
  id: true,
  question: true,
  phase: true,
  outcome: true,
  openedAt: true,
  sealedAt: true,
  receiptReady: true,
});

export const listDecisions = contract({
  owner: 'consensus',
  subject: 'consensus.v1.decision.list',
  permission: 'decision:read',
  request: z.strictObject({ ...pageQuery, phase: z.enum(decisionPhases).optional() }),
  reply: pageOf(decisionSummary),
  http: {
    method: 'GET',
    path: '/v1/decisions',
    summary: 'List decisions, newest first',
    tag: 'decisions',
    stability: 'beta',
  },
});

export const cancelDecision = contract({
  owner: 'consensus',
  subject: 'consensus.v1.decision.cancel',
  permission: 'decision:open',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({ id: idOf('decision'), reason: line(400) }),
  reply: decision,
  errors: ['consensus.decision.not-found', 'consensus.decision.phase', 'consensus.decision.malformed'],
  http: {
    method: 'POST',
    path: '/v1/decisions/{id}/cancel',
    summary: 'Cancel a decision',
    tag: 'decisions',
    stability: 'beta',
  },
});

const ballotErrors = [
  'consensus.decision.not-found',
  'consensus.decision.phase',
  'consensus.ballot.late',
  'consensus.ballot.not-a-voter',
  'consensus.ballot.signature',
  'consensus.ballot.equivocation',
  'consensus.ballot.malformed',
] as const;

/** Casts a signed ballot in an open decision. The same ballot again is a repeat; another one makes the voter void. */
export const castBallot = contract({
  owner: 'consensus',
  subject: 'consensus.v1.ballot.cast',
  permission: 'ballot:cast',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({ id: idOf('decision'), ballot, signature }),
  reply: decision,
  errors: ballotErrors,
  http: {
    method: 'POST',
    path: '/v1/decisions/{id}/ballots',
    status: 201,
    summary: 'Cast a signed ballot',
    tag: 'decisions',
    stability: 'beta',
  },
});

/** Commits to a ballot in a sealed decision; the signature covers `"conclave/commit/v1\n" ‖ termsSha256 ‖ "\n" ‖ JCS({decisionId, round, voterId, commit})`. */
export const commitBallot = contract({
  owner: 'consensus',
  subject: 'consensus.v1.ballot.commit',
  permission: 'ballot:cast',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({
    id: idOf('decision'),
    voterId: idOf('voter'),
    round: z.number().int().min(1),
    commit: sha256Hex,
    signature,
  }),
  reply: decision,
  errors: ballotErrors,
  http: {
    method: 'POST',
    path: '/v1/decisions/{id}/commits',
    status: 201,
    summary: 'Commit to a ballot',
    tag: 'decisions',
    stability: 'beta',
  },
});

/**
 * Opens a commitment, once the commits are closed in a published checkpoint. Where the decision has `signedReveals`, the
 * signature is over `"conclave/reveal/v1\n" ‖ termsSha256 ‖ "\n" ‖ JCS({ballot, salt})`.
 */
export const revealBallot = contract({
  owner: 'consensus',
  subject: 'consensus.v1.ballot.reveal',
  permission: 'ballot:cast',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({ id: idOf('decision'), ballot, salt: base64, signature }),
  reply: decision,
  errors: [...ballotErrors, 'consensus.ballot.reveal-mismatch'],
  http: {
    method: 'POST',
    path: '/v1/decisions/{id}/reveals',
    status: 201,
    summary: 'Reveal a committed ballot',
    tag: 'decisions',
    stability: 'beta',
  },
});

/** Records what a gate found. Hard evidence: no weight, and a red gate ends the decision. */
export const recordEvidence = contract({
  owner: 'consensus',
  subject: 'consensus.v1.evidence.record',
  permission: 'service',
  callers: ['runtime'],
  request: z.strictObject({
    id: idOf('decision'),
    gate: z.string().min(1).max(100),
    status: z.enum(['green', 'red', 'abstained']),
    sha256: sha256Hex,
    reason: z.string().max(4_000),
  }),
  reply: decision,
  errors: [
    'consensus.decision.not-found',
    'consensus.decision.phase',
    'consensus.evidence.unknown-gate',
    'consensus.evidence.conflict',
  ],
});

const tallyBallot = z.strictObject({
  ...voteShape,
  weight: weight.optional(),
  count: z.number().int().min(1).max(1_000_000).optional(),
});

const tallyResult = z.object({
  status: z.enum(['decided', 'tied', 'no-quorum', 'below-threshold']),
  winners: z.array(z.string()),
  ranking: z.array(z.array(z.string())),
  detail: z.record(z.string(), z.unknown()),
});

/** The tally a decision has so far or ended with. */
export const getTally = contract({
  owner: 'consensus',
  subject: 'consensus.v1.decision.tally',
  permission: 'decision:read',
  request: z.strictObject({ id: idOf('decision') }),
  reply: tallyResult,
  errors: ['consensus.decision.not-found', 'consensus.decision.phase'],
  http: {
    method: 'GET',
    path: '/v1/decisions/{id}/tally',
    summary: 'The tally of a closed decision',
    tag: 'decisions',
    stability: 'beta',
  },
});

/** Stateless: counts the given ballots under the given rule and keeps nothing. */
export const computeTally = contract({
  owner: 'consensus',
  subject: 'consensus.v1.tally.compute',
  permission: 'tally:compute',
  request: z.strictObject({
    options: z.array(optionId).min(1).max(100),
    rule,
    eligibleWeight: z.number().int().min(1).max(9_000_000_000_000).optional(),
    ballots: z.array(tallyBallot).max(10_000),
  }),
  reply: tallyResult,
  errors: ['consensus.tally.malformed', 'consensus.tally.too-tied', 'consensus.tally.too-large'],
  http: {
    method: 'POST',
    path: '/v1/tally',
    summary: 'Count ballots under a rule, statelessly',
    tag: 'decisions',
    stability: 'beta',
  },
});

const dsseEnvelope = z.object({
  payloadType: z.string(),
  payload: z.string(),
  signatures: z.array(z.object({ keyid: z.string(), sig: z.string() })),
});

const receiptFile = z.object({
  mediaType: z.string(),
  envelope: dsseEnvelope,
  log: z.object({ entry: z.string(), proof: z.string() }),
  disclosures: z.array(z.record(z.string(), z.unknown())),
});

const sigstoreBundle = z.object({
  mediaType: z.string(),
  verificationMaterial: z.object({
    publicKey: z.object({ hint: z.string() }),
    tlogEntries: z.array(z.never()),
    timestampVerificationData: z.object({ rfc3161Timestamps: z.array(z.never()) }),
  }),
  dsseEnvelope,
});

/** The decision receipt file, ready for `conclave verify`; as `sigstore` its envelope alone, as a bundle of version 0.3. */
export const getReceipt = contract({
  owner: 'consensus',
  subject: 'consensus.v1.receipt.get',
  permission: 'decision:read',
  request: z.strictObject({ id: idOf('decision'), format: z.enum(['conclave', 'sigstore']).optional() }),
  reply: z.union([receiptFile, sigstoreBundle]),
  errors: ['consensus.decision.not-found', 'consensus.decision.phase', 'consensus.receipt.pending'],
  http: {
    method: 'GET',
    path: '/v1/decisions/{id}/receipt',
    summary: 'The signed, logged receipt',
    tag: 'decisions',
    stability: 'beta',
  },
});

/** The public keys receipts are signed with: what an auditor pins as `services` of a trust root. */
export const listReceiptKeys = contract({
  owner: 'consensus',
  subject: 'consensus.v1.receipt-key.list',
  permission: 'decision:read',
  request: z.strictObject({}),
  reply: z.object({
    items: z.array(z.object({ keyid: z.string(), algorithm: z.literal('ed25519'), publicKey: base64 })),
  }),
  http: {
    method: 'GET',
    path: '/v1/receipt-keys',
    summary: 'Public keys that sign receipts',
    tag: 'decisions',
    stability: 'beta',
  },
});
