import { base64, hex } from '@conclave/audit-core';
import { ConclaveError, audit, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { pageBy } from '@conclave/postgres-kit';
import { Controller, Inject } from '@nestjs/common';
import { PostgresLog } from '../log/postgres-log.js';
import { AddEntries } from './add-entries.js';

@Controller()
export class EntriesController {
  constructor(
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(AddEntries) private readonly adding: AddEntries,
  ) {}

  @Handles(audit.addEntry)
  add(ctx: RequestContext, request: RequestOf<typeof audit.addEntry>) {
    return this.adding.add(ctx, request);
  }

  @Handles(audit.listAuditEntries)
  async entries(ctx: RequestContext, { limit, after, type }: RequestOf<typeof audit.listAuditEntries>) {
    const before = after === undefined ? undefined : Number(after);
    if (before !== undefined && !Number.isSafeInteger(before))
      throw new ConclaveError('request.invalid', {
        issues: [{ path: 'after', message: 'expected the `next` of a page' }],
      });
    const entries = await this.log.list(ctx, { limit: limit + 1, before, type });
    const items = entries.map((e) => ({
      index: e.index,
      leafHash: hex(e.leafHash),
      at: e.at.toISOString(),
      type: e.type,
      actor: e.actor,
      body: base64(e.body),
    }));
    return pageBy(items, limit, ({ index }) => String(index));
  }
}
