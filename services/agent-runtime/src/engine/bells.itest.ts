import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { events, newId } from '@conclave/contracts';
import {
  createTestDatabase,
  eventually,
  startTestBus,
  type TestBus,
  type TestDatabase,
} from '@conclave/dev-env/testing';
import { createLogger } from '@conclave/nest-kit';
import { Database, pgConnections } from '@conclave/postgres-kit';
import { Registry } from 'prom-client';
import { LiveRuns } from '../runs/live-runs.js';
import { AgentHouse } from './agent-house.js';
import type { Activation, AgentPort, Turn } from './agent-port.js';
import { Bells } from './bells.js';
import { EngineMetrics } from './engine-metrics.js';
import { Engine } from './engine.js';
import { openEngineRoles, type EngineRoles } from './engine-roles.js';
import { PostgresWorkers } from './postgres-workers.js';
import { Worker } from './worker.js';

const LEASE_MS = 15_000;

type Activate = (turn: Turn) => Promise<Activation>;

class House extends AgentHouse {
  readonly agents: ReadonlyMap<string, AgentPort>;
  readonly keeps = (): boolean => false;
  readonly settled = async (): Promise<void> => undefined;

  constructor(activate: Activate) {
    super();
    const giveUp = async () => ({ kind: 'failed', code: 'x', message: 'y' }) as const;
    this.agents = new Map([['a', { name: 'a', activate, giveUp }]]);
  }

  async endingOf() {
    return { event: events.runFailed, data: { run: newId('run'), code: 'x', message: 'y' } };
  }
}

describe('processes that hear each other', () => {
  let test: TestDatabase;
  let bus: TestBus;
  let db: Database;
  let roles: EngineRoles;
  const workers: Worker[] = [];
  const log = createLogger('runtime', 'fatal');

  beforeAll(async () => {
    [test, bus] = await Promise.all([createTestDatabase(['runtime']), startTestBus()]);
    const env = test.environmentOf('runtime');
    const pool = (url: string) =>
      pgConnections({ url, schema: 'runtime', size: 8, applicationName: 'test' }, () => undefined);
    db = new Database(pool(env.DATABASE_URL), pool(env.DATABASE_SYSTEM_URL));
    roles = openEngineRoles(env.DATABASE_SYSTEM_URL, log);
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.stop();
  });
  afterAll(async () => {
    await roles.close();
    await db.close();
    await Promise.all([test.drop(), bus.stop()]);
  });

  const process = async () => {
    const kit = await bus.as('runtime');
    const bells = new Bells(kit);
    const metrics = new EngineMetrics({ metrics: new Registry() });
    return { kit, bells, metrics, engine: new Engine(roles, db, bells, metrics) };
  };
  /** A process that only listens: it knows of nothing but by a bell. */
  const listen = async (): Promise<{ readonly rung: Promise<void>; readonly leave: () => void }> => {
    const { kit, bells } = await process();
    const rung = Promise.withResolvers<void>();
    bells.hear({
      wake: () => (rung.resolve(), true),
      drop: () => undefined,
      make: async (_, make) => (await make()).length,
    });
    await kit.nats.flush();
    return { rung: rung.promise, leave: () => bells.leave() };
  };
  /** A process that works, on one turn at a time. */
  const start = async (activate: Activate) => {
    const { bells, metrics, engine } = await process();
    const env = { ...test.environmentOf('runtime'), WORKER_SLOTS: 1, WORKER_LEASE_MS: LEASE_MS };
    const members = new PostgresWorkers(db, env, log);
    const worker = new Worker({
      ...{ engine, db, workers: members, house: new House(activate), live: new LiveRuns() },
      ...{ bells, metrics, log, config: env },
    });
    await worker.start();
    workers.push(worker);
    return { worker, engine };
  };
  const create = async (engine: Engine): Promise<string> => {
    const id = newId('run');
    const ctx = { tenantId: newId('tenant'), actor: 'service:runtime', workspaceId: newId('workspace') };
    await engine.create({ ...ctx, id, kind: 'review', title: 't', agent: 'a', input: {} });
    return id;
  };
  const aborted = ({ signal }: Turn): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

  it('hands a turn over when a worker stops, and repeats nothing that was journaled', async () => {
    let effects = 0;
    const begun = Promise.withResolvers<void>();
    const first = await start(async (turn) => {
      await turn.step('effect', async () => ++effects);
      begun.resolve();
      return aborted(turn);
    });
    const run = await create(first.engine);
    await begun.promise;
    const took = Promise.withResolvers<unknown>();
    await start(async (turn) => {
      took.resolve([turn.runId, await turn.step('effect', async () => ++effects)]);
      return { kind: 'done', result: 1 };
    });
    const [held] = await test.query<{ until: string }>(
      'select epoch + $2::bigint * 1000 as until from runtime.turn where run_id = $1',
      [run, LEASE_MS],
    );
    const { rung, leave } = await listen();
    await first.worker.stop();
    await rung;
    leave();
    expect(await took.promise).toEqual([run, 1]);
    expect(effects).toBe(1);
    // An epoch tells when its claim was. A reaper would have counted the first attempt as lost.
    const [turn] = await test.query(
      'select attempt, lost, epoch < $2 as "withinLease" from runtime.turn where run_id = $1',
      [run, held?.until],
    );
    expect(turn).toEqual({ attempt: 2, lost: 0, withinLease: true });
  }, 30_000);

  it('leaves to others what it has no room for', async () => {
    const full = await start(aborted);
    await create(full.engine);
    await eventually(async () =>
      expect(await test.query(`select from runtime.turn where state = 'running'`)).toHaveLength(1),
    );
    const took = Promise.withResolvers<string>();
    await start(async ({ runId }) => {
      took.resolve(runId);
      return { kind: 'done', result: 1 };
    });
    const { rung, leave } = await listen();
    const run = await create(full.engine);
    await rung;
    leave();
    expect(await took.promise).toBe(run);
  }, 30_000);

  it('aborts the call of a run that another process ended', async () => {
    const begun = Promise.withResolvers<string>();
    const stopped = Promise.withResolvers<string>();
    const { engine } = await start(async (turn) => {
      begun.resolve(turn.runId);
      return aborted(turn).finally(() => stopped.resolve(turn.runId));
    });
    const api = await process();
    await create(engine);
    const run = await begun.promise;
    // In the database it is still its own: only the bell can tell.
    api.bells.ended([newId('run'), run]);
    expect(await stopped.promise).toBe(run);
  }, 30_000);
});
