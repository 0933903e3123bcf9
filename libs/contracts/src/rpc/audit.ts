import { z } from 'zod';
import { contract } from '../contract.js';
import { jsonObject, line, pageOf, pageQuery, sha256Hex, timestamp } from '../page.js';

/** The latest signed checkpoint of the caller's tenant, verbatim (C2SP tlog-checkpoint). */
export const getCheckpoint = contract({
  owner: 'audit',
  subject: 'audit.v1.checkpoint.get',
  permission: 'audit:read',
  request: z.strictObject({}),
  reply: z.string(),
  errors: ['audit.log.empty'],
  http: {
    method: 'GET',
    path: '/v1/audit/log/checkpoint',
    produces: 'text',
    summary: 'The latest signed checkpoint',
    tag: 'audit',
    stability: 'stable',
  },
});

/** The log's identity, as auditors pin it: origin and verifier key (C2SP signed-note vkey). */
export const getLog = contract({
  owner: 'audit',
  subject: 'audit.v1.log.get',
  permission: 'audit:read',
  request: z.strictObject({}),
  reply: z.object({ origin: z.string(), vkey: z.string(), size: z.number().int() }),
  http: {
    method: 'GET',
    path: '/v1/audit/log',
    summary: 'Origin and verifier key of the log',
    tag: 'audit',
    stability: 'stable',
  },
});

const hashes = z.array(z.string());

/** RFC 6962 audit path of entry `index` in the tree of `size` (default: the latest checkpoint); hashes are base64. */
export const getInclusionProof = contract({
  owner: 'audit',
  subject: 'audit.v1.proof.inclusion',
  permission: 'audit:read',
  request: z.strictObject({ index: z.coerce.number().int().min(0), size: z.coerce.number().int().min(1).optional() }),
  reply: z.object({
    index: z.number().int(),
    size: z.number().int(),
    leafHash: z.string(),
    hashes,
    checkpoint: z.string(),
  }),
  errors: ['audit.proof.range', 'audit.log.empty'],
  http: {
    method: 'GET',
    path: '/v1/audit/log/proof/inclusion',
    summary: 'Prove that an entry is in the log',
    tag: 'audit',
    stability: 'stable',
  },
});

/** RFC 6962 consistency proof between two sizes of the log. */
export const getConsistencyProof = contract({
  owner: 'audit',
  subject: 'audit.v1.proof.consistency',
  permission: 'audit:read',
  request: z.strictObject({ from: z.coerce.number().int().min(1), to: z.coerce.number().int().min(1).optional() }),
  reply: z.object({ from: z.number().int(), to: z.number().int(), hashes, checkpoint: z.string() }),
  errors: ['audit.proof.range', 'audit.log.empty'],
  http: {
    method: 'GET',
    path: '/v1/audit/log/proof/consistency',
    summary: 'Prove that the log only grew',
    tag: 'audit',
    stability: 'stable',
  },
});

/** What narrows a search or an export down. */
export const entryFilter = {
  /** Types that begin with it: `decision.` finds `decision.sealed`. */
  type: line(100).optional(),
  actor: line(200).optional(),
  /** Entries that name this id, as their actor or in their data: a principal, a decision, a run, … */
  about: line(200).optional(),
  /** At or after. */
  since: timestamp.optional(),
  /** Before. */
  until: timestamp.optional(),
  /** In what the entry discloses, whatever its case. */
  text: line(200).optional(),
};
export type EntryFilter = z.output<z.ZodObject<typeof entryFilter>>;

/** Personal data of an entry, apart from its bytes, which commit to them: SHA-256("conclave/data/v1\n" ‖ salt ‖ JCS(data)). */
export const disclosure = z.object({ salt: z.string(), data: jsonObject });

const auditEntry = z.object({
  index: z.number().int(),
  leafHash: sha256Hex,
  at: timestamp,
  type: z.string(),
  actor: z.string(),
  /** The entry's exact bytes, base64: what the leaf hash covers. */
  body: z.string(),
  /** Until it is erased. */
  disclosed: disclosure.optional(),
});

export const listAuditEntries = contract({
  owner: 'audit',
  subject: 'audit.v1.entry.list',
  permission: 'audit:read',
  request: z.strictObject({ ...pageQuery, ...entryFilter }),
  reply: pageOf(auditEntry),
  http: {
    method: 'GET',
    path: '/v1/audit/entries',
    summary: 'Find log entries, newest first',
    tag: 'audit',
    stability: 'beta',
  },
});
