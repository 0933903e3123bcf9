/** What is done with the entries of a log: exports, how long they are kept, and how people are forgotten. */
import { z } from 'zod';
import { contract, type HttpBinding } from '../contract.js';
import { idOf } from '../ids.js';
import { line, pageOf, pageQuery, sha256Hex, timestamp } from '../page.js';
import { entryFilter, logNumber } from './audit.js';
import { entryFormats } from './delivery.js';

const http = (
  method: HttpBinding['method'],
  path: HttpBinding['path'],
  summary: string,
  status: HttpBinding['status'] = 200,
): HttpBinding => ({ method, path, summary, status, tag: 'audit', stability: 'beta' });

const index = z.number().int().min(0);
/** A pseudonym: the id of a principal, or of whatever else entries name. */
const subject = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_:.-]{0,199}$/, { error: 'expected an id' });

const auditExport = z.object({
  id: idOf('export'),
  /** Which of the tenant's logs. */
  log: z.number().int(),
  format: z.enum(entryFormats),
  filter: z.object(entryFilter).optional(),
  /** The first index, and the one behind the last. */
  from: index,
  to: index,
  /** Of the checkpoint it ends with. */
  size: index,
  /** `ready` to be read; `streaming` while somebody reads it; `complete` once somebody has read it to its end. */
  state: z.enum(['ready', 'streaming', 'complete']),
  /** Of `entries`, `sent` have been written in the latest reading. */
  progress: z.object({ entries: index, sent: index }),
  createdBy: z.string(),
  createdAt: timestamp,
});

/**
 * Fixes what is exported: the entries up to the latest checkpoint. Nothing is copied; lines are made while somebody reads
 * them, so what is erased meanwhile is in no export.
 */
export const createExport = contract({
  owner: 'audit',
  subject: 'audit.v1.export.create',
  permission: 'audit:read',
  stepUp: true,
  timeoutMs: 30_000,
  request: z.strictObject({
    format: z.enum(entryFormats),
    filter: z.strictObject(entryFilter).optional(),
    range: z.strictObject({ from: index.optional(), to: index.optional() }).default({}),
    /** Which of the tenant's logs; the present one unless told. */
    log: logNumber.optional(),
  }),
  reply: auditExport,
  errors: ['audit.log.empty', 'audit.proof.range', 'audit.entry.pruned'],
  http: http('POST', '/v1/audit/exports', 'Export entries of the log', 201),
});

/** All that the log says and discloses about a pseudonym, as an export in `jsonl`. */
export const createSubjectExport = contract({
  owner: 'audit',
  subject: 'audit.v1.export.create-of-subject',
  permission: 'audit:manage',
  stepUp: true,
  timeoutMs: 30_000,
  request: z.strictObject({ subject, log: logNumber.optional() }),
  reply: auditExport,
  errors: ['audit.log.empty'],
  http: http('POST', '/v1/audit/subject-exports', 'Export what is logged about a person', 201),
});

export const getExport = contract({
  owner: 'audit',
  subject: 'audit.v1.export.get',
  permission: 'audit:read',
  request: z.strictObject({ id: idOf('export') }),
  reply: auditExport,
  errors: ['audit.export.not-found'],
  http: http('GET', '/v1/audit/exports/{id}', 'An export and its progress'),
});

/** The lines, as they are made. `jsonl` ends with the checkpoint and can be verified offline; see docs/audit.md. */
export const getExportContent = contract({
  owner: 'audit',
  subject: 'audit.v1.export.content',
  transport: 'stream',
  permission: 'audit:read',
  request: z.strictObject({ id: idOf('export') }),
  reply: z.string(),
  errors: ['audit.export.not-found', 'audit.entry.pruned'],
  timeoutMs: 60_000,
  http: {
    ...http('GET', '/v1/audit/exports/{id}/content', 'The lines of an export'),
    produces: 'text',
    mediaTypes: ['application/jsonl', 'text/plain'],
  },
});

const retention = z.object({
  /** How long the bytes of entries are served and what they disclose is kept; without it, for ever. */
  days: z.number().int().optional(),
  /** The first entry whose bytes are served. */
  minimumIndex: index,
});

