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
  data: z.object({ tenant: idOf('tenant'), name: z.string() }),
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
  consumers: ['audit'],
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

export const voterKeyRevoked = event({
  type: 'voter-key.revoked',
  producer: 'consensus',
  consumers: ['audit'],
  audited: true,
  data: z.object({ voter: idOf('voter') }),
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
  data: z.object({ webhook: idOf('webhook') }),
});

export const webhookDeleted = event({
  type: 'webhook.deleted',
  producer: 'delivery',
  consumers: ['audit'],
  audited: true,
  data: z.object({ webhook: idOf('webhook') }),
});
