import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { gitCommit, line, name, pageOf, pageQuery, sha256Hex, timestamp } from '../page.js';

const base64 = z
  .string()
  .max(4_096)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/, { error: 'expected base64' });
const fraction = z.strictObject({
  num: z.number().int().min(0).max(1_000_000),
  den: z.number().int().min(1).max(1_000_000),
});
const optionId = z.string().min(1).max(100);
const weight = z.number().int().min(1).max(1_000_000);

/** A speaker of the tally: how ballots become winners. `unanimous` = no weight against. */
export const rule = z.strictObject({
  method: z.enum(['approval-gate', 'schulze', 'score']),
  variant: z.enum(['unanimous', 'winning', 'margin', 'ratio', 'sum', 'lower-median']).optional(),
  threshold: fraction.optional(),
  quorum: fraction.optional(),
  minVoters: z.number().int().min(1).max(1_000).optional(),
  statusQuo: optionId.optional(),
});

/** What a voter may say; the rule decides which shape fits. */
const voteShape = {
  vote: z.enum(['yes', 'no', 'abstain']).optional(),
  ranking: z.array(z.array(optionId).min(1).max(100)).max(100).optional(),
  score: z.record(optionId, z.number().int().min(0).max(1_000)).optional(),
};

/** The ballot a voter signs: `"conclave/ballot/v1\n" ‖ JCS(ballot)`, Ed25519. */
export const ballot = z.strictObject({
  decisionId: idOf('decision'),
  round: z.number().int().min(1),
  voterId: idOf('voter'),
  ...voteShape,
  reason: z.string().max(4_000),
  findingsSha256: sha256Hex.optional(),
});

const signature = z.strictObject({ algorithm: z.literal('ed25519'), value: base64 });

const elector = z.strictObject({
  voterId: idOf('voter'),
  kind: z.enum(['check', 'llm', 'cli', 'remote', 'human']),
  name,
  family: z.string().min(1).max(100),
  roles: z.array(z.string().max(100)).max(20).default([]),
  weight: weight.default(1),
  /** What evaluates, by digest, so that a deterministic juror can be run again from the receipt. */
  evaluator: z
    .strictObject({ id: z.string().min(1).max(200), version: z.string().max(100), sha256: sha256Hex, deterministic: z.boolean() })
    .optional(),
});

const subject = z.strictObject({
  repository: line(400),
  base: gitCommit,
  head: gitCommit,
  tree: gitCommit,
  diffSha256: sha256Hex,
});

export const decisionTerms = z.strictObject({
  id: idOf('decision').optional(),
  question: line(2_000),
  options: z
    .array(z.strictObject({ id: optionId, title: name }))
    .min(1)
    .max(100),
  rule,
  secrecy: z.enum(['open', 'sealed']).default('open'),
  /** The public keys are looked up in the registry at open and frozen into the decision. */
  electorate: z.array(elector).min(1).max(1_000),
  gates: z.array(z.string().min(1).max(100)).max(50).default([]),
  subject: subject.optional(),
  policy: z.strictObject({ panel: z.string(), panelSha256: sha256Hex, source: z.string() }).optional(),
  notices: z.array(line(1_000)).max(20).default([]),
  deadlineAt: timestamp.optional(),
});

export const decisionPhases = [
  'commit',
  'reveal',
  'ballots',
  'tallied',
  'sealed',
  'no-quorum',
  'tied',
  'vetoed',
  'expired',
  'canceled',
] as const;

const castBallotView = z.object({
  voterId: idOf('voter'),
  name: z.string(),
  kind: z.string(),
  family: z.string(),
  weight: z.number().int(),
  status: z.enum(['pending', 'committed', 'counted', 'abstained', 'void', 'unrevealed']),
  vote: z.enum(['yes', 'no', 'abstain']).optional(),
  ranking: z.array(z.array(z.string())).optional(),
  score: z.record(z.string(), z.number()).optional(),
  reason: z.string().optional(),
  findingsSha256: sha256Hex.optional(),
  custody: z.enum(['platform', 'external', 'passkey']),
});

