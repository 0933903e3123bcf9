/**
 * The engine under faults: workers are killed and frozen, Postgres crashes, NATS and Redis forget everything, while runs
 * of many tenants go through their turns. What became of them is then checked from what clients wrote down and what the
 * database holds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@conclave/contracts';
import { countOf } from '../bench/engine/measure.js';
import { withInstallation, type Installation } from '../bench/engine/installation.js';
import { DECLARED_ONLY } from '../testing/declared-only.js';
import { checkHistory, type Tally, type Violation } from './check-history.js';
import { Crew } from './crew.js';
import { disturb, faultsOf, type Fault } from './disturb.js';
import type { Disturbance, Held, History, WantedRun } from './history.js';
import { randomOf } from './random.js';
import { NOTE_BURIALS, readHeld, readStored } from './read-stored.js';

export interface ChaosOptions {
  readonly seed: number;
  /** In every wave. */
  readonly runs: number;
  /** Waves follow each other until then, and until the faults given are through; one at least. */
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
/** Each tenant has one budget, with room for all. */
const BUDGETS = `
  insert into runtime.budget (tenant_id, id, scope, scope_id, period, action, limit_micros)
  select id, 'bdg_' || id, 'tenant', id, 'total', 'park', 9007199254740991 from unnest($1::text[]) as id`;

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
    await installation.query(DATABASE, `${DECLARED_ONLY};${NOTE_BURIALS}`);
    const crew = new Crew(installation, DATABASE, options.leaseMs, say);
    await crew.start();
    const tenants = Array.from({ length: TENANTS }, () => newId('tenant'));
    await installation.query(DATABASE, BUDGETS, [tenants]);
    const wanted: WantedRun[] = [];
    const stuck: Violation[] = [];
    const wave = async (): Promise<void> => {
      const runs = Array.from({ length: options.runs }, () => plan(tenants, random));
      wanted.push(...runs);
      await launch(crew, runs);
    };
    await wave();
    await ended(installation, 1); // the others are under way: what befalls them finds work
    const quiet = new AbortController();
    const faults = options.faults ?? faultsOf(randomOf(options.seed + 1), options.leaseMs);
    let isThrough = options.faults === undefined;
    const disturbing = disturb(faults, crew, installation.stores, { signal: quiet.signal, say }).finally(
      () => (isThrough = true),
    );
    disturbing.catch(() => undefined); // told below
    try {
      for (;;) {
        // The next wave comes before this one is over, so that there is always work.
        await ended(installation, wanted.length - options.runs / 2);
        if (isThrough && performance.now() - begin >= options.minutes * 60_000) break;
        await wave();
      }
      await ended(installation, wanted.length);
    } catch (error) {
      if (!(error instanceof Stuck)) throw error;
      stuck.push({ rule: 'stuck', detail: error.message });
    } finally {
      quiet.abort();
      await disturbing.catch(() => undefined);
    }
    const disturbances = await disturbing;
    await placed(installation);
    // Before what is held: what is released meanwhile must not look released and held.
    const lines = crew.lines();
    const held = await readHeld(installation, DATABASE);
    const heldForGood = await swept(installation, crew);
    await crew.stop();
    const stored = { ...(await readStored(installation, DATABASE)), held, heldForGood };
    const crashed = crew.crashed.map((detail) => ({ rule: 'worker crashed', detail }));
    const history: History = { wanted, lines, disturbances, stored };
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

/** Waits until so many runs have ended. @throws Stuck when no more do */
async function ended(installation: Installation, wanted: number): Promise<void> {
  let [have, since] = [-1, performance.now()];
  while (have < wanted) {
    const now = await countThere(installation, `runtime.run where state in ('completed', 'failed')`);
    if (now !== undefined && now > have) [have, since] = [now, performance.now()];
    if (performance.now() - since > STUCK_MS) throw new Stuck(`${have} of ${wanted} ended, no more in ${STUCK_MS} ms`);
    await sleep(100);
  }
}

class Stuck extends Error {}

/** Waits until the relays have nothing left to do, within reason: what is left then is a violation. */
async function placed(installation: Installation): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await countThere(installation, 'runtime.outbound_event where pos is null')) === 0) return;
    await sleep(100);
  }
}

/** Lets the time of all holds be over, and workers release them, within reason. @returns what is held all the same */
async function swept(installation: Installation, crew: Crew): Promise<Held> {
  await installation.query(DATABASE, 'update runtime.budget_hold set expires_at = clock_timestamp()');
  for (let tries = 1; ; tries++) {
    await crew.ask('sweep', undefined);
    const held = await readHeld(installation, DATABASE);
    if (held.keys.length === 0 || tries === 100) return held;
  }
}

/** Undefined while Postgres is away. */
const countThere = (installation: Installation, from: string): Promise<number | undefined> =>
  countOf(installation, DATABASE, from).catch(() => undefined);
