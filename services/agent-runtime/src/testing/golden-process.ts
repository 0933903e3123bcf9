/**
 * A worker's process that does the golden run, and kills itself where it is told to: nothing after that happens, in no
 * way. `golden-turn.nightly.ts` starts it by its path; no image does.
 */
import { appendFileSync } from 'node:fs';
import { createLogger } from '@conclave/nest-kit';
import { Database, pgConnections } from '@conclave/postgres-kit';
import { Registry } from 'prom-client';
import type { AgentPort } from '../engine/agent-port.js';
import { Bells } from '../engine/bells.js';
import { activationOf } from '../engine/effects.js';
import { Engine } from '../engine/engine.js';
import { EngineMetrics } from '../engine/engine-metrics.js';
import { openEngineRoles } from '../engine/engine-roles.js';
import { PostgresWorkers } from '../engine/postgres-workers.js';
import { expireWaits, settle } from '../engine/postgres-waits.js';
import { turnOf } from '../engine/turn-of.js';
import { LEASE_MS } from './engine-world.js';
import { ENDS, goldenAgent, waitKey, type Death } from './golden-agent.js';

export interface GoldenOptions {
  readonly environment: Readonly<Record<'DATABASE_URL' | 'DATABASE_SYSTEM_URL', string>>;
  readonly worker: string;
  readonly run: string;
  readonly tenantId: string;
  readonly death?: Death | undefined;
  /** Gets a line for each step's work. */
  readonly logFile: string;
}

const { environment, worker, run, tenantId, death, logFile } = JSON.parse(process.argv[2]!) as GoldenOptions;

const connections = (url: string) =>
  pgConnections({ url, schema: 'runtime', size: 2, applicationName: 'golden' }, () => undefined);
const db = new Database(connections(environment.DATABASE_URL), connections(environment.DATABASE_SYSTEM_URL));
const log = createLogger('runtime', 'fatal');
const roles = openEngineRoles(environment.DATABASE_SYSTEM_URL, log);
const engine = new Engine(roles, db, new Bells(), new EngineMetrics({ metrics: new Registry() }));
const workers = new PostgresWorkers(db, { ...environment, WORKER_LEASE_MS: LEASE_MS, WORKER_SLOTS: 1 }, log);

const die = (): void => void process.kill(process.pid, 'SIGKILL');
let isEnding = false;
const agent: AgentPort = {
  name: 'a',
  giveUp: () => Promise.reject(new Error('given up')),
  ...goldenAgent(
    (step) => appendFileSync(logFile, `${step}\n`),
    (step, when) => {
      if (death?.step === step && death.when === when) die();
      if (death?.step !== step || death.when !== 'as the turn ends' || when !== 'before the turn ends') return;
      // What was sent to Postgres and not yet answered may have arrived, or not.
      isEnding = true;
      setTimeout(die, Math.random() * 4);
    },
  ),
};

await workers.enlist(worker);
for (let done = false; !done;) {
  await workers.beat(worker);
  await expireWaits(db);
  const word = { tenantId, kind: 'human', key: waitKey(run, ENDS[0]) } as const;
  await db.tx({ tenantId, actor: 'service:runtime' }, (tx) => settle(tx, word, { from: ENDS[0] }));
  const [claimed] = (await engine.claim(worker, { turns: 1, slow: 1, leaseMs: LEASE_MS })).turns;
  if (!claimed) continue;
  const turn = turnOf(claimed, new AbortController().signal, {
    ...{ engine, db },
    live: { changed: () => undefined, say: () => undefined },
    mustHold: () => undefined,
  });
  const activation = await activationOf(agent, turn, undefined);
  await engine.finish({ turn: claimed, activation });
  if (isEnding) die();
  done = activation.kind === 'done';
}
await workers.resign(worker);
await roles.close();
await db.close();
