/** Whether the engine is after a minute of full load what it was at the start of it. */
import { must } from '../goals.js';
import { memoryOf } from '../processes.js';
import type { Case } from '../report.js';
import { figuresOf, PLAIN, WARM_UP, engineCase, onFreshDatabase } from './measure.js';
import type { Installation } from './installation.js';

const SECONDS = 60;
const ENDS = 10;

export const soak = (installation: Installation): Promise<Case[]> =>
  onFreshDatabase(installation, 'engine', async (database) => {
    const engine = await installation.startEngine(database, { slots: 256, relays: true });
    for (let time = 0; time < 3; time++) await engine.load(WARM_UP);
    const before = memoryOf(engine.pid).private;
    const measured = await engine.load({ ...PLAIN, concurrency: 256, seconds: SECONDS });
    const after = memoryOf(engine.pid).private;
    await engine.stop();
    const rate = (seconds: readonly number[]) => seconds.reduce((sum, runs) => sum + runs, 0) / seconds.length;
    const [first, last] = [rate(measured.perSecond.slice(0, ENDS)), rate(measured.perSecond.slice(-ENDS))];
    const { runsPerS = NaN, p99Ms = NaN } = figuresOf(measured, 0);
    const figures = {
      ...{ runsPerS, p99Ms, firstRunsPerS: first, lastRunsPerS: last, lastToFirst: last / first },
      memoryGrowthMib: (after - before) / 2 ** 20,
    };
    return [engineCase(`soak of ${SECONDS} s, c=256, relayed`, figures, [must('lastToFirst', { atLeast: 0.9 })])];
  });
