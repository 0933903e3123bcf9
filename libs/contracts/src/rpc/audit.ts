import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
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

/** A tenant has one log at a time; those before it were sealed. They are numbered from 1 on. */
export const logNumber = z.coerce.number().int().min(1).max(8_191);

/**
 * The log's identity, as auditors pin it: origin and verifier keys (C2SP signed-note vkey). While a key is being replaced
 * there are two, and either verifies.
 */
export const getLog = contract({
  owner: 'audit',
  subject: 'audit.v1.log.get',
  permission: 'audit:read',
  request: z.strictObject({}),
  reply: z.object({
    origin: z.string(),
    /** The first of `vkeys`. */
    vkey: z.string(),
    /** Entries in the published checkpoint. */
    size: z.number().int(),
    /** Absent from services that know of one key only. */
    vkeys: z.array(z.string()).optional(),
    /** Which of the tenant's logs it is. Absent from services that know of one log only. */
    log: z.number().int().optional(),
    /** Why it is not signed any more: a checkpoint was published that the database does not know. */
    refused: z
      .object({
        reason: z.enum(['smaller', 'forked', 'unreadable']),
        /** Who kept that checkpoint. */
        keeper: z.string(),
        size: z.number().int(),
        keptSize: z.number().int(),
      })
      .optional(),
    /** Logs that were given up, oldest first: all of them stay readable below `/v1/audit/logs/{log}`. */
    sealed: z
      .array(
        z.object({
          log: z.number().int(),
          origin: z.string(),
          vkeys: z.array(z.string()),
          size: z.number().int(),
          reason: z.string(),
          at: timestamp,
        }),
      )
      .optional(),
  }),
  errors: ['audit.store.unreadable'],
  http: {
    method: 'GET',
    path: '/v1/audit/log',
    summary: 'Origin and verifier keys of the log',
    tag: 'audit',
    stability: 'stable',
  },
});

/** Path of a tile below `tile/` (C2SP tlog-tiles): `0/x001/234`, `1/000.p/7`, `entries/012`. */
const tile = z.string().regex(/^[0-9a-z./]{1,100}$/, { error: 'expected the path of a tile, such as 0/x001/234' });

/** A tile of hashes or a bundle of entries of the log: bytes that never change. */
export const getTile = contract({
  owner: 'audit',
  subject: 'audit.v1.tile.get',
  transport: 'stream',
  permission: 'audit:read',
  request: z.strictObject({ tile }),
  reply: z.unknown(),
  errors: ['audit.tile.not-found', 'audit.entry.pruned', 'audit.store.unreadable'],
  http: {
    method: 'GET',
    path: '/v1/audit/log/tile/{+tile}',
    produces: 'bytes',
    summary: 'A tile of the log or a bundle of its entries',
    tag: 'audit',
    stability: 'stable',
  },
});

/** The last checkpoint of one of the tenant's logs, sealed or not. */
export const getCheckpointOf = contract({
  owner: 'audit',
  subject: 'audit.v1.checkpoint.of-log',
  permission: 'audit:read',
  request: z.strictObject({ log: logNumber }),
  reply: z.string(),
  errors: ['audit.log.empty'],
  http: {
    method: 'GET',
    path: '/v1/audit/logs/{log}/checkpoint',
    produces: 'text',
    summary: 'The last signed checkpoint of a log that may be sealed',
    tag: 'audit',
    stability: 'beta',
  },
});

/** A tile of one of the tenant's logs. Those of a sealed one come from where it was published, whole. */
export const getTileOf = contract({
  owner: 'audit',
  subject: 'audit.v1.tile.of-log',
  transport: 'stream',
  permission: 'audit:read',
  request: z.strictObject({ log: logNumber, tile }),
  reply: z.unknown(),
  errors: ['audit.tile.not-found', 'audit.entry.pruned', 'audit.store.unreadable'],
  http: {
    method: 'GET',
    path: '/v1/audit/logs/{log}/tile/{+tile}',
    produces: 'bytes',
    summary: 'A tile of a log that may be sealed',
    tag: 'audit',
    stability: 'beta',
  },
});

