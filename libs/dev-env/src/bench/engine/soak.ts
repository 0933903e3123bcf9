/** Whether the engine is after a minute of full load what it was at the start of it. */
import { must } from '../goals.js';
import { memoryOf } from '../processes.js';
import type { Case } from '../report.js';
import type { Process } from './contestant.js';
import { figuresOf, PLAIN, engineCase, onFreshDatabase } from './measure.js';
import type { Installation } from './installation.js';

const WINDOWS = 6;
const WINDOW_S = 10;
/** Until code is compiled, pools are full, and the heap has the size that the load needs. */
const WARM_UP_S = 20;
const MIB = 2 ** 20;

export const soak = (installation: Installation): Promise<Case[]> =>
  onFreshDatabase(installation, 'engine', async (database) => {
    const engine = await installation.startEngine(database, { slots: 256, relays: true });
    await engine.load({ ...PLAIN, concurrency: 256, seconds: WARM_UP_S });
    const windows: Window[] = [];
    for (let no = 0; no < WINDOWS; no++) windows.push(await windowOf(engine));
    await engine.stop();
    const [first, last] = [windows[0]!, windows.at(-1)!];
    const figures = {
      runs: windows.reduce((sum, { runs }) => sum + runs, 0),
      ...{ firstRunsPerS: first.runsPerS, lastRunsPerS: last.runsPerS, lastToFirst: last.runsPerS / first.runsPerS },
      ...{ firstP99Ms: first.p99Ms, lastP99Ms: last.p99Ms, p99LastToFirst: last.p99Ms / first.p99Ms },
      ...{ firstHeapMib: first.heapBytes / MIB, lastHeapMib: last.heapBytes / MIB },
      heapLastToFirst: last.heapBytes / first.heapBytes,
      processGrowthMib: (last.processBytes - first.processBytes) / MIB,
    };
    return [
      engineCase(`soak of ${WINDOWS * WINDOW_S} s, c=256, relayed`, figures, [
        must('lastToFirst', { atLeast: 0.9 }),
        must('p99LastToFirst', { atMost: 1.2 }),
        must('heapLastToFirst', { atMost: 1.1 }),
      ]),
    ];
  });

interface Window {
  readonly runs: number;
  readonly runsPerS: number;
  readonly p99Ms: number;
  /** What is left when all garbage is gone. */
  readonly heapBytes: number;
  /** What the process has of the machine, garbage and all. */
  readonly processBytes: number;
}

async function windowOf(engine: Process): Promise<Window> {
  const measured = await engine.load({ ...PLAIN, concurrency: 256, seconds: WINDOW_S });
  const { runsPerS = NaN, p99Ms = NaN } = figuresOf(measured, 0);
  const processBytes = memoryOf(engine.pid).private;
  return { runs: measured.runs, runsPerS, p99Ms, processBytes, heapBytes: await engine.ask<number>('heapBytes') };
}
