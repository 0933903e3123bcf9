/** B14: what a steady tenant notices of another one that floods. */
import { aim, must } from '../goals.js';
import { cpuSecondsOf } from '../processes.js';
import type { Case } from '../report.js';
import { medians, percentile } from '../statistics.js';
import type { Load, Measured, Process } from './contestant.js';
import type { Installation } from './installation.js';
import { PLAIN, WARM_UP, engineCase, onFreshDatabase, type Figures } from './measure.js';

const SLOTS = 32;
const SECONDS = 8;
const [STEADY, FLOOD] = [4, 400];

const PHASES = ['createMs', 'claimMs', 'stepsMs', 'endMs'] as const;
/** Where the time of a tenant's run went. */
type Phases = Readonly<Record<(typeof PHASES)[number] | 'tenant', number>>;

/** How one is measured. */
interface Neighbourhood {
  readonly name: string;
  readonly modelMs: number;
  /** How many turns of the one that floods may run at once; as many as there are slots unless told. */
  readonly floodSlots?: number;
  readonly goal: typeof must;
}

/**
 * With a model that takes its time slots are what both want; without one it is the two cores, which nobody shares out: a
 * limit for the one that floods does.
 */
const neighbourhoods: readonly Neighbourhood[] = [
  { name: 'model 20 ms', modelMs: 20, goal: must },
  { name: 'model 0 ms', modelMs: 0, goal: aim },
  { name: `model 0 ms, flood limited to ${STEADY} slots`, modelMs: 0, floodSlots: STEADY, goal: aim },
];

export const neighbours = (installation: Installation, rounds: number): Promise<Case[]> =>
  onFreshDatabase(installation, 'engine', async (database) => {
    const engine = await installation.startEngine(database, { slots: SLOTS });
    await engine.load(WARM_UP);
    const cases: Case[] = [];
    for (const { name, modelMs, floodSlots, goal } of neighbourhoods) {
      const limit = `insert into runtime.tenant_share (tenant_id, slots) values ($1, $2) on conflict (tenant_id) do update set slots = $2`;
      await installation.query(database, limit, [await engine.ask<string>('tenantId', 1), floodSlots ?? null]);
      const turns: Figures[] = [];
      for (let round = 0; round < rounds; round++) turns.push(await turn(installation, engine, modelMs));
      cases.push(engineCase(`b14 steady beside a flood, ${name}`, medians(turns), [goal('p99Ratio', { atMost: 2 })]));
    }
    await engine.stop();
    return cases;
  });

async function turn(installation: Installation, engine: Process, modelMs: number): Promise<Figures> {
  const steady: Load = { ...PLAIN, modelMs, concurrency: STEADY, seconds: SECONDS, tenants: [0] };
  const flood: Load = { ...steady, concurrency: FLOOD, tenants: [1] };
  await engine.ask('phases');
  const postgresCpu = cpuSecondsOf(installation.postgresPid);
  const alone = await engine.load(steady);
  const aloneCores = (alone.cpuS + cpuSecondsOf(installation.postgresPid) - postgresCpu) / alone.seconds;
  const aloneIn = phasesOf(await engine.ask<Phases[]>('phases'));
  const [beside, flooding] = await Promise.all([engine.load(steady), engine.load(flood)]);
  const besideIn = phasesOf(await engine.ask<Phases[]>('phases'));
  const p99 = ({ latenciesMs }: Measured): number => percentile(latenciesMs, 99);
  const phases = PHASES.flatMap((phase) => [
    [`alone${capital(phase)}`, aloneIn[phase]],
    [`beside${capital(phase)}`, besideIn[phase]],
  ]);
  return {
    aloneP99Ms: p99(alone),
    besideP99Ms: p99(beside),
    p99Ratio: p99(beside) / p99(alone),
    throughputRatio: beside.runs / beside.seconds / (alone.runs / alone.seconds),
    floodRunsPerS: flooding.runs / flooding.seconds,
    aloneCores,
    ...(Object.fromEntries(phases) as Record<string, number>),
  };
}

/** Of the steady tenant's runs, each phase on average. */
function phasesOf(runs: readonly Phases[]): Readonly<Record<(typeof PHASES)[number], number>> {
  const own = runs.filter(({ tenant }) => tenant === 0);
  const mean = (phase: keyof Phases): number => own.reduce((sum, run) => sum + run[phase], 0) / own.length;
  return { createMs: mean('createMs'), claimMs: mean('claimMs'), stepsMs: mean('stepsMs'), endMs: mean('endMs') };
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
