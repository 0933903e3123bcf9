/** How long the offline verification of one receipt takes: five voters, each with a signature, and three keys more. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTrustPolicy, verifyReceipt } from '@conclave/verify';
import { repositoryRoot } from '../paths.js';
import { aim } from './goals.js';
import type { Case } from './report.js';
import { medians, percentile } from './statistics.js';

const WARM = 200;
const MEASURED = 1_000;

export async function receipts(rounds: number): Promise<Case[]> {
  const cases: Case[] = [];
  for (const name of ['five-voters', 'five-voters-sealed']) {
    const samples: Awaited<ReturnType<typeof measure>>[] = [];
    for (let round = 0; round < rounds; round++) samples.push(await measure(name));
    cases.push({ bench: 'receipts', case: name, figures: medians(samples), goals: [aim('p50Ms', { atMost: 5 })] });
  }
  return cases;
}

/** The vectors of the specification are what is verified. */
async function measure(name: string) {
  const vector = (file: string) => readFileSync(join(repositoryRoot, 'docs/spec/vectors', file));
  const trust = parseTrustPolicy(vector('trust.json').toString());
  const bytes = vector(`${name}.receipt.json`);
  const times: number[] = [];
  for (let run = 0; run < WARM + MEASURED; run++) {
    const started = performance.now();
    const { status } = await verifyReceipt(bytes, trust);
    if (run >= WARM) times.push(performance.now() - started);
    if (status !== 'trusted') throw new Error(`${name} is ${status}`);
  }
  return { p50Ms: percentile(times, 50), p99Ms: percentile(times, 99), sizeBytes: bytes.length };
}
