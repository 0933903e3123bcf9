/** B15: two workers against one on a backlog, when slots are the limit and when they are not. */
import { must } from '../goals.js';
import type { Case } from '../report.js';
import { median, pairedRatio } from '../statistics.js';
import type { Installation } from './installation.js';
import { PLAIN, countOf, engineCase, onFreshDatabase, until } from './measure.js';

const SLOTS = 32;
const RUNS = 4_000;

/** Away from both ends: while workers come, and when too few runs are left for all slots. */
const RATE = `
  select ${RUNS} * 0.6 / extract(epoch from percentile_disc(0.8) within group (order by at) - percentile_disc(0.2) within group (order by at))::float8 as rate
  from runtime.run_event where type = 'run.completed'`;

export async function workers(installation: Installation, rounds: number): Promise<Case[]> {
  const cases: Case[] = [];
  for (const modelMs of [20, 0]) {
    const rates: Record<1 | 2, number[]> = { 1: [], 2: [] };
    for (let round = 0; round < rounds; round++)
      for (const count of [1, 2] as const) rates[count].push(await drained(installation, count, modelMs));
    const figures = {
      oneRunsPerS: median(rates[1]),
      twoRunsPerS: median(rates[2]),
      twoToOne: pairedRatio(rates[2], rates[1]),
    };
    const goals = modelMs > 0 ? [must('twoToOne', { atLeast: 1.6 })] : undefined;
    cases.push(engineCase(`b15 workers of ${SLOTS} slots, model ${modelMs} ms`, figures, goals));
  }
  return cases;
}

/** Runs a second at which so many workers do a backlog. */
const drained = (installation: Installation, count: number, modelMs: number): Promise<number> =>
  onFreshDatabase(installation, 'engine', async (database) => {
    const client = await installation.startEngine(database, {});
    const flood = { payload: 'x'.repeat(PLAIN.payloadBytes), steps: PLAIN.steps, modelMs };
    await client.ask('create', { ...flood, count: RUNS, tenants: PLAIN.tenants.length });
    const started = await Promise.all(
      Array.from({ length: count }, () => installation.startEngine(database, { slots: SLOTS })),
    );
    await until('runs completed', RUNS, () => countOf(installation, database, `runtime.run where state = 'completed'`));
    const [row] = await installation.query<{ rate: number }>(database, RATE);
    await Promise.all([client, ...started].map((one) => one.stop()));
    return row?.rate ?? NaN;
  });
