/** The engine on a database of its own, driven by hand: a test claims, journals and finishes like a worker. */
import { newId } from '@conclave/contracts';
import { createTestDatabase, type TestDatabase } from '@conclave/dev-env/testing';
import { createLogger } from '@conclave/nest-kit';
import { Database, pgConnections, type Actor } from '@conclave/postgres-kit';
import { Registry } from 'prom-client';
import type { Activation, Json, WaitSpec } from '../engine/agent-port.js';
import type { ClaimedTurn } from '../engine/claimed-turn.js';
import { Bells } from '../engine/bells.js';
import { Engine } from '../engine/engine.js';
import { EngineMetrics } from '../engine/engine-metrics.js';
import { openEngineRoles, type EngineRoles } from '../engine/engine-roles.js';
import type { NewRun } from '../engine/postgres-create.js';
import { PostgresWorkers } from '../engine/postgres-workers.js';

export const LEASE_MS = 1_000;
/** What they are enlisted with; a test claims as many turns as it likes. */
const SLOTS = 1;
/** Who claims unless somebody else is named. */
export const WORKER = 'wrk_a';

export interface EngineWorld {
  readonly test: TestDatabase;
  readonly db: Database;
  readonly engine: Engine;
  readonly roles: EngineRoles;
  /** Forgets all runs and workers; `WORKER` is enlisted again. */
  readonly reset: () => Promise<PostgresWorkers>;
  /** Enlists a worker, which holds its lock on a connection to `url` if one is given. */
  readonly join: (worker: string, url?: string) => Promise<PostgresWorkers>;
  readonly create: (ctx: Actor, run?: Partial<NewRun>) => Promise<string>;
  readonly claim: (by: string, turns: number, slow?: number) => Promise<ClaimedTurn[]>;
  readonly claimOne: (by?: string) => Promise<ClaimedTurn>;
  readonly step: (turn: ClaimedTurn, name: string, result: Json) => Promise<boolean>;
  readonly finish: (turn: ClaimedTurn, activation: Activation) => Promise<void>;
  readonly stateOf: (run: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

export const actor = (tenantId = newId('tenant')): Actor => ({ tenantId, actor: 'service:runtime' });

/** A wait for somebody's word. */
export const waitFor = (key: string, more: Partial<WaitSpec> = {}): WaitSpec => ({
  ...{ kind: 'human', key, expiresInMs: 60_000, defaultAnswer: { expired: true } },
  ...more,
});

export async function openEngineWorld(): Promise<EngineWorld> {
  const test = await createTestDatabase(['runtime']);
  const env = test.environmentOf('runtime');
  const pool = (url: string) =>
    pgConnections({ url, schema: 'runtime', size: 8, applicationName: 'test' }, () => undefined);
  const db = new Database(pool(env.DATABASE_URL), pool(env.DATABASE_SYSTEM_URL));
  const log = createLogger('runtime', 'fatal');
  const roles = openEngineRoles(env.DATABASE_SYSTEM_URL, log);
  const engine = new Engine(roles, db, new Bells(), new EngineMetrics({ metrics: new Registry() }));
  const joined: [PostgresWorkers, string][] = [];
  const leave = async (): Promise<void> => {
    for (const [one, id] of joined.splice(0)) await one.resign(id);
  };
  const join = async (worker: string, url = env.DATABASE_SYSTEM_URL): Promise<PostgresWorkers> => {
    const config = { DATABASE_SYSTEM_URL: url, WORKER_LEASE_MS: LEASE_MS, WORKER_SLOTS: SLOTS };
    const one = new PostgresWorkers(db, config, log);
    await one.enlist(worker);
    joined.push([one, worker]);
    return one;
  };
  const claim: EngineWorld['claim'] = async (by, turns, slow = turns) => {
    await test.query('update runtime.worker set beat_at = clock_timestamp() where id = $1', [by]);
    // Patient: where the machine stalls between the two, no beat was missed.
    return [...(await engine.claim(by, { turns, slow, leaseMs: 60 * LEASE_MS })).turns];
  };
  return {
    ...{ test, db, engine, roles, join, claim },
    async reset() {
      await leave();
      await test.query(
        `truncate runtime.run, runtime.task, runtime.turn, runtime.step, runtime.wait, runtime.signal, runtime.run_event,
           runtime.worker, runtime.tenant_share, runtime.cap`,
      );
      return join(WORKER);
    },
    async create(ctx, run) {
      const id = newId('run');
      const plain = { id, workspaceId: newId('workspace'), kind: 'agent', title: 't', agent: 'a', input: { n: 1 } };
      await engine.create({ ...ctx, ...plain, ...run });
      return run?.id ?? id;
    },
    async claimOne(by = WORKER) {
      const [turn] = await claim(by, 1);
      if (!turn) throw new Error('nothing is ready');
      return turn;
    },
    step: (turn, name, result) => engine.step({ turn, name, result, story: [] }),
    finish: (turn, activation) => engine.finish({ turn, activation }),
    async stateOf(run) {
      return (await test.query<{ state: string }>('select state from runtime.run where id = $1', [run]))[0]!.state;
    },
    async close() {
      await leave();
      await roles.close();
      await db.close();
      await test.drop();
    },
  };
}
