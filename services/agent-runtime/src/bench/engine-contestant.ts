/**
 * The engine as `npm run bench -- engine` measures it: all that a worker's process has in production, roles, events and
 * metrics, with agents whose model is made up. The bench loads this module by its path into a process of its own.
 */
import { newId } from '@conclave/contracts';
import { baseEnvironment, loadConfig, openKit } from '@conclave/nest-kit';
import { Database, Relay, pgConnections } from '@conclave/postgres-kit';
import { runtimeEnvironment } from '../config.js';
import { Bells } from '../engine/bells.js';
import { EngineMetrics } from '../engine/engine-metrics.js';
import { Engine } from '../engine/engine.js';
import { openEngineRoles } from '../engine/engine-roles.js';
import type { Finish } from '../engine/postgres-finish.js';
import { PostgresWorkers } from '../engine/postgres-workers.js';
import { Worker } from '../engine/worker.js';
import { LiveRuns } from '../runs/live-runs.js';
import { benchHouse, type BenchInput } from './bench-agents.js';

interface Options {
  readonly environment: Readonly<Record<string, string>>;
  /** Turns at once; without a worker it only creates runs. */
  readonly slots?: number;
  /** Whether its events get their places and ring. */
  readonly relays?: boolean;
  readonly hangs?: boolean;
}

interface Job {
  readonly tenant: number;
  readonly payload: string;
  readonly steps: number;
  readonly modelMs: number;
}

/** Runs that nobody waits for. */
interface Flood extends Omit<Job, 'tenant'> {
  readonly count: number;
  readonly tenants: number;
  readonly agent?: 'steps' | 'waiter';
  readonly effects?: boolean;
}

interface Claims {
  readonly turns: number;
  readonly times: number;
}

/** So many are on their way at once when runs are created that nobody waits for. */
const CREATES = 512;
const SYSTEM_POOL = 8;

/** An engine that tells whoever waits for a run when its end is durable. */
class WatchedEngine extends Engine {
  private readonly watched = new Map<string, () => void>();

  ended(runId: string): Promise<void> {
    return new Promise((done) => this.watched.set(runId, done));
  }

  override async finish(finish: Finish): Promise<void> {
    await super.finish(finish);
    const { runId } = finish.turn;
    this.watched.get(runId)?.();
    this.watched.delete(runId);
  }
}

export async function open(options: Options) {
  const environment = { ...options.environment, WORKER_SLOTS: String(options.slots ?? 1), LOG_LEVEL: 'fatal' };
  const config = loadConfig('runtime', { ...baseEnvironment, ...runtimeEnvironment }, environment);
  const kit = await openKit('runtime', config);
  const connections = (url: string) =>
    pgConnections(
      { url, schema: 'runtime', size: SYSTEM_POOL, applicationName: 'conclave-bench' },
      () => undefined, // told by the statements that fail
    );
  const db = new Database(connections(config.DATABASE_URL), connections(config.DATABASE_SYSTEM_URL));
  const roles = openEngineRoles(config.DATABASE_SYSTEM_URL, kit.log);
  const bells = new Bells(kit);
  const meters = new EngineMetrics(kit);
  const engine = new WatchedEngine(roles, db, bells, meters);
  const workers = new PostgresWorkers(db, config, kit.log);
  let stepMs: number[] = [];
  const house = benchHouse({ db, hangs: options.hangs ?? false, onStep: (ms) => stepMs.push(ms) });
  const relay = new Relay(db, kit.nats, 'runtime', kit.log);
  let worker: Worker | undefined;
  if (options.slots !== undefined) {
    const own = { engine, db, workers, house, live: new LiveRuns(), bells, metrics: meters, log: kit.log, config };
    worker = new Worker(own);
    await worker.start();
  }
  if (options.relays) relay.start();

  const tenants: string[] = [];
  const tenantOf = (no: number): string => (tenants[no] ??= newId('tenant'));
  const create = (id: string, tenant: number, agent: string, input: BenchInput): Promise<void> =>
    engine.create({
      ...{ id, tenantId: tenantOf(tenant), workspaceId: 'wsp_bench', kind: 'agent', title: 'bench' },
      ...{ actor: 'service:runtime', agent, input: { ...input } },
    });

  return {
    async run({ tenant, payload: text, steps, modelMs }: Job): Promise<void> {
      const id = newId('run');
      const ended = engine.ended(id);
      await create(id, tenant, 'steps', { text, steps, modelMs });
      await ended;
    },
    operations: {
      async create({ count, tenants: among, agent = 'steps', payload: text, ...input }: Flood): Promise<void> {
        let next = 0;
        const creator = async (): Promise<void> => {
          for (let no = next++; no < count; no = next++)
            await create(newId('run'), no % among, agent, { ...input, text, no });
        };
        await Promise.all(Array.from({ length: CREATES }, creator));
      },
      claim: (wanted: Claims): Promise<number[]> => timedClaims(engine, workers, wanted),
      /** What the steps since the last time cost beyond the model, in order. */
      async stepMs(): Promise<number[]> {
        const all = stepMs;
        stepMs = [];
        return all;
      },
    },
    async close(): Promise<void> {
      await worker?.stop();
      if (options.relays) await relay.stop();
      await roles.close();
      await db.close();
      await kit.close();
    },
  };
}

/** How long claims of so many turns take, one after the other; what is claimed stays claimed. */
async function timedClaims(engine: Engine, workers: PostgresWorkers, { turns, times }: Claims): Promise<number[]> {
  const id = 'wrk_bench';
  await workers.enlist(id);
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    const begin = performance.now();
    const claimed = await engine.claim(id, { turns, slow: turns, leaseMs: 600_000 });
    took.push(performance.now() - begin);
    if (claimed.turns.length !== turns) throw new Error(`claimed ${claimed.turns.length} of ${turns}`);
  }
  return took;
}
