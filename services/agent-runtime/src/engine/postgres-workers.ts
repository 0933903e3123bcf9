/**
 * Who works, and what happens to the turns of those who no longer do. A worker holds a session lock on a connection of
 * its own: the lock is freed the moment its process dies. The lease is the truth; the lock is the fast hint.
 */
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, LOG } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Client } from 'pg';
import type { Logger } from 'pino';
import type { RuntimeConfig } from '../config.js';
import type { TurnKey } from './claimed-turn.js';
import { LEASE_MS } from './postgres-engine.js';

const RECONNECT_MS = 1_000;
/** How often a worker says that it lives; no multiple of the sweep, or no beat would ever find it between two claims. */
export const BEAT_MS = 1_500;
/** A free lock means death only together with this silence: a worker that lost its connection takes the lock again. */
const SILENT_MS = 2 * BEAT_MS;

@Injectable()
export class PostgresWorkers {
  private liveness: Client | undefined;
  private leaving = false;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG) private readonly config: Pick<RuntimeConfig, 'DATABASE_SYSTEM_URL'>,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Announces a worker and takes its liveness lock, again whenever the connection that holds it is lost. */
  async enlist(worker: string): Promise<void> {
    await this.liveness?.end().catch(() => undefined);
    const lockKey = lockKeyOf(worker).toString();
    const client = new Client({
      connectionString: this.config.DATABASE_SYSTEM_URL,
      application_name: 'conclave-runtime-liveness',
    });
    client.on('error', (error) => {
      this.log.warn({ err: error }, 'liveness connection lost');
      setTimeout(() => void this.returnUnlessLeaving(worker), RECONNECT_MS).unref();
    });
    await client.connect();
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    this.liveness = client;
    await this.db.system((tx) =>
      tx.query(
        'insert into worker (id, lock_key) values ($1, $2) on conflict (id) do update set beat_at = clock_timestamp()',
        [worker, lockKey],
      ),
    );
  }

  private async returnUnlessLeaving(worker: string): Promise<void> {
    if (this.leaving) return;
    await this.enlist(worker).catch((error: unknown) => this.log.warn({ err: error }, 'not enlisted again yet'));
  }

  /** Extends the lease of everything this worker runs. @returns the turns it still holds, or undefined when it was reaped */
  beat(worker: string): Promise<TurnKey[] | undefined> {
    return this.db.system(async (tx) => {
      const me = await tx.one('update worker set beat_at = clock_timestamp() where id = $1 returning id', [worker]);
      if (!me) return undefined;
      return tx.query<TurnKey>(
        `update turn set lease_until = clock_timestamp() + $2 * interval '1 ms' where lease_owner = $1 and state = 'running'
         returning tenant_id as "tenantId", run_id as "runId", task_id as "taskId", no`,
        [worker, LEASE_MS],
      );
    });
  }

  /** Gives turns back that carry the worker's name although it does not know them: their claim's answer was lost. */
  async disown(worker: string, turns: readonly TurnKey[]): Promise<void> {
    await this.db.system(async (tx) => {
      for (const { tenantId, runId, taskId, no } of turns) {
        await tx.query(
          `update turn set state = 'ready', lease_owner = null, ready_at = clock_timestamp()
           where tenant_id = $1 and run_id = $2 and task_id = $3 and no = $4 and lease_owner = $5 and state = 'running'`,
          [tenantId, runId, taskId, no, worker],
        );
      }
    });
  }

  /** Makes the turns of dead workers ready again, and counts the loss. @returns how many */
  reap(self: string): Promise<number> {
    return this.db.system(async (tx) => {
      const lock = await tx.one<{ free: boolean }>(
        `select pg_try_advisory_xact_lock(hashtext('runtime.reap')) as free`,
      );
      if (!lock?.free) return 0;
      const dead = await tx.query<{ id: string }>(
        `select id from worker where id <> $1 and (beat_at < clock_timestamp() - $2 * interval '1 ms'
           or beat_at < clock_timestamp() - $3 * interval '1 ms' and pg_try_advisory_xact_lock_shared(lock_key))
         union select distinct t.lease_owner from turn t where t.state = 'running' and not exists (select from worker w where w.id = t.lease_owner)`,
        [self, LEASE_MS, SILENT_MS],
      );
      if (dead.length === 0) return 0;
      const ids = dead.map((w) => w.id);
      const freed = await tx.query(
        `update turn set state = 'ready', lease_owner = null, ready_at = clock_timestamp(), lost = lost + 1
         where state = 'running' and lease_owner = any($1) returning no`,
        [ids],
      );
      await tx.query('delete from worker where id = any($1)', [ids]);
      return freed.length;
    });
  }

  /** Leaves: what this worker still held is ready for others at once. */
  async resign(worker: string): Promise<void> {
    this.leaving = true;
    await this.liveness?.end();
    await this.db.system(async (tx) => {
      await tx.query(
        `update turn set state = 'ready', lease_owner = null, ready_at = clock_timestamp() where state = 'running' and lease_owner = $1`,
        [worker],
      );
      await tx.query('delete from worker where id = $1', [worker]);
    });
  }
}

/** A worker's lock: the first 64 bits of its id's digest. */
const lockKeyOf = (worker: string): bigint => createHash('sha256').update(worker).digest().readBigInt64BE();
