import { z } from 'zod';
import { idOf } from '../ids.js';
import { gitCommit, sha256Hex, timestamp } from '../page.js';
import { event } from './event.js';

const outcome = z.object({ status: z.string(), winners: z.array(z.string()), reason: z.string() });

export const tenantCreated = event({
  type: 'tenant.created',
  producer: 'auth',
  consumers: ['marketplace', 'audit', 'runtime'],
  audited: true,
  personal: ['name'],
  data: z.object({ tenant: idOf('tenant'), name: z.string() }),
});

export const signInOpened = event({
  type: 'sign-in.opened',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({
    signIn: idOf('signIn'),
    principal: idOf('principal'),
    workspace: idOf('workspace'),
    /** How they proved who they are: `passkey`, `api-key`, … */
    method: z.string(),
    factors: z.array(z.string()),
  }),
});

const passkey = z.object({ passkey: idOf('passkey'), principal: idOf('principal') });

export const passkeyAdded = event({
  type: 'passkey.added',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: passkey,
});

export const passkeyRenamed = event({
  type: 'passkey.renamed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: passkey,
});

export const passkeyRemoved = event({
  type: 'passkey.removed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: passkey,
});

const link = z.object({
  link: idOf('link'),
  /** `bootstrap`, `invitation` or `recovery`. */
  purpose: z.string(),
  principal: idOf('principal'),
  workspace: idOf('workspace'),
});

export const linkCreated = event({
  type: 'link.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: link,
});

export const linkUsed = event({ type: 'link.used', producer: 'auth', consumers: ['audit'], audited: true, data: link });

export const linkRevoked = event({
  type: 'link.revoked',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: link,
});

export const credentialRevoked = event({
  type: 'credential.revoked',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: z.object({ credentialId: z.string() }),
});

export const apiKeyCreated = event({
  type: 'api-key.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({
    apiKey: idOf('apiKey'),
    scopes: z.array(z.string()),
    allowedAddresses: z.array(z.string()).optional(),
    /** Whose key it is and where, when that is not the maker's own. */
    principal: idOf('principal').optional(),
    workspace: idOf('workspace').optional(),
  }),
});

const membership = z.object({ principal: idOf('principal'), workspace: idOf('workspace'), role: z.string() });

export const memberAdded = event({
  type: 'member.added',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: membership,
});

/** `role` is the new one. */
export const memberChanged = event({
  type: 'member.changed',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: membership,
});

export const memberDisabled = event({
  type: 'member.disabled',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: membership,
});

export const roleCreated = event({
  type: 'role.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({ role: z.string(), permissions: z.array(z.string()) }),
});

/** `permissions` are the new ones. */
export const roleChanged = event({
  type: 'role.changed',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: z.object({ role: z.string(), permissions: z.array(z.string()) }),
});

export const roleDeleted = event({
  type: 'role.deleted',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({ role: z.string() }),
});

export const policyChanged = event({
  type: 'policy.changed',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: z.object({ policy: z.string(), version: z.number().int(), sha256: sha256Hex }),
});

export const policyDeleted = event({
  type: 'policy.deleted',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: z.object({ policy: z.string(), version: z.number().int() }),
});

/** Policies forbade what the actor's role permits. Refusals alike are told once a minute, with their number. */
export const authorizationRefused = event({
  type: 'authorization.refused',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  bulk: true,
  data: z.object({
    permission: z.string(),
    operation: z.string(),
    policies: z.array(z.string()),
    times: z.number().int(),
  }),
});

const connection = z.object({ connection: idOf('connection'), kind: z.string() });

export const connectionCreated = event({
  type: 'connection.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: connection.extend({ provisioning: z.string() }),
});

/** `changed` names the members that did; `enabled` is what holds after it. */
export const connectionChanged = event({
  type: 'connection.changed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: connection.extend({ changed: z.array(z.string()), enabled: z.boolean() }),
});

export const connectionDeleted = event({
  type: 'connection.deleted',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: connection,
});

const identity = z.object({
  connection: idOf('connection'),
  principal: idOf('principal'),
  /** Who said so: `administrator`, `verified-email` or `just-in-time`. */
  by: z.string(),
});

export const identityLinked = event({
  type: 'identity.linked',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: identity,
});

