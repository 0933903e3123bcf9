/** How far each log is published. */
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Statements, type Tx } from '@conclave/postgres-kit';
import type { SizedLog } from './log-guard.js';
import type { OpenLog } from './postgres-log.js';

const PAGE = 200;

@Injectable()
export class PostgresPublished {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Tenants whose log has more entries than its published checkpoint. */
  async unpublished(): Promise<string[]> {
    const rows = await this.db.system((tx) =>
      tx.query<{ tenant_id: string }>('select tenant_id from log where published < size limit 1000'),
    );
    return rows.map((row) => row.tenant_id);
  }

  /** Calls `work` with all present logs, some at a time. */
  async everyLog(work: (db: Statements, logs: readonly SizedLog[]) => Promise<unknown>): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const from: string = after;
      after = await this.db.system(async (tx) => {
        const rows = await tx.query<{ tenant_id: string; number: number; size: string }>(
          'select tenant_id, number, size from log where tenant_id > $1 order by tenant_id limit $2',
          [from, PAGE],
        );
        await work(
          tx,
          rows.map((row) => ({ tenantId: row.tenant_id, number: row.number, size: Number(row.size) })),
        );
        return rows.length === PAGE ? rows.at(-1)!.tenant_id : undefined;
      });
    }
  }

  /** Keeps other replicas from publishing the tenant's log until the transaction ends; false when one is at it. */
  async lock(tx: Tx, tenantId: string): Promise<boolean> {
    const row = await tx.one<{ locked: boolean }>(
      `select pg_try_advisory_xact_lock(hashtext('publish ' || current_schema()), hashtext($1)) as locked`,
      [tenantId],
    );
    return row!.locked;
  }

  /** The log is published as far as it was when it was read. */
  async mark(tx: Tx, { tenantId, number, size }: OpenLog): Promise<void> {
    await tx.query('update log set published = $3 where tenant_id = $1 and number = $2', [tenantId, number, size]);
  }
}
