/** B10: what runs cost that wait for somebody: rows, and nothing else. */
import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../goals.js';
import { memoryOf } from '../processes.js';
import type { Case } from '../report.js';
import type { Installation } from './installation.js';
import { PLAIN, WARM_UP, countOf, engineCase, onFreshDatabase, until } from './measure.js';

const RUNS = 5_000;
const IDLE_S = 15;
const GIB = 2 ** 30;

export const parked = (installation: Installation): Promise<Case[]> =>
  onFreshDatabase(installation, 'engine', async (database) => {
    const engine = await installation.startEngine(database, { slots: 256 });
    await engine.load(WARM_UP);
    const before = await idle(installation, database, engine.pid);
    const flood = { payload: 'x'.repeat(PLAIN.payloadBytes), steps: 1, modelMs: 0, agent: 'waiter' };
    await engine.ask('create', { ...flood, count: RUNS, tenants: PLAIN.tenants.length });
    await until('runs parked', RUNS, () => countOf(installation, database, `runtime.run where state = 'parked'`));
    const after = await idle(installation, database, engine.pid);
    await engine.stop();
    const figures = {
      runs: RUNS,
      bytesEach: (after.rowBytes - before.rowBytes) / RUNS,
      perGib: (GIB * RUNS) / (after.rowBytes - before.rowBytes),
      processBytesEach: Math.max(0, after.processBytes - before.processBytes) / RUNS,
      transactionsPerSBefore: before.transactionsPerS,
      transactionsPerSAfter: after.transactionsPerS,
      transactionsPerSGrowth: after.transactionsPerS / before.transactionsPerS,
    };
    return [engineCase('b10 parked runs', figures, [must('transactionsPerSGrowth', { atMost: 1.05 })])];
  });

/** What the installation holds and does when nobody asks for anything. */
async function idle(installation: Installation, database: string, pid: number) {
  await sleep(2_000);
  const transactions = async () => {
    const [row] = await installation.query<{ n: number }>(
      'postgres',
      'select (xact_commit + xact_rollback)::float8 as n from pg_stat_database where datname = $1',
      [database],
    );
    return row?.n ?? NaN;
  };
  const [first, begin] = [await transactions(), performance.now()];
  await sleep(IDLE_S * 1_000);
  const transactionsPerS = ((await transactions()) - first) / ((performance.now() - begin) / 1_000);
  const [rows] = await installation.query<{ bytes: number }>(
    database,
    `select sum(pg_total_relation_size(oid))::float8 as bytes from pg_class
     where relnamespace = 'runtime'::regnamespace and relkind = 'r'`,
  );
  return { transactionsPerS, rowBytes: rows?.bytes ?? NaN, processBytes: memoryOf(pid).private };
}