export const identityUnlinked = event({
  type: 'identity.unlinked',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: identity,
});

const secret = z.object({
  secret: idOf('secret'),
  workspace: idOf('workspace'),
  name: z.string(),
  version: z.number().int(),
});

export const secretCreated = event({
  type: 'secret.created',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: secret,
});

/** `version` is the new one. */
export const secretRotated = event({
  type: 'secret.rotated',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: secret,
});

export const secretDeleted = event({
  type: 'secret.deleted',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: secret,
});

/** A service has the value now, for whom the event names as its actor. */
export const secretLeased = event({
  type: 'secret.leased',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: secret.extend({ service: z.string(), expiresAt: timestamp }),
});

const dataKey = z.object({ dataKey: idOf('dataKey'), purpose: z.string() });

/** The tenant has a data key for a purpose, wrapped under this key-encryption key. */
export const dataKeyCreated = event({
  type: 'data-key.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: dataKey.extend({ keyId: z.string() }),
});

/** The tenant's data key is wrapped under this key-encryption key now. */
export const dataKeyRewrapped = event({
  type: 'data-key.rewrapped',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: dataKey.extend({ keyId: z.string() }),
});

/** Nothing that was sealed under it can be read again. */
export const dataKeyDestroyed = event({
  type: 'data-key.destroyed',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: dataKey,
});

/** What the directory says of a person changed; what it says is kept out of the log. */
export const personChanged = event({
  type: 'person.changed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({ principal: idOf('principal'), workspace: idOf('workspace') }),
});

const directoryGroup = z.object({ group: idOf('group'), workspace: idOf('workspace') });

/** A group was made, named anew, or has other members. */
export const groupChanged = event({
  type: 'group.changed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: directoryGroup.extend({
    added: z.array(idOf('principal')).optional(),
    removed: z.array(idOf('principal')).optional(),
  }),
});

export const groupDeleted = event({
  type: 'group.deleted',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: directoryGroup,
});

/** What members of the group are; without `role` nothing. */
export const groupRoleSet = event({
  type: 'group.role-set',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: directoryGroup.extend({ role: z.string().optional() }),
});

export const packageInstalled = event({
  type: 'package.installed',
  producer: 'marketplace',
  consumers: ['runtime', 'audit'],
  audited: true,
  data: z.object({
    installation: idOf('installation'),
    package: z.string(),
    kind: z.literal('panel'),
    version: z.string(),
    sha256: sha256Hex,
    manifest: z.record(z.string(), z.unknown()),
  }),
});

export const packageUninstalled = event({
  type: 'package.uninstalled',
  producer: 'marketplace',
  consumers: ['runtime', 'audit'],
  audited: true,
  data: z.object({ installation: idOf('installation'), package: z.string() }),
});

export const runCreated = event({
  type: 'run.created',
  producer: 'runtime',
  consumers: ['metrics', 'audit'],
  audited: true,
  bulk: true,
  data: z.object({ run: idOf('run'), kind: z.string() }),
});

/** Of the run's own calls: those of runs it started are told at their ends. */
const usage = z.object({ inputTokens: z.number().int(), outputTokens: z.number().int(), costMicros: z.number().int() });

export const runCompleted = event({
  type: 'run.completed',
  producer: 'runtime',
  consumers: ['metrics', 'delivery', 'audit'],
  audited: true,
  bulk: true,
  data: z.object({
    run: idOf('run'),
    /** Optional, since only reviews have one. */
    decision: idOf('decision').optional(),
    /** A review's; `completed` of every other run. */
    outcome: z.string(),
    durationMs: z.number().int(),
    usage,
  }),
});

export const runFailed = event({
  type: 'run.failed',
  producer: 'runtime',
  consumers: ['metrics', 'delivery', 'audit'],
  audited: true,
  personal: ['message'],
  bulk: true,
  data: z.object({ run: idOf('run'), code: z.string(), message: z.string(), usage: usage.optional() }),
});

export const runCanceled = event({
  type: 'run.canceled',
  producer: 'runtime',
  consumers: ['metrics', 'audit'],
  audited: true,
  bulk: true,
  data: z.object({ run: idOf('run'), usage: usage.optional() }),
});