/**
 * Gives up a log that is refused, and opens the next one, under an origin of its own. The new log's first entry says so,
 * with the checkpoint of the old one that was kept.
 */
export const sealLog = contract({
  owner: 'audit',
  subject: 'audit.v1.log.seal',
  permission: 'audit:manage',
  request: z.strictObject({
    /** The origin to give up: said again by mistake, it gives up no other. */
    origin: z.string().max(400),
    reason: line(500),
  }),
  reply: z.object({ log: z.number().int(), origin: z.string(), vkeys: z.array(z.string()) }),
  errors: ['audit.log.not-refused', 'audit.store.unreadable'],
  http: {
    method: 'POST',
    path: '/v1/audit/log/seal',
    summary: 'Give up a refused log and open the next one',
    tag: 'audit',
    stability: 'beta',
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

/**
 * Checkpoints that a timestamp authority stamped, newest first. `response` is its answer (RFC 3161, DER, base64) about
 * the bytes of `checkpoint`, so `openssl ts -verify` can check it.
 */
export const listTimestamps = contract({
  owner: 'audit',
  subject: 'audit.v1.timestamp.list',
  permission: 'audit:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(
    z.object({
      origin: z.string(),
      size: z.number().int(),
      /** Where the authority is. */
      authority: z.string(),
      /** When it saw the checkpoint, by its own clock. */
      at: timestamp,
      checkpoint: z.string(),
      response: z.string(),
    }),
  ),
  http: {
    method: 'GET',
    path: '/v1/audit/log/timestamps',
    summary: 'Checkpoints with the stamps of a timestamp authority',
    tag: 'audit',
    stability: 'beta',
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
  request: z.strictObject({
    ...pageQuery,
    ...entryFilter,
    /** Which of the tenant's logs; the present one unless told. */
    log: logNumber.optional(),
  }),
  reply: pageOf(auditEntry),
  http: {
    method: 'GET',
    path: '/v1/audit/entries',
    summary: 'Find log entries, newest first',
    tag: 'audit',
    stability: 'beta',
  },
});

/**
 * Adds an act of one's own to the log. It becomes an `entry.added`, never one of the platform's own types. With grade
 * `audited` it is durable and will get its place; with `sealed` the answer waits until it is in a published checkpoint,
 * and who gets none must not act.
 */
export const addEntry = contract({
  owner: 'audit',
  subject: 'audit.v1.entry.add',
  permission: 'audit:write',
  attributes: ['type', 'grade'],
  timeoutMs: 35_000,
  request: z.strictObject({
    type: z
      .string()
      .max(100)
      .regex(/^[a-z][a-z0-9]*([.-][a-z0-9]+)*$/, { error: 'expected words with dots or dashes' }),
    /** Who acted, in the words of whoever says so; who said it is in the entry, too. */
    actor: line(200).optional(),
    /** Whole numbers only, and nothing that may have to be erased: an entry stays. */
    data: jsonObject,
    grade: z.enum(['audited', 'sealed']).default('audited'),
    /** How long a sealed entry is waited for. */
    waitMs: z.number().int().min(0).max(30_000).default(10_000),
  }),
  reply: z.object({
    id: idOf('event'),
    /** RFC 6962 hash of the entry. */
    leafHash: sha256Hex,
    grade: z.enum(['audited', 'sealed']),
    /** Its place, when sealed. */
    index: z.number().int().optional(),
    /** C2SP tlog-proof, when sealed. */
    proof: z.string().optional(),
  }),
  errors: ['audit.entry.malformed', 'audit.entry.pending', 'audit.log.refused', 'audit.store.unreadable'],
  http: {
    method: 'POST',
    path: '/v1/audit/entries',
    status: 201,
    summary: 'Add an entry',
    tag: 'audit',
    stability: 'beta',
  },
});
