/** `npm run bench -- engine`: the durable engine on stores of its own, each case on a database that nobody used before. */
import { backlog } from './engine/backlog.js';
import { growth } from './engine/growth.js';
import { withInstallation, type Installation } from './engine/installation.js';
import { neighbours } from './engine/neighbours.js';
import { parked } from './engine/parked.js';
import { recovery } from './engine/recovery.js';
import { soak } from './engine/soak.js';
import { lone, throughput } from './engine/throughput.js';
import { workers } from './engine/workers.js';
import { must } from './goals.js';
import type { Case } from './report.js';

const cases: Readonly<Record<string, (installation: Installation, rounds: number) => Promise<Case[]>>> = {
  ...{ b1: throughput, b3: lone, b9: recovery, b10: parked, b13: growth, b14: neighbours, b15: workers },
  ...{ claim: backlog, soak },
};

export const engineCases: readonly string[] = Object.keys(cases);

/** The chosen cases, or all of them. */
export const engine = (rounds: number, chosen: readonly string[]): Promise<Case[]> =>
  withInstallation(async (installation) => {
    const measured: Case[] = [];
    for (const [name, measure] of Object.entries(cases)) {
      if (chosen.length > 0 && !chosen.includes(name)) continue;
      process.stderr.write(`${name} …\n`);
      measured.push(...(await measure(installation, rounds).catch((error: unknown) => [unmeasured(name, error)])));
    }
    return measured;
  });

/** A case that fell over: the others are measured none the less, and the benchmark fails. */
function unmeasured(name: string, error: unknown): Case {
  process.stderr.write(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return { bench: 'engine', case: `${name} fell over`, figures: {}, goals: [must('measured', { atLeast: 1 })] };
}