/**
 * A budget is used up to this percentage of its limit, told once per period and limit. 50 and 80 are of what is spent;
 * 100 also says that a call did not fit.
 */
export const budgetThreshold = event({
  type: 'budget.threshold',
  producer: 'runtime',
  consumers: ['delivery', 'audit'],
  audited: true,
  data: z.object({
    budget: idOf('budget'),
    scope: z.string(),
    scopeId: z.string(),
    period: z.string(),
    /** When the day or month began. */
    startsAt: timestamp.optional(),
    percent: z.union([z.literal(50), z.literal(80), z.literal(100)]),
    limitMicros: z.number().int(),
    spentMicros: z.number().int(),
    reservedMicros: z.number().int(),
  }),
});

/** First of a decision's three log entries: rule, electorate and keys are fixed from here on. */
export const decisionOpened = event({
  type: 'decision.opened',
  producer: 'consensus',
  consumers: ['audit', 'metrics'],
  audited: true,
  data: z.object({ decision: idOf('decision'), termsSha256: sha256Hex, openedAt: timestamp }),
});

/** Second: nobody may reveal before this is in a published checkpoint. */
export const commitsClosed = event({
  type: 'decision.commits-closed',
  producer: 'consensus',
  consumers: ['audit'],
  audited: true,
  data: z.object({ decision: idOf('decision'), commitsSha256: sha256Hex }),
});

/** Third: the payload digest binds the log entry and the signed receipt to each other. */
export const decisionSealed = event({
  type: 'decision.sealed',
  producer: 'consensus',
  consumers: ['audit', 'runtime', 'metrics', 'delivery'],
  audited: true,
  data: z.object({
    decision: idOf('decision'),
    phase: z.string(),
    outcome,
    payloadSha256: sha256Hex,
    openedAt: timestamp,
    sealedAt: timestamp,
    subject: z.object({ repository: z.string(), base: gitCommit, head: gitCommit, tree: gitCommit }).optional(),
  }),
});

/** The other end: given up, without a receipt. */
export const decisionCanceled = event({
  type: 'decision.canceled',
  producer: 'consensus',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: z.object({ decision: idOf('decision') }),
});

/** A ballot or commitment that came after the close: on record, and not counted. */
export const ballotLate = event({
  type: 'ballot.late',
  producer: 'consensus',
  consumers: ['audit'],
  audited: true,
  /** The digest is that of what the voter signed. */
  data: z.object({ decision: idOf('decision'), voter: idOf('voter'), statementSha256: sha256Hex }),
});

/** These voters are asked now; the others are not, as long as the outcome may become certain without them. */
export const waveOpened = event({
  type: 'decision.wave-opened',
  producer: 'consensus',
  consumers: ['runtime', 'delivery'],
  audited: false,
  data: z.object({ decision: idOf('decision'), wave: z.number().int(), voters: z.array(idOf('voter')) }),
});

/** Commits are closed and checkpointed: voters may reveal. */
export const revealOpened = event({
  type: 'decision.reveal-opened',
  producer: 'consensus',
  consumers: ['runtime'],
  audited: false,
  data: z.object({ decision: idOf('decision') }),
});

export const voterKeyEnrolled = event({
  type: 'voter-key.enrolled',
  producer: 'consensus',
  consumers: ['audit'],
  audited: true,
  data: z.object({ voter: idOf('voter'), publicKeySha256: sha256Hex, custody: z.string() }),
});

/** A voter has a new key; decisions that are open keep the previous one. */
export const voterKeyRotated = event({
  type: 'voter-key.rotated',
  producer: 'consensus',
  consumers: ['audit'],
  audited: true,
  data: z.object({
    voter: idOf('voter'),
    publicKeySha256: sha256Hex,
    previousSha256: sha256Hex,
    custody: z.string(),
  }),
});

export const voterKeyRevoked = event({
  type: 'voter-key.revoked',
  producer: 'consensus',
  consumers: ['audit'],
  audited: true,
  /** Which key it was has been said since keys can be rotated. */
  data: z.object({ voter: idOf('voter'), publicKeySha256: sha256Hex.optional(), custody: z.string().optional() }),
});

