/**
 * Who works, and what happens to the turns of those who no longer do. A worker holds a session lock on a connection of
 * its own: the lock is freed the moment its process dies. The lease is the truth; the lock is the fast hint.
 */
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@conclave/postgres-kit';
import { LEASE_MS } from './postgres-engine.js';

@Injectable()
export class PostgresWorkers {
  constructor(@Inject(Database) private readonly db: Database) {}

  async enlist(worker: string, lockKey: bigint): Promise<void> {
    await this.db.system((tx) =>
      tx.query(
        'insert into worker (id, lock_key) values ($1, $2) on conflict (id) do update set beat_at = clock_timestamp()',
        [worker, lockKey.toString()],
      ),
    );
  }

  /** Extends the lease of everything this worker runs. @returns turns it still holds, as `run/task/no`, or undefined when it was reaped */
  beat(worker: string): Promise<ReadonlySet<string> | undefined> {
    return this.db.system(async (tx) => {
      const me = await tx.one('update worker set beat_at = clock_timestamp() where id = $1 returning id', [worker]);
      if (!me) return undefined;
      const held = await tx.query<{ run_id: string; task_id: string; no: number }>(
        `update turn set lease_until = clock_timestamp() + $2 * interval '1 ms' where lease_owner = $1 and state = 'running' returning run_id, task_id, no`,
        [worker, LEASE_MS],
      );
      return new Set(held.map((t) => `${t.run_id}/${t.task_id}/${t.no}`));
    });
  }

  /** Makes the turns of dead workers ready again. @returns how many */
  reap(self: string): Promise<number> {
    return this.db.system(async (tx) => {
      const lock = await tx.one<{ free: boolean }>(
        `select pg_try_advisory_xact_lock(hashtext('runtime.reap')) as free`,
      );
      if (!lock?.free) return 0;
      const dead = await tx.query<{ id: string }>(
        `select id from worker where id <> $1 and (beat_at < clock_timestamp() - $2 * interval '1 ms' or pg_try_advisory_xact_lock_shared(lock_key))
         union select distinct t.lease_owner from turn t where t.state = 'running' and not exists (select from worker w where w.id = t.lease_owner)`,
        [self, LEASE_MS],
      );
      if (dead.length === 0) return 0;
      const ids = dead.map((w) => w.id);
      const freed = await tx.query(
        `update turn set state = 'ready', lease_owner = null, ready_at = clock_timestamp() where state = 'running' and lease_owner = any($1) returning no`,
        [ids],
      );
      await tx.query('delete from worker where id = any($1)', [ids]);
      return freed.length;
    });
  }

  /** Leaves: what this worker still held is ready for others at once. */
  async resign(worker: string): Promise<void> {
    await this.db.system(async (tx) => {
      await tx.query(
        `update turn set state = 'ready', lease_owner = null, ready_at = clock_timestamp() where state = 'running' and lease_owner = $1`,
        [worker],
      );
      await tx.query('delete from worker where id = $1', [worker]);
    });
  }
}
