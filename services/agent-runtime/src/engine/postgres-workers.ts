/**
 * Who works, and what happens to the turns of those who no longer do. A worker holds a session lock on a connection of
 * its own: the lock is freed the moment its process dies. The lease is the truth; the lock is the fast hint, which an
 * outage of Postgres makes worthless: then all locks are free, and who was slow to return is not dead.
 */
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, LOG } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Watch, type Sighting } from '@conclave/run-core';
import { Client } from 'pg';
import type { Logger } from 'pino';
import type { RuntimeConfig } from '../config.js';
import type { TurnKey } from './claimed-turn.js';
import { GIVEN_BACK } from './postgres-control.js';
import { freeWorkers } from './postgres-lost.js';
import { LOST_ATTEMPT, tellResets, type LostAttempt } from './postgres-resets.js';

/** How often a worker says that it lives. */
export const BEAT_MS = 1_500;
/** Between two tries to take the lock again. */
const RECONNECT_MS = 500;

/** A turn as the database holds it in a worker's name. */
export interface HeldTurn extends TurnKey {
  readonly epoch: string;
}

@Injectable()
export class PostgresWorkers {
  private liveness: Client | undefined;
  private leaving = false;
  private readonly watch: Watch;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG)
    private readonly config: Pick<RuntimeConfig, 'DATABASE_SYSTEM_URL' | 'WORKER_LEASE_MS' | 'WORKER_SLOTS'>,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.watch = new Watch(config.WORKER_LEASE_MS, performance.now());
  }

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
      this.watch.forget(performance.now());
      void this.returnUnlessLeaving(worker);
    });
    await client.connect();
    const { rows } = await client.query<{ startedAt: string }>(
      `select pg_postmaster_start_time()::text as "startedAt", pg_advisory_lock($1)`,
      [lockKey],
    );
    this.liveness = client;
    await this.db.system((tx) =>
      tx.query(
        `insert into worker (id, lock_key, slots, server_started_at) values ($1, $2, $3, $4)
         on conflict (id) do update
           set beat_at = clock_timestamp(), slots = excluded.slots, server_started_at = excluded.server_started_at`,
        [worker, lockKey, this.config.WORKER_SLOTS, rows[0]!.startedAt],
      ),
    );
  }

  private async returnUnlessLeaving(worker: string): Promise<void> {
    if (this.leaving) return;
    await this.enlist(worker).catch((error: unknown) => {
      this.log.warn({ err: error }, 'not enlisted again yet');
      setTimeout(() => void this.returnUnlessLeaving(worker), RECONNECT_MS).unref();
    });
  }

  /** Says this worker is alive. @returns the turns it still holds, or undefined when it was reaped */
  beat(worker: string): Promise<HeldTurn[] | undefined> {
    return this.db.system(async (tx) => {
      const me = await tx.one('update worker set beat_at = clock_timestamp() where id = $1 returning id', [worker]);
      if (!me) return undefined;
      return tx.query<HeldTurn>(
        `select tenant_id as "tenantId", run_id as "runId", task_id as "taskId", no, epoch::text from turn
         where lease_owner = $1 and state = 'running'`,
        [worker],
      );
    });
  }

  /** Gives turns back that carry the worker's name although it does not know them: the answer that gave them was lost. */
  async disown(worker: string, turns: readonly HeldTurn[]): Promise<void> {
    await this.db.system(async (tx) => {
      const given: LostAttempt[] = [];
      for (const { tenantId, runId, taskId, no, epoch } of turns) {
        const back = await tx.query<LostAttempt>(
          `update turn set ${GIVEN_BACK}, ready_at = clock_timestamp()
           where tenant_id = $1 and run_id = $2 and task_id = $3 and no = $4 and lease_owner = $5 and epoch = $6
             and state = 'running' returning ${LOST_ATTEMPT}`,
          [tenantId, runId, taskId, no, worker, epoch],
        );
        given.push(...back);
      }
      await tellResets(tx, given);
    });
  }

  /**
   * Frees what dead workers held, as this process saw them die, and counts the loss.
   *
   * @returns how many turns and commands
   */
  async reap(self: string): Promise<number> {
    let looked = false;
    const look = this.db.system(async (tx) => {
      const lock = await tx.one<{ free: boolean }>(
        `select pg_try_advisory_xact_lock(hashtext('runtime.reap')) as free`,
      );
      if (!lock?.free) return 0;
      const others = await tx.query<Sighting>(
        `select id, beat_at::text as beat, pg_try_advisory_xact_lock_shared(lock_key) as free,
           server_started_at = pg_postmaster_start_time() as current from worker where id <> $1
         union select distinct t.lease_owner, null, true, false from turn t
         where t.state = 'running' and not exists (select from worker w where w.id = t.lease_owner)
         union select distinct o.worker, null, true, false from wait o
         where o.state = 'open' and o.worker is not null and not exists (select from worker w where w.id = o.worker)`,
        [self],
      );
      looked = true;
      const dead = this.watch.deadOf(others, performance.now());
      if (dead.length === 0) return 0;
      // Whoever has beaten since the look lives; nothing is given to the others from here on.
      const enlisted = await tx.query<Pick<Sighting, 'id' | 'beat'>>(
        `select id, beat_at::text as beat from worker where id = any($1) order by id for update`,
        [dead.map(({ id }) => id)],
      );
      const beats = new Map(enlisted.map(({ id, beat }) => [id, beat]));
      const buried = dead.filter(({ id, beat }) => (beats.get(id) ?? null) === beat).map(({ id }) => id);
      return buried.length === 0 ? 0 : freeWorkers(tx, buried, { dead: true });
    });
    return look.catch((error: unknown) => {
      if (!looked) this.watch.forget(performance.now());
      throw error;
    });
  }

  /** Leaves: what this worker still held is ready for others at once. */
  async resign(worker: string): Promise<void> {
    this.leaving = true;
    // Its lock is held until nothing of it is left: whoever found that free would count a death.
    await this.db.system((tx) => freeWorkers(tx, [worker])).finally(() => this.liveness?.end());
  }
}

/** A worker's lock: the first 64 bits of its id's digest. */
const lockKeyOf = (worker: string): bigint => createHash('sha256').update(worker).digest().readBigInt64BE();