/** The weights a decision was opened with were earned: by which method, in which class of tasks, and by whom. */
export const calibrationFrozen = event({
  type: 'calibration.frozen',
  producer: 'consensus',
  consumers: ['audit'],
  audited: true,
  data: z.object({
    decision: idOf('decision'),
    method: z.string(),
    taskClass: z.string(),
    weights: z.array(z.object({ voter: idOf('voter'), weightMilli: z.number().int() })),
  }),
});

/** It became known what was right. */
export const calibrationRecorded = event({
  type: 'calibration.recorded',
  producer: 'consensus',
  consumers: ['audit'],
  audited: true,
  data: z.object({ decision: idOf('decision'), taskClass: z.string(), right: z.array(z.string()) }),
});

/** An audited event is in a published checkpoint; the proof is the C2SP tlog-proof text for its entry. */
export const entryCheckpointed = event({
  type: 'entry.checkpointed',
  producer: 'audit',
  consumers: ['consensus'],
  audited: false,
  data: z.object({
    eventId: idOf('event'),
    type: z.string(),
    index: z.number().int(),
    /** The entry's exact bytes, base64. */
    entry: z.string(),
    proof: z.string(),
  }),
});

/** A witness outside refuses the log: it remembers more of it, another history, or another key. */
export const logContested = event({
  type: 'log.contested',
  producer: 'audit',
  consumers: ['delivery'],
  audited: false,
  data: z.object({
    origin: z.string(),
    witness: z.string(),
    objection: z.enum(['shrunk', 'forked', 'untrusted']),
    /** What the witness holds. */
    witnessedSize: z.number().int(),
    /** What it was offered. */
    size: z.number().int(),
  }),
});

/** A tenant's log was given up and the next one opened: what is opened from now on belongs to that. */
export const logOpened = event({
  type: 'log.opened',
  producer: 'audit',
  consumers: ['consensus'],
  audited: false,
  data: z.object({ origin: z.string() }),
});

export const webhookCreated = event({
  type: 'webhook.created',
  producer: 'delivery',
  consumers: ['audit'],
  audited: true,
  data: z.object({
    webhook: idOf('webhook'),
    /** The webhook wants the log's entries, in this format and from this index (default: from now on). */
    entries: z.object({ format: z.string(), from: z.number().int().optional() }).optional(),
  }),
});

export const webhookDeleted = event({
  type: 'webhook.deleted',
  producer: 'delivery',
  consumers: ['audit'],
  audited: true,
  data: z.object({ webhook: idOf('webhook') }),
});

/** Nothing goes to the webhook again: it answered 410, or failed for days. */
export const webhookDisabled = event({
  type: 'webhook.disabled',
  producer: 'delivery',
  consumers: ['audit'],
  audited: true,
  data: z.object({ webhook: idOf('webhook') }),
});

/** One `entries.streamed` has come to its end: it was delivered, or given up. */
export const entriesSettled = event({
  type: 'entries.settled',
  producer: 'delivery',
  consumers: ['audit'],
  audited: false,
  bulk: true,
  data: z.object({ webhook: idOf('webhook') }),
});

/** Entries of the log on their way to a webhook, gap-free from `first` to `last`: one line each, in the format it asked for. */
export const entriesStreamed = event({
  type: 'entries.streamed',
  producer: 'audit',
  consumers: ['delivery'],
  audited: false,
  data: z.object({
    webhook: idOf('webhook'),
    format: z.string(),
    first: z.number().int(),
    last: z.number().int(),
    lines: z.array(z.string()),
  }),
});

/** A data subject is to be forgotten: who holds a name or text of this pseudonym, an id, erases it. */
export const subjectErased = event({
  type: 'subject.erased',
  producer: 'audit',
  consumers: ['auth', 'delivery'],
  audited: false,
  data: z.object({ erasure: idOf('erasure'), subject: z.string() }),
});

/** The nightly self-audit could not rebuild from the entries what was signed. */
export const logDamaged = event({
  type: 'log.damaged',
  producer: 'audit',
  consumers: ['delivery'],
  audited: false,
  data: z.object({
    /** Up to here everything holds. */
    size: z.number().int(),
    faults: z.array(z.object({ log: z.number().int(), index: z.number().int(), fault: z.string() })),
  }),
});
