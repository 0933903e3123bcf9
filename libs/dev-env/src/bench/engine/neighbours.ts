/** B14: what a steady tenant notices of another one that floods. */
import { must } from '../goals.js';
import type { Case } from '../report.js';
import { medians, percentile } from '../statistics.js';
import type { Load } from './contestant.js';
import type { Installation } from './installation.js';
import { PLAIN, WARM_UP, engineCase, onFreshDatabase, type Figures } from './measure.js';

const SLOTS = 32;
const SECONDS = 8;
const [STEADY, FLOOD] = [4, 400];

/** With a model that takes its time slots are what both want; without one it is the two cores, which nobody shares out. */
export const neighbours = (installation: Installation, rounds: number): Promise<Case[]> =>
  onFreshDatabase(installation, 'engine', async (database) => {
    const engine = await installation.startEngine(database, { slots: SLOTS });
    await engine.load(WARM_UP);
    const cases: Case[] = [];
    for (const modelMs of [20, 0]) {
      const steady: Load = { ...PLAIN, modelMs, concurrency: STEADY, seconds: SECONDS, tenants: [0] };
      const flood: Load = { ...steady, concurrency: FLOOD, tenants: [1] };
      const turns: Figures[] = [];
      for (let round = 0; round < rounds; round++) {
        const alone = await engine.load(steady);
        const [beside, flooding] = await Promise.all([engine.load(steady), engine.load(flood)]);
        const p99 = ({ latenciesMs }: typeof alone) => percentile(latenciesMs, 99);
        turns.push({
          aloneP99Ms: p99(alone),
          besideP99Ms: p99(beside),
          p99Ratio: p99(beside) / p99(alone),
          throughputRatio: beside.runs / beside.seconds / (alone.runs / alone.seconds),
          floodRunsPerS: flooding.runs / flooding.seconds,
        });
      }
      const goals = modelMs > 0 ? [must('p99Ratio', { atMost: 2 })] : undefined;
      cases.push(engineCase(`b14 steady beside a flood, model ${modelMs} ms`, medians(turns), goals));
    }
    await engine.stop();
    return cases;
  });
