/** The documents of a decision: its terms, what voters sign, and how it looks from outside. */
import { z } from 'zod';
import { idOf } from '../ids.js';
import { gitCommit, line, name, sha256Hex, timestamp } from '../page.js';

export const base64 = z
  .string()
  .max(4_096)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/, { error: 'expected base64' });
const fraction = z.strictObject({
  num: z.number().int().min(0).max(1_000_000),
  den: z.number().int().min(1).max(1_000_000),
});
export const optionId = z.string().min(1).max(100);
export const taskClass = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}+$/u);
export const weight = z.number().int().min(1).max(1_000_000);

/** A speaker of the tally: how ballots become winners. `unanimous` = no weight against. */
export const rule = z.strictObject({
  method: z.enum(['approval-gate', 'plurality', 'approval', 'borda', 'irv', 'schulze', 'ranked-pairs', 'score']),
  variant: z.enum(['unanimous', 'winning', 'margin', 'ratio', 'sum', 'lower-median']).optional(),
  threshold: fraction.optional(),
  quorum: fraction.optional(),
  minVoters: z.number().int().min(1).max(1_000).optional(),
  statusQuo: optionId.optional(),
});

/** What a voter may say; the rule decides which shape fits. */
export const voteShape = {
  vote: z.enum(['yes', 'no', 'abstain']).optional(),
  ranking: z.array(z.array(optionId).min(1).max(100)).max(100).optional(),
  score: z.record(optionId, z.number().int().min(0).max(1_000)).optional(),
  choice: optionId.optional(),
  approve: z.array(optionId).max(100).optional(),
};

/**
 * The ballot a voter signs, over `"conclave/ballot/v1\n" ‖ termsSha256 ‖ "\n" ‖ JCS(ballot)`: the digest of the
 * decision's terms binds the signature to this subject, rule, electorate and panel.
 */
export const ballot = z.strictObject({
  decisionId: idOf('decision'),
  round: z.number().int().min(1),
  voterId: idOf('voter'),
  ...voteShape,
  reason: z.string().max(4_000),
  findingsSha256: sha256Hex.optional(),
});

/** What an authenticator gave for the challenge SHA-256(the bytes that Ed25519 would sign). */
const assertion = { authenticatorData: base64, clientDataJSON: base64, signature: base64 };
export const signature = z.discriminatedUnion('algorithm', [
  z.strictObject({ algorithm: z.literal('ed25519'), value: base64 }),
  z.strictObject({ algorithm: z.literal('webauthn-es256'), ...assertion }),
  z.strictObject({ algorithm: z.literal('webauthn-eddsa'), ...assertion }),
]);

const elector = z.strictObject({
  voterId: idOf('voter'),
  kind: z.enum(['check', 'llm', 'cli', 'remote', 'human']),
  name,
  family: z.string().min(1).max(100),
  roles: z.array(z.string().max(100)).max(20).default([]),
  weight: weight.default(1),
  /** What evaluates; `sha256` is of its name and version, by which a deterministic juror is run again from the receipt. */
  evaluator: z
    .strictObject({
      id: z.string().min(1).max(200),
      version: z.string().max(100),
      sha256: sha256Hex,
      deterministic: z.boolean(),
    })
    .optional(),
});

/**
 * Weights earned instead of given: each voter's is multiplied by what it earned in the class of tasks, in thousandths,
 * and frozen at open. `beta`: by outcomes that became known. `dawid-skene`: by agreement, where none did.
 */
const calibration = z.strictObject({ method: z.enum(['beta', 'dawid-skene']), taskClass });

const subject = z.strictObject({
  repository: line(400),
  base: gitCommit,
  head: gitCommit,
  tree: gitCommit,
  diffSha256: sha256Hex,
});

/** What comes before the vote: electors propose options; one critique, after which authors may revise their own. */
const rounds = z.strictObject({
  propose: z.boolean().optional(),
  critique: z.union([z.literal(0), z.literal(1)]).optional(),
});

