import { base64, hex } from '@conclave/audit-core';
import { ConclaveError, type ReplyOf, type RequestOf, type audit } from '@conclave/contracts';
import { Database, pageBy, type Actor } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { PostgresLog } from '../log/postgres-log.js';
import { findEntries } from './postgres-entries.js';
import { retentionOf } from './postgres-retention.js';

type Request = RequestOf<typeof audit.listAuditEntries>;
type Reply = ReplyOf<typeof audit.listAuditEntries>;

/**
 * Entries of one of the tenant's logs that a filter lets through, newest first. The cursor is an index, so pages stay
 * what they are while the log grows.
 */
@Injectable()
export class SearchEntries {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
  ) {}

  /** @throws ConclaveError `request.invalid` for a cursor that is none */
  async run(ctx: Actor, { limit, after, log: number, ...filter }: Request): Promise<Reply> {
    const before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
    if (!Number.isSafeInteger(before))
      throw new ConclaveError('request.invalid', {
        issues: [{ path: 'after', message: 'expected the `next` of a page' }],
      });
    const db = this.db.autocommit(ctx);
    const log = await this.log.find(db, ctx.tenantId, number);
    if (!log) return { items: [] };
    const { minimumIndex } = await retentionOf(db, log);
    const range = { from: minimumIndex, to: before };
    const found = await findEntries(db, log, { filter, range, order: 'desc', limit: limit + 1 });
    const items = found.map((entry) => ({
      index: entry.index,
      leafHash: hex(entry.leafHash),
      at: entry.at.toISOString(),
      type: entry.type,
      actor: entry.actor,
      body: base64(entry.body),
      ...(entry.disclosed ? { disclosed: { salt: base64(entry.disclosed.salt), data: entry.disclosed.data } } : {}),
    }));
    return pageBy(items, Math.min(limit, fitting(items)), ({ index }) => String(index));
  }
}

/** A reply has to fit a message. */
const PAGE_BYTES = 800_000;

/** How many of the items a page has room for, and at least one. */
function fitting(items: readonly object[]): number {
  let bytes = 0;
  const first = items.findIndex((item) => (bytes += Buffer.byteLength(JSON.stringify(item))) > PAGE_BYTES);
  return first < 0 ? items.length : Math.max(1, first);
}
