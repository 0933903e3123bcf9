import { base64 } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, type ReplyOf, type RequestOf, type audit } from '@conclave/contracts';
import { Database, pageBy, type Actor } from '@conclave/postgres-kit';
import { timestampsBefore } from './postgres-timestamps.js';

const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_(\d{1,15})$/;

@Injectable()
export class ListTimestamps {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws ConclaveError `request.invalid` for a cursor of nobody's */
  async run(
    ctx: Actor,
    request: RequestOf<typeof audit.listTimestamps>,
  ): Promise<ReplyOf<typeof audit.listTimestamps>> {
    const { after, limit } = request;
    const before = after === undefined ? undefined : cursorIn(after);
    const rows = await this.db.tx(ctx, (tx) => timestampsBefore(tx, ctx.tenantId, before, limit + 1));
    const items = rows.map(({ at, response, ...row }) => ({
      ...row,
      at: at.toISOString(),
      response: base64(response),
    }));
    return pageBy(items, limit, ({ at, size }) => `${at}_${size}`);
  }
}

function cursorIn(after: string): readonly [string, number] {
  const [, at, size] = CURSOR.exec(after) ?? [];
  if (at === undefined || Number.isNaN(Date.parse(at)))
    throw new ConclaveError('request.invalid', {
      issues: [{ path: 'after', message: 'expected the `next` of a page' }],
    });
  return [at, Number(size)];
}