/** Who may decide. Caps are shares of the eligible weight and settled at open; families and roles are also counted. */
const electorateRules = z.strictObject({
  minFamilies: z.number().int().min(1).max(1_000).optional(),
  familyCap: fraction.optional(),
  voterCap: fraction.optional(),
  minRoles: z
    .array(z.strictObject({ role: z.string().min(1).max(100), count: z.number().int().min(1).max(1_000) }))
    .max(20)
    .optional(),
  /** Separation of duties: voters, principals who enrolled a voter's key, or `opener`. */
  excluded: z.array(z.string().min(1).max(100)).max(100).optional(),
});

/** How a decision proceeds beyond the plain vote; what is absent does not happen. */
const protocol = {
  rounds: rounds.optional(),
  /** Any voter with one of these roles may end the decision. */
  veto: z.strictObject({ roles: z.array(z.string().min(1).max(100)).min(1).max(20) }).optional(),
  /** What a tie leads to, `no-decision` by default; `seeded` in sealed decisions only. */
  tie: z.enum(['no-decision', 'status-quo', 'seeded']).optional(),
  statusQuo: optionId.optional(),
  electorateRules: electorateRules.optional(),
  /** `certain`: stop as soon as nothing that could still be said changes the outcome. Open decisions only. */
  earlyStop: z.enum(['off', 'certain']).optional(),
  /** Ask the smallest set of voters that could decide, and more only while it has not. */
  waves: z.boolean().optional(),
};

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
  electorate: z.array(elector).min(1).max(200),
  gates: z.array(z.string().min(1).max(100)).max(50).default([]),
  subject: subject.optional(),
  policy: z.strictObject({ panel: z.string(), panelSha256: sha256Hex, source: z.string() }).optional(),
  notices: z.array(line(1_000)).max(20).default([]),
  calibration: calibration.optional(),
  deadlineAt: timestamp.optional(),
  ...protocol,
  /** How long each phase before the vote is waited for, and the vote at least. */
  roundSeconds: z.number().int().min(1).max(31_536_000).optional(),
});

export const decisionPhases = [
  'propose',
  'critique',
  'revise',
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
  /** `spoken` hides what was said until the vote has ended; `not-asked` voters wait for their wave, or were spared. */
  status: z.enum(['pending', 'not-asked', 'spoken', 'committed', 'counted', 'abstained', 'void', 'unrevealed']),
  vote: z.enum(['yes', 'no', 'abstain']).optional(),
  ranking: z.array(z.array(z.string())).optional(),
  score: z.record(z.string(), z.number()).optional(),
  choice: z.string().optional(),
  approve: z.array(z.string()).optional(),
  reason: z.string().optional(),
  findingsSha256: sha256Hex.optional(),
  custody: z.enum(['platform', 'external', 'passkey']),
});

export const decision = z.object({
  id: idOf('decision'),
  question: z.string(),
  /** Digest of the terms, which voters sign with their ballots. */
  termsSha256: sha256Hex,
  phase: z.enum(decisionPhases),
  secrecy: z.enum(['open', 'sealed']),
  /** Reveals sign the salt, too; absent in open decisions. */
  signedReveals: z.boolean().optional(),
  options: z.array(z.object({ id: z.string(), title: z.string() })),
  rule,
  subject: subject.optional(),
  policy: z.object({ panel: z.string(), panelSha256: sha256Hex, source: z.string() }).optional(),
  notices: z.array(z.string()),
  calibration: calibration.optional(),
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
  ...protocol,
  /** What ballots sign in place of `termsSha256`, once the options of a decision with rounds are frozen. */
  agendaSha256: sha256Hex.optional(),
  /** What was said before the vote; who said it is shown once the decision has ended. */
  discussion: z
    .array(
      z.object({
        phase: z.enum(['propose', 'critique', 'revise']),
        option: z.object({ id: z.string(), title: z.string() }).optional(),
        text: z.string().optional(),
        voterId: idOf('voter').optional(),
      }),
    )
    .optional(),
  vetoed: z.object({ voterId: idOf('voter'), reason: z.string() }).optional(),
  /** Voters who were spared because the outcome was certain without them. */
  skippedByEarlyStop: z.number().int().optional(),
  openedAt: timestamp,
  sealedAt: timestamp.optional(),
  /** True once the sealed entry is in a signed checkpoint and the receipt can be fetched. */
  receiptReady: z.boolean(),
});
export type Decision = z.infer<typeof decision>;
