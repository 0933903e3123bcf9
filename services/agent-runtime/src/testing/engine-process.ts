/** A process of the engine with agents of whoever opens it, and besides all that one has in production. */
import { baseEnvironment, loadConfig, openKit, type Kit } from '@conclave/nest-kit';
import { Database, Relay, pgConnections } from '@conclave/postgres-kit';
import { Agents } from '../agents/agents.js';
import { runtimeEnvironment } from '../config.js';
import type { AgentPort } from '../engine/agent-port.js';
import { Bells } from '../engine/bells.js';
import { EngineMetrics } from '../engine/engine-metrics.js';
import type { Engine } from '../engine/engine.js';
import { openEngineRoles, type EngineRoles } from '../engine/engine-roles.js';
import { PostgresWorkers } from '../engine/postgres-workers.js';
import { Worker } from '../engine/worker.js';
import { LiveRuns } from '../runs/live-runs.js';

export interface EngineProcessOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Turns at once; without a worker it only creates runs. */
  readonly slots?: number | undefined;
  readonly leaseMs?: number;
  /** Whether its events get their places and ring. */
  readonly relays?: boolean | undefined;
}

/** What it has before there is an engine. */
interface Grounds {
  readonly kit: Kit;
  readonly db: Database;
  readonly roles: EngineRoles;
  readonly bells: Bells;
}

export interface EngineProcess<E extends Engine> extends Grounds {
  readonly engine: E;
  readonly workers: PostgresWorkers;
  readonly close: () => Promise<void>;
}

export const NO_REVIEWS = {
  endingOf: () => Promise.reject(new Error('there are no reviews here')),
  close: async () => undefined,
};

const POOL = 8;

export async function openEngineProcess<E extends Engine>(
  { environment, slots, leaseMs, relays }: EngineProcessOptions,
  engineOf: (...parts: ConstructorParameters<typeof Engine>) => E,
  agentsOf: (engine: E, grounds: Grounds) => readonly AgentPort[],
): Promise<EngineProcess<E>> {
  const config = loadConfig(
    'runtime',
    { ...baseEnvironment, ...runtimeEnvironment },
    {
      ...{ ...environment, WORKER_SLOTS: String(slots ?? 1), LOG_LEVEL: 'fatal' },
      ...(leaseMs !== undefined && { WORKER_LEASE_MS: String(leaseMs) }),
    },
  );
  const kit = await openKit('runtime', config);
  const connections = (url: string) =>
    pgConnections(
      { url, schema: 'runtime', size: POOL, applicationName: 'conclave-engine-lab' },
      () => undefined, // told by the statements that fail
    );
  const db = new Database(connections(config.DATABASE_URL), connections(config.DATABASE_SYSTEM_URL));
  const roles = openEngineRoles(config.DATABASE_SYSTEM_URL, kit.log);
  const bells = new Bells(kit);
  const metrics = new EngineMetrics(kit);
  const engine = engineOf(roles, db, bells, metrics);
  const workers = new PostgresWorkers(db, config, kit.log);
  const house = new Agents(agentsOf(engine, { kit, db, roles, bells }), NO_REVIEWS, db);
  const own = { engine, db, workers, house, live: new LiveRuns(), bells, metrics, log: kit.log, config };
  const worker = slots === undefined ? undefined : new Worker(own);
  const relay = relays ? new Relay(db, kit.nats, 'runtime', kit.log) : undefined;
  await worker?.start();
  relay?.start();
  return {
    ...{ kit, db, roles, bells, engine, workers },
    close: async (): Promise<void> => {
      await worker?.stop();
      await relay?.stop();
      await roles.close();
      await db.close();
      await kit.close();
    },
  };
}
