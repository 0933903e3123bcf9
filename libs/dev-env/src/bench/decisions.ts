/** B8: `npm run bench -- decisions`: votes of five signed voters from opening to durable outcome, and LangGraph's equal. */
import { installPeers } from './engine/peers.js';
import { onFreshDatabase, measure, PLAIN, type Figures } from './engine/measure.js';
import { withInstallation, type Installation } from './engine/installation.js';
import type { Load } from './engine/contestant.js';
import { aim, must, type Goal } from './goals.js';
import type { Case } from './report.js';
import { medians, pairedRatio } from './statistics.js';

const VOTERS = 5;
const SECONDS = 5;
const BUSY = 64;
const loadOf = (concurrency: number, seconds = SECONDS): Load => ({ ...PLAIN, steps: VOTERS, concurrency, seconds });

export const decisions = (rounds: number): Promise<Case[]> =>
  withInstallation(async (installation) => {
    const peers = await installPeers((line) => process.stderr.write(`${line}\n`));
    const measured = new Map<string, Figures[]>();
    for (let round = 0; round < rounds; round++) {
      const names = peers ? ['ours', 'langgraph'] : ['ours'];
      for (const name of round % 2 === 0 ? names : names.reverse()) await turn(installation, name, measured);
    }
    const rates = (name: string) => (measured.get(name) ?? []).map(({ decisionsPerS = NaN }) => decisionsPerS);
    const toLangGraph =
      peers === undefined ? undefined : pairedRatio(rates(`ours c=${BUSY}`), rates(`langgraph c=${BUSY}`));
    return [...measured].map(([name, turns]) => {
      const ratio = name === `ours c=${BUSY}` && toLangGraph !== undefined;
      const figures = { ...medians(turns), ...(ratio && { toLangGraph }) };
      const goals = [...goalsOf(name), ...(ratio ? [must('toLangGraph', { atLeast: 10 })] : [])];
      return { bench: 'decisions', case: `b8 ${name}`, figures, goals };
    });
  });

function goalsOf(name: string): Goal[] {
  if (name === 'ours c=1') return [aim('p50Ms', { atMost: 2.5 })];
  if (name === `ours c=${BUSY}`) return [aim('decisionsPerS', { atLeast: 1_000 })];
  return [];
}

/** A process of its own on a database of its own, and nobody else at work meanwhile. */
const turn = (installation: Installation, name: string, measured: Map<string, Figures[]>): Promise<void> =>
  onFreshDatabase(installation, name === 'ours' ? 'engine' : 'empty', async (database) => {
    const process =
      name === 'ours'
        ? await installation.startService('consensus', 'bench/decisions-contestant.js', database)
        : await installation.start(`../decisions/${name}`, database);
    await process.load(loadOf(BUSY, 3));
    for (const concurrency of [1, BUSY]) {
      const { runsPerS = NaN, ...figures } = await measure(process, loadOf(concurrency), installation.postgresPid);
      const key = `${name} c=${concurrency}`;
      measured.set(key, [...(measured.get(key) ?? []), { decisionsPerS: runsPerS, ...figures }]);
    }
    await process.stop();
  });
