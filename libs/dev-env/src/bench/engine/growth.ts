/** B13: whether a step of a long run costs more than one of a short run, in time and in bytes. */
import { must } from '../goals.js';
import type { Case } from '../report.js';
import { median, medians } from '../statistics.js';
import type { Process } from './contestant.js';
import type { Installation } from './installation.js';
import { PLAIN, WARM_UP, engineCase, onFreshDatabase, type Figures } from './measure.js';

const [SHORT, LONG] = [10, 400];
/** Those at the end of a long run, when its journal is as long as it gets. */
const LAST = 40;
const SECONDS = 5;

export const growth = (installation: Installation, rounds: number): Promise<Case[]> =>
  onFreshDatabase(installation, 'engine', async (database) => {
    const engine = await installation.startEngine(database, { slots: 8 });
    await engine.load(WARM_UP);
    const turns: Figures[] = [];
    for (let round = 0; round < rounds; round++) {
      const short = await steps(installation, database, engine, SHORT);
      const long = await steps(installation, database, engine, LONG);
      turns.push({
        shortStepMs: short.stepMs,
        longStepMs: long.stepMs,
        timeGrowth: long.stepMs / short.stepMs,
        shortStepBytes: short.bytes,
        longStepBytes: long.bytes,
        bytesGrowth: long.bytes / short.bytes,
      });
    }
    await engine.stop();
    return [
      engineCase(`b13 step of ${LONG} against ${SHORT}`, medians(turns), [
        must('timeGrowth', { atMost: 1.1 }),
        must('bytesGrowth', { atMost: 1.1 }),
      ]),
    ];
  });

/** One run after the other: what a step adds at the end of each, and what it leaves in the journal. */
async function steps(installation: Installation, database: string, engine: Process, count: number) {
  const before = await journalBytes(installation, database);
  await engine.ask('stepMs');
  const { runs } = await engine.load({ ...PLAIN, payloadBytes: 400, steps: count, concurrency: 1, seconds: SECONDS });
  const took = await engine.ask<number[]>('stepMs');
  const late = took.filter((_, at) => at % count >= count - LAST);
  return { stepMs: median(late), bytes: ((await journalBytes(installation, database)) - before) / (runs * count) };
}

/** Rows with all that belongs to them, indexes too. */
async function journalBytes(installation: Installation, database: string): Promise<number> {
  const [row] = await installation.query<{ bytes: number }>(
    database,
    `select pg_total_relation_size('runtime.step')::float8 as bytes`,
  );
  return row?.bytes ?? NaN;
}
