/**
 * The engine under faults: workers are killed and frozen, Postgres crashes, NATS and Redis forget everything, while runs
 * of many tenants go through their turns. What became of them is then checked from what clients wrote down and what the
 * database holds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { countOf } from '../bench/engine/measure.js';
import { withInstallation, type Installation } from '../bench/engine/installation.js';
import type { Tenant } from '../provision/tenants.js';
import { DECLARED_ONLY } from '../testing/declared-only.js';
import { checkHistory, type Tally, type Violation } from './check-history.js';
import { Clients } from './clients.js';
import { Crew } from './crew.js';
import { disturb, faultsOf, type Fault, type Scene } from './disturb.js';
import { Front } from './front.js';
import type { ClientStory, Disturbance, History, Money, WantedRun } from './history.js';
import { newRunOf, planOf, TITLE, type Plan } from './plan.js';
import { randomOf } from './random.js';
import { NOTE_BURIALS, readClientRuns, readMoney, readStored } from './read-stored.js';
import { Treasurer } from './treasurer.js';

export interface ChaosOptions {
  readonly seed: number;
  /** In every wave. */
  readonly runs: number;
  /** Waves follow each other until then, and until the faults given are through; one at least. */
  readonly minutes: number;
  readonly leaseMs: number;
  /** Whether clients come in by the edge, too, and its services die with the others. */
  readonly edge?: boolean;
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
const CHUNK = 20;
const CHUNK_EVERY_MS = 100;
/** Without any of its runs ending for so long, a wave is stuck. */
const STUCK_MS = 120_000;

const CAPS = `
  insert into runtime.budget (tenant_id, id, workspace_id, scope, scope_id, period, action, limit_micros)
  select tenant, id, workspace, scope, "scopeId", 'total', 'park', "limit"
  from json_to_recordset($1::json) as x (tenant text, id text, workspace text, scope text, "scopeId" text, "limit" bigint)
  on conflict do nothing`;

export const runChaos = (options: ChaosOptions): Promise<ChaosReport> =>
  withInstallation(async (installation) => {
    const begin = performance.now();
    await installation.createDatabase(DATABASE, 'engine');
    await installation.query(DATABASE, `${DECLARED_ONLY};${NOTE_BURIALS}`);
    const crew = new Crew(installation, DATABASE, options.leaseMs, options.say ?? (() => undefined));
    await crew.start();
    const front = options.edge ? await Front.start(installation, DATABASE) : undefined;
    const clients = front && new Clients(front);
    const treasurer = new Treasurer(installation, DATABASE, crew);
    treasurer.start();
    clients?.start();
    const plan = planOf(randomOf(options.seed));
    const scene = { crew, front, stores: installation.stores };
    const { disturbances, stuck } = await befallen(installation, scene, plan, options, () => clients?.stop());
    await treasurer.stop();
    await placed(installation);
    // Before what is held: what is released meanwhile must not look released and held.
    const lines = crew.lines();
    const money = await readMoney(installation, DATABASE);
    const moneyAfterwards = await swept(installation);
    await front?.stop();
    await crew.stop();
    const stories = clients?.stories ?? [];
    const history: History = {
      wanted: [...plan.runs, ...stories.flatMap((story) => wantedBy(story, front!.tenant))],
      ...{ lines, disturbances, readings: treasurer.readings, clients: stories },
      stored: {
        ...(await readStored(installation, DATABASE)),
        ...{ money, moneyAfterwards },
        clientRuns: await readClientRuns(installation, DATABASE, front?.tenant.tenant),
      },
    };
    const crashed = crew.crashed.map((detail) => ({ rule: 'worker crashed', detail }));
    const { violations: broken, tally } = checkHistory(history);
    const violations = [...stuck, ...crashed, ...broken];
    if (violations.length > 0) options.broken?.(history);
    const seconds = Math.round((performance.now() - begin) / 1_000);
    return { seed: options.seed, seconds, disturbances: countsOf(disturbances), tally, violations };
  });