export const decision = z.object({
  id: idOf('decision'),
  question: z.string(),
  phase: z.enum(decisionPhases),
  secrecy: z.enum(['open', 'sealed']),
  options: z.array(z.object({ id: z.string(), title: z.string() })),
  rule,
  subject: subject.optional(),
  policy: z.object({ panel: z.string(), panelSha256: sha256Hex, source: z.string() }).optional(),
  notices: z.array(z.string()),
  ballots: z.array(castBallotView),
  evidence: z.array(
    z.object({
      gate: z.string(),
      status: z.enum(['green', 'red', 'abstained']),
      sha256: sha256Hex,
      reason: z.string(),
    }),
  ),
  outcome: z.object({ status: z.string(), winners: z.array(z.string()), reason: z.string() }).optional(),
  openedAt: timestamp,
  sealedAt: timestamp.optional(),
  /** True once the sealed entry is in a signed checkpoint and the receipt can be fetched. */
  receiptReady: z.boolean(),
});
export type Decision = z.infer<typeof decision>;

/** Opens a decision. The same id with the same terms is a repeat and answers with the decision as it stands. */
export const openDecision = contract({
  owner: 'consensus',
  subject: 'consensus.v1.decision.open',
  permission: 'decision:open',
  callers: ['gateway', 'runtime'],
  request: decisionTerms,
  reply: decision,
  errors: ['consensus.decision.exists', 'consensus.decision.malformed', 'consensus.voter-key.not-found'],
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
  request: z.strictObject({ id: idOf('decision') }),
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
  errors: ['consensus.decision.not-found', 'consensus.decision.phase'],
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

/** Commits to a ballot in a sealed decision; the signature covers `"conclave/commit/v1\n" ‖ JCS({decisionId, round, voterId, commit})`. */
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

/** Opens a commitment, once the commits are closed in a published checkpoint. */
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
  choice: optionId.optional(),
  approve: z.array(optionId).max(100).optional(),
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
    eligibleWeight: z.number().int().min(1).max(1_000_000_000).optional(),
    ballots: z.array(tallyBallot).max(10_000),
  }),
  reply: tallyResult,
  errors: ['consensus.tally.malformed'],
  http: {
    method: 'POST',
    path: '/v1/tally',
    summary: 'Count ballots under a rule, statelessly',
    tag: 'decisions',
    stability: 'beta',
  },
});

/** The decision receipt file, ready for `conclave verify`. */
export const getReceipt = contract({
  owner: 'consensus',
  subject: 'consensus.v1.receipt.get',
  permission: 'decision:read',
  request: z.strictObject({ id: idOf('decision') }),
  reply: z.object({
    mediaType: z.string(),
    envelope: z.record(z.string(), z.unknown()),
    log: z.object({ entry: z.string(), proof: z.string() }),
    disclosures: z.array(z.record(z.string(), z.unknown())),
  }),
  errors: ['consensus.decision.not-found', 'consensus.decision.phase', 'consensus.receipt.pending'],
  http: {
    method: 'GET',
    path: '/v1/decisions/{id}/receipt',
    summary: 'The signed, logged receipt',
    tag: 'decisions',
    stability: 'beta',
  },
});

const voterKey = z.object({
  voterId: idOf('voter'),
  name,
  publicKey: base64,
  algorithm: z.literal('ed25519'),
  custody: z.enum(['platform', 'external']),
  enrolledAt: timestamp,
  revokedAt: timestamp.optional(),
});

/** Enrols a voter's public key. Keys must be enrolled before a decision opens; through the edge custody is `external`. */
export const enrolVoterKey = contract({
  owner: 'consensus',
  subject: 'consensus.v1.voter-key.enrol',
  permission: 'voter-key:enrol',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({
    voterId: idOf('voter').optional(),
    name,
    publicKey: base64,
    algorithm: z.literal('ed25519'),
  }),
  reply: voterKey,
  errors: ['consensus.voter-key.refused', 'consensus.voter-key.exists'],
  http: {
    method: 'POST',
    path: '/v1/voter-keys',
    status: 201,
    summary: 'Enrol a voter key',
    tag: 'decisions',
    stability: 'beta',
  },
});

export const listVoterKeys = contract({
  owner: 'consensus',
  subject: 'consensus.v1.voter-key.list',
  permission: 'decision:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(voterKey),
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
  request: z.strictObject({ voterId: idOf('voter') }),
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
