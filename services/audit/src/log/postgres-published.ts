/** How far each log is published. */
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Statements, type Tx } from '@conclave/postgres-kit';
import type { SizedLog } from './log-guard.js';
import { PostgresLog, type OpenLog, type SignedLog } from './postgres-log.js';

const PAGE = 200;

/** A log that has more entries than its published checkpoint. */
export interface Unpublished {
  readonly tenantId: string;
  readonly size: number;
  readonly published: number;
}

@Injectable()
export class PostgresPublished {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
  ) {}

  /** Logs that have more entries than their published checkpoint. */
  async unpublished(): Promise<Unpublished[]> {
    const rows = await this.db.system((tx) =>
      tx.query<{ tenant_id: string; size: string; published: string }>(
        'select tenant_id, size, published from log where published < size limit 1000',
      ),
    );
    return rows.map(({ tenant_id: tenantId, size, published }) => ({
      tenantId,
      size: Number(size),
      published: Number(published),
    }));
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

  /**
   * Does the tenant's publishing in one transaction, while no other replica does; undefined when one is at it. So a newer
   * checkpoint in the store is never followed by an older one. What is to be published is read once it is the only one,
   * though both are asked for at once.
   */
  alone(
    tenantId: string,
    work: (tx: Tx, head: SignedLog | undefined) => Promise<boolean>,
  ): Promise<boolean | undefined> {
    return this.db.tx({ tenantId, actor: 'service:audit' }, async (tx) => {
      const [row, head] = await Promise.all([
        tx.one<{ locked: boolean }>(
          `select pg_try_advisory_xact_lock(hashtext('publish ' || current_schema()), hashtext($1)) as locked`,
          [tenantId],
        ),
        this.log.signed(tx, tenantId),
      ]);
      return row!.locked ? work(tx, head) : undefined;
    });
  }

  /** The log is published as far as it was when it was read. */
  async mark(tx: Tx, { tenantId, number, size }: OpenLog): Promise<void> {
    await tx.query('update log set published = $3 where tenant_id = $1 and number = $2', [tenantId, number, size]);
  }
}