/** Lets waves of runs go through while faults happen. @returns when all have ended, or no more do */
async function befallen(
  installation: Installation,
  scene: Scene,
  plan: Plan,
  options: ChaosOptions,
  andOthers: () => Promise<void> | undefined,
): Promise<{ readonly disturbances: readonly Disturbance[]; readonly stuck: readonly Violation[] }> {
  const begin = performance.now();
  const { say = () => undefined } = options;
  const wave = async (): Promise<void> => {
    const { runs, caps } = plan.wave(options.runs);
    await persistently(() => installation.query(DATABASE, CAPS, [JSON.stringify(caps)]));
    await launch(scene.crew, runs.map(newRunOf));
  };
  await wave();
  await ended(installation, 1); // the others are under way: what befalls them finds work
  const quiet = new AbortController();
  const faults = options.faults ?? faultsOf(randomOf(options.seed + 1), options.leaseMs, options.edge === true);
  let isThrough = options.faults === undefined;
  const disturbing = disturb(faults, scene, { signal: quiet.signal, say }).finally(() => (isThrough = true));
  disturbing.catch(() => undefined); // told below
  const stuck: Violation[] = [];
  try {
    for (;;) {
      // The next wave comes before this one is over, so that there is always work.
      await ended(installation, plan.runs.length - options.runs / 2);
      if (isThrough && performance.now() - begin >= options.minutes * 60_000) break;
      await wave();
    }
    await ended(installation, plan.runs.length);
  } catch (error) {
    if (!(error instanceof Stuck)) throw error;
    stuck.push({ rule: 'stuck', detail: error.message });
  } finally {
    quiet.abort();
    await disturbing.catch(() => undefined);
    await andOthers();
  }
  return { disturbances: await disturbing, stuck };
}

function countsOf(disturbances: readonly Disturbance[]): ChaosReport['disturbances'] {
  const count = (kind: Disturbance['kind']): number => disturbances.filter((one) => one.kind === kind).length;
  return {
    ...{ kill: count('kill'), freeze: count('freeze'), postgres: count('postgres') },
    ...{ nats: count('nats'), redis: count('redis'), edge: count('edge') },
  };
}

/** A run that a client was told of; its turns are the product's own agents'. */
const wantedBy = ({ created }: ClientStory, { tenant, workspace }: Tenant): WantedRun[] =>
  [...new Set(created)].map((id) => ({ id, tenant, workspace, tasks: [] }));

/** Creates runs a few at a time; what was not answered is sent again. */
async function launch(crew: Crew, wave: readonly object[]): Promise<void> {
  for (let at = 0; at < wave.length; at += CHUNK) {
    await crew.ask('create', wave.slice(at, at + CHUNK));
    await sleep(CHUNK_EVERY_MS);
  }
}

/** Waits until so many runs have ended. @throws Stuck when no more do */
async function ended(installation: Installation, wanted: number): Promise<void> {
  let [have, since] = [-1, performance.now()];
  while (have < wanted) {
    const now = await countThere(
      installation,
      `runtime.run where state in ('completed', 'failed') and title = '${TITLE}'`,
    );
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

/** Lets the time of all holds be over, and workers release them, within reason. @returns what there is all the same */
async function swept(installation: Installation): Promise<Money> {
  await installation.query(DATABASE, 'update runtime.budget_hold set expires_at = clock_timestamp()');
  for (let tries = 1; ; tries++) {
    const money = await readMoney(installation, DATABASE);
    if (money.holds.length === 0 || tries === 100) return money;
    await sleep(100);
  }
}

/** Again and again while Postgres is away. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(200);
    }
  }
}

/** Undefined while Postgres is away. */
const countThere = (installation: Installation, from: string): Promise<number | undefined> =>
  countOf(installation, DATABASE, from).catch(() => undefined);
