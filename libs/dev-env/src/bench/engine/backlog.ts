/** How long a claim takes when very many turns are ready. */
import { aim } from '../goals.js';
import type { Case } from '../report.js';
import { medians, percentile } from '../statistics.js';
import type { Installation } from './installation.js';
import { PLAIN, engineCase, onFreshDatabase, type Figures } from './measure.js';

const READY = 100_000;
const [TURNS, TIMES] = [64, 100];

export const backlog = (installation: Installation, rounds: number): Promise<Case[]> =>
  onFreshDatabase(installation, 'engine', async (database) => {
    const engine = await installation.startEngine(database, {});
    const flood = { payload: 'x'.repeat(PLAIN.payloadBytes), steps: 1, modelMs: 0, tenants: PLAIN.tenants.length };
    await engine.ask('create', { ...flood, count: READY });
    const turns: Figures[] = [];
    for (let round = 0; round < rounds; round++) {
      await engine.ask('create', { ...flood, count: TURNS * TIMES });
      const took = await engine.ask<number[]>('claim', { turns: TURNS, times: TIMES });
      turns.push({ p50Ms: percentile(took, 50), p99Ms: percentile(took, 99) });
    }
    await engine.stop();
    const name = `claim of ${TURNS} with ${READY} ready`;
    return [engineCase(name, medians(turns), [aim('p99Ms', { atMost: 10 })])];
  });