export const getRetention = contract({
  owner: 'audit',
  subject: 'audit.v1.retention.get',
  permission: 'audit:read',
  request: z.strictObject({}),
  reply: retention,
  http: http('GET', '/v1/audit/retention', 'How long entries are kept'),
});

/** Takes effect at once, and every hour from then on. What was pruned does not come back. */
export const setRetention = contract({
  owner: 'audit',
  subject: 'audit.v1.retention.set',
  permission: 'audit:manage',
  stepUp: true,
  timeoutMs: 30_000,
  request: z.strictObject({ days: z.number().int().min(1).max(36_500).nullable() }),
  reply: retention,
  errors: ['audit.hold.active'],
  http: http('PUT', '/v1/audit/retention', 'Set how long entries are kept; null for ever'),
});

const hold = z.object({
  id: idOf('hold'),
  reason: z.string(),
  /** Whose data it protects; without it, the whole log. */
  subject: z.string().optional(),
  placedBy: z.string(),
  placedAt: timestamp,
});

/** While a hold is in force nothing is pruned, and what it covers is not erased. */
export const placeHold = contract({
  owner: 'audit',
  subject: 'audit.v1.hold.place',
  permission: 'audit:manage',
  request: z.strictObject({ reason: line(500), subject: subject.optional() }),
  reply: hold,
  http: http('POST', '/v1/audit/holds', 'Place a legal hold', 201),
});

export const listHolds = contract({
  owner: 'audit',
  subject: 'audit.v1.hold.list',
  permission: 'audit:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(hold),
  http: http('GET', '/v1/audit/holds', 'Legal holds in force, newest first'),
});

export const releaseHold = contract({
  owner: 'audit',
  subject: 'audit.v1.hold.release',
  permission: 'audit:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('hold') }),
  reply: hold,
  errors: ['audit.hold.not-found'],
  http: http('DELETE', '/v1/audit/holds/{id}', 'Release a legal hold'),
});

const erasure = z.object({
  id: idOf('erasure'),
  subject: z.string(),
  requestedBy: z.string(),
  at: timestamp,
  /** Entries whose disclosed data and salts are gone. */
  entries: index,
  /** The erasure's own entry, with its proof (C2SP tlog-proof), once a checkpoint holds it. */
  logged: z.object({ index, leafHash: sha256Hex, proof: z.string() }).optional(),
});

/**
 * Deletes what the log disclosed about a pseudonym, salts included, and logs that. Entries keep their bytes, which hold
 * commitments that nobody can open any longer, so every proof still holds.
 */
export const eraseSubject = contract({
  owner: 'audit',
  subject: 'audit.v1.erasure.create',
  permission: 'audit:manage',
  stepUp: true,
  timeoutMs: 30_000,
  request: z.strictObject({ subject, reason: line(500) }),
  reply: erasure,
  errors: ['audit.hold.active'],
  http: http('POST', '/v1/audit/erasures', 'Erase what is known of a person', 201),
});

export const getErasure = contract({
  owner: 'audit',
  subject: 'audit.v1.erasure.get',
  permission: 'audit:read',
  request: z.strictObject({ id: idOf('erasure') }),
  reply: erasure,
  errors: ['audit.erasure.not-found'],
  http: http('GET', '/v1/audit/erasures/{id}', 'An erasure and its proof'),
});

export const listErasures = contract({
  owner: 'audit',
  subject: 'audit.v1.erasure.list',
  permission: 'audit:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(erasure.omit({ logged: true })),
  http: http('GET', '/v1/audit/erasures', 'Erasures, newest first'),
});

/** What the latest self-audit found; `faults` is empty when every root could be rebuilt from the entries. */
export const getSelfAudit = contract({
  owner: 'audit',
  subject: 'audit.v1.self-audit.get',
  permission: 'audit:read',
  request: z.strictObject({}),
  reply: z.object({
    /** Entries of the newest log that it looked at whose roots were rebuilt. */
    size: index,
    faults: z.array(z.object({ log: z.number().int(), index, fault: z.string() })),
    at: timestamp.optional(),
    /** When it last began at the first entry. */
    fullAt: timestamp.optional(),
  }),
  http: http('GET', '/v1/audit/self-audit', 'What the latest self-audit found'),
});
