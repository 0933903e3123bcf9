/**
 * The engine under faults: workers are killed and frozen, Postgres crashes, NATS and Redis forget everything, while runs
 * of many tenants go through their turns. What became of them is then checked from what clients wrote down and what the
 * database holds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@conclave/contracts';
import { withInstallation, type Installation } from '../bench/engine/installation.js';
import { checkHistory, type Tally, type Violation } from './check-history.js';
import { Crew } from './crew.js';
import { disturb, faultsOf, type Fault } from './disturb.js';
import type { Disturbance, History, WantedRun } from './history.js';
import { randomOf } from './random.js';
import { readStored } from './read-stored.js';

export interface ChaosOptions {
  readonly seed: number;
  /** In every wave. */
  readonly runs: number;
  /** Waves follow each other until then; one at least. */
  readonly minutes: number;
  readonly leaseMs: number;
  /** Instead of what the seed has in store. */
  readonly faults?: readonly Fault[];
  /** Takes what happens, as it happens. */
  readonly say?: (line: string) => void;
  /** Takes the history of a run that broke a rule, for whoever looks into it. */
  readonly broken?: (history: History) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly disturbances: Readonly<Record<Disturbance['kind'], number>>;
  readonly tally: Tally;
  readonly violations: readonly Violation[];
}

const DATABASE = 'chaos';
const TENANTS = 10;
const SESSIONS_EACH = 6;
const CHUNK = 20;
const CHUNK_EVERY_MS = 100;
/** Without any of its runs ending for so long, a wave is stuck. */
const STUCK_MS = 120_000;

const STEPS = 3;
/** Six turns: one after the other, or of three tasks, the last of which depends on the others. */
const CHAIN = [{ id: 'root', turns: 6, steps: STEPS }];
const GRAPH = [
  { id: 'root', turns: 2, steps: 0 },
  ...['left', 'right', 'join'].map((id) => ({ id, turns: 2, steps: STEPS })),
];

export const runChaos = (options: ChaosOptions): Promise<ChaosReport> =>
  withInstallation(async (installation) => {
    await installation.createDatabase(DATABASE, 'engine');
    const { say = () => undefined } = options;
    const begin = performance.now();
    const random = randomOf(options.seed);
    const crew = new Crew(installation, DATABASE, options.leaseMs, say);
    await crew.start();
    const quiet = new AbortController();
    const faults = options.faults ?? faultsOf(randomOf(options.seed + 1), options.leaseMs);
    const disturbing = disturb(faults, crew, installation.stores, { signal: quiet.signal, say });
    const tenants = Array.from({ length: TENANTS }, () => newId('tenant'));
    const wanted: WantedRun[] = [];
    const stuck: Violation[] = [];
    do {
      const wave = Array.from({ length: options.runs }, () => plan(tenants, random));
      wanted.push(...wave);
      await launch(crew, wave);
      if (options.faults) await disturbing;
      if (!(await allEnded(installation, wanted.length))) stuck.push({ rule: 'stuck', detail: `after ${STUCK_MS} ms` });
    } while (stuck.length === 0 && performance.now() - begin < options.minutes * 60_000);
    quiet.abort();
    const disturbances = await disturbing;
    await placed(installation);
    await crew.stop();
    const stored = await readStored(installation, DATABASE);
    const crashed = crew.crashed.map((detail) => ({ rule: 'worker crashed', detail }));
    const history: History = { wanted, lines: crew.lines(), disturbances, stored };
    const { violations, tally } = checkHistory(history);
    if (violations.length + stuck.length + crashed.length > 0) options.broken?.(history);
    const count = (kind: Disturbance['kind']): number => disturbances.filter((one) => one.kind === kind).length;
    return {
      seed: options.seed,
      seconds: Math.round((performance.now() - begin) / 1_000),
      disturbances: {
        ...{ kill: count('kill'), freeze: count('freeze'), postgres: count('postgres') },
        ...{ nats: count('nats'), redis: count('redis') },
      },
      tally,
      violations: [...stuck, ...crashed, ...violations],
    };
  });

function plan(tenants: readonly string[], random: () => number): WantedRun {
  const tenant = tenants[Math.floor(random() * tenants.length)]!;
  const session = random() < 0.6 ? `session-${Math.floor(random() * SESSIONS_EACH)}` : undefined;
  return { id: newId('run'), tenant, session, tasks: random() < 0.25 ? GRAPH : CHAIN };
}

/** Creates runs a few at a time; what was not answered is sent again. */
async function launch(crew: Crew, wave: readonly WantedRun[]): Promise<void> {
  for (let at = 0; at < wave.length; at += CHUNK) {
    await crew.ask('create', wave.slice(at, at + CHUNK).map(newRunOf));
    await sleep(CHUNK_EVERY_MS);
  }
}

function newRunOf({ id, tenant, session, tasks }: WantedRun): object {
  const plain = { id, tenantId: tenant, workspaceId: 'wsp_chaos', kind: 'agent', title: 'chaos' };
  const [root, ...others] = tasks;
  const spawned = others.map((task) => ({
    ...{ id: task.id, agent: 'wanderer', input: task },
    dependsOn: task.id === 'join' ? ['left', 'right'] : [],
  }));
  return {
    ...plain,
    ...{ actor: 'service:runtime', agent: spawned.length > 0 ? 'graph' : 'wanderer', input: {}, session },
    rootInput: spawned.length > 0 ? { tasks: spawned } : root,
  };
}

/** Waits until so many runs have ended. @returns false when no more do */
async function allEnded(installation: Installation, wanted: number): Promise<boolean> {
  let [ended, since] = [-1, performance.now()];
  while (ended < wanted) {
    const now = await countOf(installation, `runtime.run where state in ('completed', 'failed')`);
    if (now !== undefined && now > ended) [ended, since] = [now, performance.now()];
    if (performance.now() - since > STUCK_MS) return false;
    await sleep(100);
  }
  return true;
}

/** Waits until the relays have nothing left to do, within reason: what is left then is a violation. */
async function placed(installation: Installation): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await countOf(installation, 'runtime.outbound_event where pos is null')) === 0) return;
    await sleep(100);
  }
}

/** Undefined while Postgres is away. */
async function countOf(installation: Installation, from: string): Promise<number | undefined> {
  try {
    return (await installation.query<{ n: number }>(DATABASE, `select count(*)::int as n from ${from}`))[0]?.n;
  } catch {
    return undefined;
  }
}
