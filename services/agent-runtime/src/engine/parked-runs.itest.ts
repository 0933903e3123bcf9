import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '@conclave/nest-kit';
import { Registry } from 'prom-client';
import { Agents } from '../agents/agents.js';
import { LiveRuns } from '../runs/live-runs.js';
import { NO_REVIEWS } from '../testing/engine-process.js';
import { actor, openEngineWorld, type EngineWorld } from '../testing/engine-world.js';
import type { AgentPort } from './agent-port.js';
import { Bells } from './bells.js';
import { EngineMetrics } from './engine-metrics.js';
import { PostgresWorkers } from './postgres-workers.js';
import { Worker } from './worker.js';

const RUNS = 5_000;
const CREATES = 500;
const WINDOW_MS = 2_000;
/** Postgres counts what a connection did a second after it did it, or ten when it does nothing more. */
const COUNTED_MS = 1_500;

/** Waits for somebody who does not come. */
const waiter: AgentPort = {
  name: 'waiter',
  giveUp: () => Promise.reject(new Error('given up')),
  activate: async ({ runId }) => ({
    kind: 'parked',
    wait: { kind: 'human', key: runId, expiresInMs: 86_400_000, defaultAnswer: null },
  }),
};

describe('parked runs', () => {
  let world: EngineWorld;
  let worker: Worker;
  const metrics = new Registry();
  beforeAll(async () => {
    world = await openEngineWorld();
    const log = createLogger('runtime', 'fatal');
    const env = { ...world.test.environmentOf('runtime'), WORKER_SLOTS: 256, WORKER_LEASE_MS: 60_000 };
    const house = new Agents([waiter], NO_REVIEWS, world.db);
    const { engine, db } = world;
    const workers = new PostgresWorkers(db, env, log);
    const meters = new EngineMetrics({ metrics });
    worker = new Worker({
      engine,
      db,
      workers,
      house,
      live: new LiveRuns(),
      bells: new Bells(),
      metrics: meters,
      log,
      config: env,
    });
    await worker.start();
  });
  afterAll(async () => {
    await worker.stop();
    await world.close();
  });

  const parked = async (): Promise<number> =>
    (await world.test.query<{ n: number }>(`select count(*)::int as n from runtime.run where state = 'parked'`))[0]!.n;
  const transactions = async (): Promise<number> => {
    await sleep(COUNTED_MS);
    const [row] = await world.test.query<{ n: number }>(
      'select (xact_commit + xact_rollback)::float8 as n from pg_stat_database where datname = current_database()',
    );
    return row!.n;
  };
  const perSecond = async (): Promise<number> => {
    const [before, begin] = [await transactions(), performance.now()];
    await sleep(WINDOW_MS);
    return ((await transactions()) - before) / ((performance.now() - begin) / 1_000);
  };

  it('cost no turn and no slot, and an idle worker asks no more often than without them', async () => {
    const without = await perSecond();
    const ctx = actor();
    for (let made = 0; made < RUNS; made += CREATES) {
      await Promise.all(Array.from({ length: CREATES }, () => world.create(ctx, { agent: 'waiter' })));
      worker.wake();
    }
    while ((await parked()) < RUNS) await sleep(100);
    await perSecond(); // what making them cost is counted by then
    const withThem = await perSecond();
    expect(await metrics.getSingleMetricAsString('conclave_turns_running')).toMatch(/^conclave_turns_running 0$/m);
    // Timers slip and vacuuming asks, too, when the machine is busy; a statement in two minutes for each would be more.
    expect(withThem).toBeLessThan(without + RUNS / 120);
    process.stderr.write(
      `transactions per second: ${without.toFixed(1)} with none, ${withThem.toFixed(1)} with ${RUNS}\n`,
    );
  }, 120_000);
});
