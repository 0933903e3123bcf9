/** What every case of the engine's benchmark has in common. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../report.js';
import { cpuSecondsOf } from '../processes.js';
import { percentile } from '../statistics.js';
import type { Load, Measured, Process } from './contestant.js';
import type { Installation } from './installation.js';

export type Figures = Readonly<Record<string, number>>;

/** Fifty tenants, three steps of 200 bytes, a model that answers at once. */
export const PLAIN = {
  tenants: Array.from({ length: 50 }, (_, no) => no),
  ...{ payloadBytes: 200, steps: 3, modelMs: 0 },
} as const;

/** Until the code on the way is compiled. */
export const WARM_UP: Load = { ...PLAIN, concurrency: 256, seconds: 2 };

export const engineCase = (name: string, figures: Figures, goals?: Case['goals']): Case => ({
  ...{ bench: 'engine', case: name, figures },
  ...(goals && { goals }),
});

/** Loads the process; CPU is that of the process, its load included, and of Postgres, in microseconds per run. */
export async function measure(process: Process, load: Load, postgresPid: number): Promise<Figures> {
  const before = cpuSecondsOf(postgresPid);
  const measured = await process.load(load);
  return figuresOf(measured, cpuSecondsOf(postgresPid) - before);
}

export function figuresOf({ runs, seconds, latenciesMs, cpuS }: Measured, postgresCpuS: number): Figures {
  const perRun = (cpu: number): number => (cpu / runs) * 1e6;
  return {
    runsPerS: runs / seconds,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    nodeCpuUs: perRun(cpuS),
    postgresCpuUs: perRun(postgresCpuS),
    cpuUs: perRun(cpuS + postgresCpuS),
  };
}

/** Works on a database that nobody used before. */
export async function onFreshDatabase<T>(
  installation: Installation,
  kind: 'engine' | 'empty',
  work: (database: string) => Promise<T>,
): Promise<T> {
  const database = `bench_${++databases}`;
  await installation.createDatabase(database, kind);
  try {
    return await work(database);
  } finally {
    await installation.dropDatabase(database);
  }
}
let databases = 0;

/** Repeats a count until it has reached `wanted`. @throws Error when it takes longer than that */
export async function until(what: string, wanted: number, count: () => Promise<number>, withinMs = 120_000) {
  const giveUpAt = Date.now() + withinMs;
  for (;;) {
    const now = await count();
    if (now >= wanted) return;
    if (Date.now() > giveUpAt) throw new Error(`${what}: ${now} of ${wanted} after ${withinMs / 1_000} s`);
    await sleep(50);
  }
}

export async function countOf(installation: Installation, database: string, from: string): Promise<number> {
  const [row] = await installation.query<{ n: number }>(database, `select count(*)::int as n from ${from}`);
  return row?.n ?? 0;
}
