/** How long a claim takes when very many turns are ready, and when very many wait behind a cap that is full. */
import { aim } from '../goals.js';
import type { Case } from '../report.js';
import { medians, percentile } from '../statistics.js';
import type { Process } from './contestant.js';
import type { Installation } from './installation.js';
import { PLAIN, engineCase, onFreshDatabase, type Figures } from './measure.js';

const READY = 100_000;
const HELD = 30_000;
const [TURNS, TIMES] = [64, 100];

const FLOOD = {
  ...{ payload: 'x'.repeat(PLAIN.payloadBytes), steps: 1, modelMs: 0, tenants: PLAIN.tenants.length },
} as const;
/** Turns of one tenant and one agent, which are to be held back. */
const ONE_AGENT = { ...FLOOD, tenants: 1, agent: 'waiter' } as const;
/** One slot for that agent, which its turn that runs fills. */
const CAP = `insert into runtime.cap (tenant_id, kind, key, slots)
  select tenant_id, 'agent', agent, 1 from runtime.turn where agent = '${ONE_AGENT.agent}' and state = 'running'`;

export async function backlog(installation: Installation, rounds: number): Promise<Case[]> {
  const ready = (engine: Process) => engine.ask('create', { ...FLOOD, count: READY });
  const held = (before: number) => async (engine: Process, database: string) => {
    await engine.ask('create', { ...ONE_AGENT, count: 1 });
    await engine.ask('claim', { turns: 1, times: 1 });
    if (before > 0) await engine.ask('create', { ...ONE_AGENT, count: before });
    await installation.query(database, CAP);
    if (before < HELD) await engine.ask('create', { ...ONE_AGENT, count: HELD - before });
  };
  const behind = `claim of ${TURNS} with ${HELD} behind a full cap`;
  return [
    await claims(installation, rounds, `claim of ${TURNS} with ${READY} ready`, ready),
    await claims(installation, rounds, behind, held(0)),
    await claims(installation, rounds, `${behind}, which were ready before it`, held(HELD)),
  ];
}

const claims = (
  installation: Installation,
  rounds: number,
  name: string,
  prepare: (engine: Process, database: string) => Promise<unknown>,
): Promise<Case> =>
  onFreshDatabase(installation, 'engine', async (database) => {
    const engine = await installation.startEngine(database, {});
    await prepare(engine, database);
    const turns: Figures[] = [];
    for (let round = 0; round < rounds; round++) {
      // More than are claimed: what comes behind the held ones of its tenant is not reached at once.
      await engine.ask('create', { ...FLOOD, count: TURNS * TIMES * 1.25 });
      const took = await engine.ask<number[]>('claim', { turns: TURNS, times: TIMES });
      turns.push({ p50Ms: percentile(took, 50), p99Ms: percentile(took, 99) });
    }
    await engine.stop();
    return engineCase(name, medians(turns), [aim('p99Ms', { atMost: 10 })]);
  });
