import { ConclaveError, newId, type RequestOf, type records } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { LogName } from '../log/log-name.js';
import { PostgresLog } from '../log/postgres-log.js';
import { countEntries } from './postgres-entries.js';
import { exportOf, insertExport, type ExportView } from './postgres-exports.js';
import { retentionOf } from './postgres-retention.js';

type Request = RequestOf<typeof records.createExport>;

/** Fixes what an export is of: the checkpoint it ends with, a range below it, and what is let through. */
@Injectable()
export class CreateExport {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
  ) {}

  /** @throws ConclaveError `audit.log.empty` | `audit.proof.range` | `audit.entry.pruned` */
  async run(tx: Tx, ctx: RequestContext, { format, filter = {}, range, log: number }: Request): Promise<ExportView> {
    const log = await this.log.find(tx, ctx.tenantId, number);
    if (!log || log.published === 0) throw new ConclaveError('audit.log.empty');
    const size = log.published;
    const { minimumIndex } = await retentionOf(tx, log);
    const { from = minimumIndex, to = size } = range;
    if (from < minimumIndex) throw new ConclaveError('audit.entry.pruned', { minimumIndex });
    if (from > to || to > size) throw new ConclaveError('audit.proof.range', { size });
    const entries = await countEntries(tx, log, filter, { from, to });
    const id = newId('export');
    const createdAt = new Date();
    await insertExport(tx, log, {
      ...{ id, format, filter, from, to, size, entries },
      ...{ createdBy: ctx.actor, createdAt },
    });
    return (await exportOf(tx, ctx.tenantId, id))!.view;
  }

  /** @throws ConclaveError `audit.export.not-found` */
  async find(ctx: RequestContext, id: string): Promise<{ readonly view: ExportView; readonly log: LogName }> {
    const found = await exportOf(this.db.autocommit(ctx), ctx.tenantId, id);
    if (!found) throw new ConclaveError('audit.export.not-found', { id });
    return found;
  }
}
