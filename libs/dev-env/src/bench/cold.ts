/** `npm run up` on a fresh clone with an empty package cache, split by the phases it prints. */
import { withFreshClone, type FreshClone } from './fresh-clone.js';
import type { Case } from './report.js';
import { medians } from './statistics.js';

const PHASE = /^ {2}✓ (.+?)(?:: .*)? \((\d+\.\d) s\)$/gm;

/** Seconds of every phase that a run of `up` printed, by its title; phases of the same title are added. */
export function phasesIn(output: string): Readonly<Record<string, number>> {
  const phases: Record<string, number> = {};
  for (const [, title = '', seconds] of output.matchAll(PHASE)) phases[title] = (phases[title] ?? 0) + Number(seconds);
  return phases;
}

/** Every phase, what is left for the sample story and npm itself, and the whole. */
export async function cold(rounds: number): Promise<Case[]> {
  const runs: Record<string, number>[] = [];
  for (let round = 0; round < rounds; round++) runs.push(await withFreshClone(coldUp));
  const figures = medians(runs);
  return Object.entries(figures).map(([phase, seconds]) => ({ bench: 'cold', case: phase, figures: { seconds } }));
}

async function coldUp(clone: FreshClone) {
  const started = performance.now();
  let output = '';
  const code = await clone.type('npm run up', (text) => (output += text));
  const total = (performance.now() - started) / 1_000;
  if (code !== 0) throw new Error(`npm run up ended with ${code}:\n${output}`);
  const phases = phasesIn(output);
  const told = Object.values(phases).reduce((sum, seconds) => sum + seconds, 0);
  return { ...phases, 'sample story': total - told, total };
}
