import { z } from 'zod';
import { idOf } from '../ids.js';
import { gitCommit, sha256Hex, timestamp } from '../page.js';
import { event } from './event.js';

export * from './access.js';
export * from './identity.js';
export * from './tenants.js';
export * from './vault.js';

const outcome = z.object({ status: z.string(), winners: z.array(z.string()), reason: z.string() });

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

/** Of a credential that is distrusted: so many runs were canceled, and these triggers were turned off. */
export const runsStopped = event({
  type: 'runs.stopped',
  producer: 'runtime',
  consumers: ['audit'],
  audited: true,
  data: z.object({ credential: z.string(), runs: z.number().int(), triggers: z.array(idOf('trigger')) }),
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

/** So many turns of a workspace, an agent or a provider run at once from now on; without `slots` any number. */
export const capChanged = event({
  type: 'cap.changed',
  producer: 'runtime',
  consumers: ['audit'],
  audited: true,
  data: z.object({ kind: z.string(), name: z.string(), slots: z.number().int().optional() }),
});

/** Which models take the place of one in a workspace from now on; none when the list is empty. */
export const fallbacksChanged = event({
  type: 'fallbacks.changed',
  producer: 'runtime',
  consumers: ['audit'],
  audited: true,
  data: z.object({ workspace: idOf('workspace'), model: z.string(), fallbacks: z.array(z.string()) }),
});

/** First of a decision's three log entries: rule, electorate and keys are fixed from here on. */
export const decisionOpened = event({
  type: 'decision.opened',
  producer: 'consensus',
  consumers: ['audit'],
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
