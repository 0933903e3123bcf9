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
import { GIVEN_BACK } from './postgres-control.js';
import { freeWorkers } from './postgres-lost.js';
import { LOST_ATTEMPT, tellResets, type LostAttempt } from './postgres-resets.js';

/** How often a worker says that it lives. */
export const BEAT_MS = 1_500;
/** After an outage of Postgres the living have their locks again within this time; a late beat has a lease's time. */
const STEADY_MS = 1_000;
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
  /** Since when every look succeeded, by a clock that nobody sets: after an outage the living look dead, too. */
  private steadySince = performance.now();
  /** Whose locks were free at the last look. */
  private unlocked: ReadonlySet<string> = new Set();

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG)
    private readonly config: Pick<RuntimeConfig, 'DATABASE_SYSTEM_URL' | 'WORKER_LEASE_MS' | 'WORKER_SLOTS'>,
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
      void this.returnUnlessLeaving(worker);
    });
    await client.connect();
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    this.liveness = client;
    await this.db.system((tx) =>
      tx.query(
        `insert into worker (id, lock_key, slots) values ($1, $2, $3)
         on conflict (id) do update set beat_at = clock_timestamp(), slots = excluded.slots`,
        [worker, lockKey, this.config.WORKER_SLOTS],
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
   * Frees what dead workers held, and counts the loss. Dead is whose lease is over, and whose lock is free at two looks
   * in a row: who lost only its connection has the lock again by then.
   *
   * @returns how many turns and commands
   */
  async reap(self: string): Promise<number> {
    return this.look(self).catch((error: unknown) => {
      this.steadySince = performance.now();
      throw error;
    });
  }

  private look(self: string): Promise<number> {
    return this.db.system(async (tx) => {
      const lock = await tx.one<{ free: boolean }>(
        `select pg_try_advisory_xact_lock(hashtext('runtime.reap')) as free`,
      );
      if (!lock?.free) return 0;
      const gone = await tx.query<{ id: string; late: boolean }>(
        `select id, late from (
           select id, lock_key, beat_at < clock_timestamp() - $2 * interval '1 ms' as late from worker where id <> $1) w
         where late or pg_try_advisory_xact_lock_shared(lock_key)
         union select distinct t.lease_owner, true from turn t
         where t.state = 'running' and not exists (select from worker w where w.id = t.lease_owner)
         union select distinct o.worker, true from wait o
         where o.state = 'open' and o.worker is not null and not exists (select from worker w where w.id = o.worker)`,
        [self, this.config.WORKER_LEASE_MS],
      );
      const seen = this.unlocked;
      this.unlocked = new Set(gone.map(({ id }) => id));
      const steadyMs = performance.now() - this.steadySince;
      const dead = gone
        .filter(({ id, late }) =>
          late ? steadyMs >= this.config.WORKER_LEASE_MS : steadyMs >= STEADY_MS && seen.has(id),
        )
        .map(({ id }) => id);
      if (dead.length === 0) return 0;
      // Whoever has beaten since the look lives; nothing is given to the others from here on.
      const alive = await tx.query<{ id: string }>(
        `select id from (select id, beat_at from worker where id = any($1) order by id for update) w
         where id = any($2) and beat_at >= clock_timestamp() - $3 * interval '1 ms'`,
        [dead, gone.filter(({ late }) => late).map(({ id }) => id), this.config.WORKER_LEASE_MS],
      );
      const buried = dead.filter((id) => !alive.some((worker) => worker.id === id));
      return buried.length === 0 ? 0 : freeWorkers(tx, buried, { dead: true });
    });
  }

  /** Leaves: what this worker still held is ready for others at once. */
  async resign(worker: string): Promise<void> {
    this.leaving = true;
    await this.liveness?.end();
    await this.db.system((tx) => freeWorkers(tx, [worker]));
  }
}

/** A worker's lock: the first 64 bits of its id's digest. */
const lockKeyOf = (worker: string): bigint => createHash('sha256').update(worker).digest().readBigInt64BE();
