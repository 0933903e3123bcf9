/** B1, B3 and B5: durable runs a second, the latency of a lone one and its CPU, against a floor and two peers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { aim, must } from '../goals.js';
import type { Case } from '../report.js';
import { medians, pairedRatio, percentile } from '../statistics.js';
import type { Load, Process } from './contestant.js';
import type { Installation } from './installation.js';
import { PLAIN, WARM_UP, countOf, engineCase, measure, onFreshDatabase, type Figures } from './measure.js';
import { installPeers } from './peers.js';

const SECONDS = 4;
const SLOTS = 256;

const plain: readonly (readonly [string, Load])[] = [1, 32, 256].map((concurrency) => [
  `c=${concurrency} 200 B`,
  { ...PLAIN, concurrency, seconds: SECONDS },
]);
const larger: readonly (readonly [string, Load])[] = [10, 100].map((kilobytes) => [
  `c=256 ${kilobytes} KB`,
  { ...PLAIN, payloadBytes: kilobytes * 1_000, concurrency: 256, seconds: SECONDS },
]);

/** One that is measured, and under what loads. */
interface Entrant {
  readonly name: string;
  readonly loads: readonly (readonly [string, Load])[];
  readonly kind: 'engine' | 'empty';
  start(database: string): Promise<Process>;
  /** Work that the load leaves behind, which counts as part of it. @returns its seconds */
  readonly after?: (database: string) => Promise<number>;
}

export async function throughput(installation: Installation, rounds: number): Promise<Case[]> {
  const peers = await installPeers((line) => process.stderr.write(`${line}\n`));
  const entrants = entrantsOn(installation, peers ? ['floor', 'dbos', 'mastra'] : ['floor']);
  const measured = new Map<string, Figures[]>();
  for (let round = 0; round < rounds; round++) {
    // Another one begins each time, so that none always has the coldest machine.
    const order = entrants.map((_, at) => entrants[(at + round) % entrants.length]!);
    for (const entrant of order) await turn(installation, entrant, measured);
  }
  const rates = (name: string) => (measured.get(name) ?? []).map(({ runsPerS = NaN }) => runsPerS);
  const ratioTo = (peer: string) => pairedRatio(rates('ours c=256 200 B'), rates(`${peer} c=256 200 B`));
  return [...measured].map(([name, turns]) => {
    const figures = medians(turns);
    if (name === 'ours relayed c=256 200 B')
      return engineCase(`b1 ${name}`, figures, [aim('runsPerS', { atLeast: 3_000 })]);
    if (name !== 'ours c=256 200 B') return engineCase(`b1 ${name}`, figures);
    const ratios = {
      toFloor: ratioTo('floor'),
      ...(peers && { toDbos: ratioTo('dbos'), toMastra: ratioTo('mastra') }),
    };
    return engineCase(`b1 ${name}`, { ...figures, ...ratios }, [
      must('toFloor', { atLeast: 0.15 }),
      ...(peers ? [must('toDbos', { atLeast: 8 }), must('toMastra', { atLeast: 5 })] : []),
      ...[aim('runsPerS', { atLeast: 5_000 }), aim('cpuUs', { atMost: 300 })],
    ]);
  });
}

function entrantsOn(installation: Installation, others: readonly string[]): readonly Entrant[] {
  const engine = { kind: 'engine' } as const;
  return [
    {
      ...{ ...engine, name: 'ours', loads: [...plain, ...larger] },
      start: (database) => installation.startEngine(database, { slots: SLOTS }),
    },
    {
      ...{ ...engine, name: 'ours relayed', loads: plain.slice(-1) },
      start: (database) => installation.startEngine(database, { slots: SLOTS, relays: true }),
      after: (database) => relayed(installation, database),
    },
    ...others.map((name): Entrant => ({
      ...{ name, loads: plain, kind: 'empty' },
      start: (database) => installation.start(name, database),
    })),
  ];
}

/** A process of its own on a database of its own, and nobody else at work meanwhile. */
const turn = (installation: Installation, entrant: Entrant, measured: Map<string, Figures[]>): Promise<void> =>
  onFreshDatabase(installation, entrant.kind, async (database) => {
    const process = await entrant.start(database);
    await process.load(WARM_UP);
    await entrant.after?.(database);
    for (const [load, what] of entrant.loads) {
      const figures = await measure(process, what, installation.postgresPid);
      const late = (await entrant.after?.(database)) ?? 0;
      const runsPerS = ((figures['runsPerS'] ?? NaN) * SECONDS) / (SECONDS + late);
      const name = `${entrant.name} ${load}`;
      measured.set(name, [...(measured.get(name) ?? []), { ...figures, runsPerS }]);
    }
    await process.stop();
  });

/** Waits until every event has its place. */
async function relayed(installation: Installation, database: string): Promise<number> {
  const begin = performance.now();
  const waiting = () => countOf(installation, database, 'runtime.outbound_event where pos is null');
  while ((await waiting()) > 0) await sleep(20);
  return (performance.now() - begin) / 1_000;
}

/** B3: one run after the other. What a step adds is a third of the run, its creation, claim and end included. */
export async function lone(installation: Installation, rounds: number): Promise<Case[]> {
  const turns: Figures[] = [];
  await onFreshDatabase(installation, 'engine', async (database) => {
    const process = await installation.startEngine(database, { slots: SLOTS });
    await process.load(WARM_UP);
    for (let round = 0; round < rounds; round++) {
      await process.ask('stepMs');
      const { p50Ms = NaN, p99Ms = NaN } = await measure(process, plain[0]![1], installation.postgresPid);
      const steps = await process.ask<number[]>('stepMs');
      turns.push({
        ...{ perStepP50Ms: p50Ms / PLAIN.steps, perStepP99Ms: p99Ms / PLAIN.steps },
        ...{
          journalP50Ms: percentile(steps, 50),
          journalP99Ms: percentile(steps, 99),
          runP50Ms: p50Ms,
          runP99Ms: p99Ms,
        },
      });
    }
    await process.stop();
  });
  return [
    engineCase('b3 lone run', medians(turns), [
      aim('perStepP50Ms', { atMost: 0.5 }),
      aim('perStepP99Ms', { atMost: 2 }),
    ]),
  ];
}
