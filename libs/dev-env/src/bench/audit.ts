/**
 * B7: entries taken in, placed, proven and verified. The log alone is a process of its own on stores of its own; over HTTP
 * it is the whole installation.
 */
import { newId } from '@conclave/contracts';
import { createKeys } from './api-keys.js';
import { withInstallation, type Installation } from './engine/installation.js';
import { WARM_UP, PLAIN, figuresOf, onFreshDatabase, type Figures } from './engine/measure.js';
import { aim, type Goal } from './goals.js';
import { load, postRequest } from './load.js';
import { withPlatform, type Platform } from './platform.js';
import { cpuByProcess, cpuSecondsOf } from './processes.js';
import type { Case } from './report.js';
import { medians, percentile } from './statistics.js';

const SECONDS = 4;
const HTTP_WARM_UP_S = 6;
/** An entry so often, by all replicas together, and for how long. */
const [TRICKLE_MS, WARM_UP_S, CADENCE_S] = [5, 2, 10];
/** Entries of the log that is proven and verified, and proofs of each kind. */
const [LONG, PROOFS] = [1_000_000, 500];

/** What can be asked for by name; without a name it is all. */
export const auditCases = ['cadence'] as const;

export async function audit(rounds: number, chosen: readonly string[]): Promise<Case[]> {
  if (chosen.length > 0) return withInstallation(cadence);
  const alone = await withInstallation(async (on) => [
    ...(await intake(on, rounds)),
    ...(await longLog(on)),
    ...(await cadence(on)),
  ]);
  return [...alone, await withPlatform((platform) => overHttp(platform, rounds))];
}

const auditCase = (name: string, figures: Figures, goals: readonly Goal[]): Case => ({
  ...{ bench: 'audit', case: `b7 ${name}`, figures, goals },
});

/** Callers who wait until what they add is durable; `placedPerS` counts the time until all is in a published checkpoint. */
async function intake(on: Installation, rounds: number): Promise<Case[]> {
  const turns: Figures[] = [];
  for (let round = 0; round < rounds; round++)
    await onFreshDatabase(on, 'engine', async (database) => {
      const process = await on.startService('audit', 'bench/log-contestant.js', database);
      await process.load(WARM_UP);
      await process.ask('settled');
      const [cpu, begin] = [cpuSecondsOf(on.postgresPid), performance.now()];
      const measured = await process.load({ ...PLAIN, concurrency: 64, seconds: SECONDS });
      await process.ask('settled');
      const seconds = (performance.now() - begin) / 1_000;
      const { runsPerS = NaN, ...figures } = figuresOf(measured, cpuSecondsOf(on.postgresPid) - cpu);
      turns.push({ eventsPerS: runsPerS, ...figures, placedPerS: measured.runs / seconds });
    });
  const goals = [aim('eventsPerS', { atLeast: 15_000 }), aim('p50Ms', { atMost: 5 })];
  return [auditCase('entries added, c=64, 50 tenants', medians(turns), goals)];
}

async function longLog(on: Installation): Promise<Case[]> {
  return onFreshDatabase(on, 'engine', async (database) => {
    const process = await on.startService('audit', 'bench/log-contestant.js', database);
    const { placedS, publishedS } = await process.ask<{ placedS: number; publishedS: number }>('backlog', LONG);
    const times = await process.ask<{ inclusionMs: number[]; consistencyMs: number[] }>('proofs', PROOFS);
    const verifyS = await process.ask<number>('verify');
    const proofs = {
      inclusionP50Ms: percentile(times.inclusionMs, 50),
      inclusionP99Ms: percentile(times.inclusionMs, 99),
      consistencyP50Ms: percentile(times.consistencyMs, 50),
      consistencyP99Ms: percentile(times.consistencyMs, 99),
    };
    return [
      auditCase('a backlog of 1,000,000', { placedPerS: LONG / placedS, publishedPerS: LONG / publishedS }, []),
      auditCase('proofs in a log of 1,000,000', proofs, [
        aim('inclusionP50Ms', { atMost: 5 }),
        aim('consistencyP50Ms', { atMost: 5 }),
        aim('inclusionP99Ms', { atMost: 5 }),
        aim('consistencyP99Ms', { atMost: 5 }),
      ]),
      auditCase('1,000,000 entries verified', { verifyS }, [aim('verifyS', { atMost: 60 })]),
    ];
  });
}

/** From the acknowledgement of an entry that nobody waits for to a published checkpoint that holds it. */
async function cadence(on: Installation): Promise<Case[]> {
  const cases: Case[] = [];
  for (const replicas of [1, 3])
    await onFreshDatabase(on, 'engine', async (database) => {
      const tenants = PLAIN.tenants.map(() => newId('tenant'));
      const start = () => on.startService('audit', 'bench/log-contestant.js', database);
      const processes = await Promise.all(Array.from({ length: replicas }, start));
      const trickle = { tenants, everyMs: TRICKLE_MS * replicas };
      const all = (seconds: number) =>
        Promise.all(processes.map((process) => process.ask<number[]>('cadence', { ...trickle, seconds })));
      await all(WARM_UP_S);
      const taken = (await all(CADENCE_S)).flat();
      const figures = { entries: taken.length, p50Ms: percentile(taken, 50), p99Ms: percentile(taken, 99) };
      const name = `to a published checkpoint, 50 tenants, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
      cases.push(auditCase(name, figures, [aim('p99Ms', { atMost: 1_000 })]));
    });
  return cases;
}

async function overHttp(platform: Platform, rounds: number): Promise<Case> {
  const keys = await createKeys(platform, 'administrator');
  const entry = { type: 'bench.acted', data: { text: 'x'.repeat(PLAIN.payloadBytes) } };
  const target = {
    port: Number(new URL(platform.gateway).port),
    requests: keys.map((key) => postRequest('/v1/audit/entries', entry, { authorization: `Bearer ${key}` })),
    ...{ connections: 64, answer: { status: 201, text: '"grade":"audited"' } },
  };
  await load({ ...target, seconds: HTTP_WARM_UP_S });
  const turns: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = cpuByProcess(platform.pids);
    const { answers, seconds, latenciesMs } = await load({ ...target, seconds: SECONDS });
    const after = cpuByProcess(platform.pids);
    const cpu = (name: string): number => (((after[name] ?? NaN) - (before[name] ?? NaN)) / answers) * 1e6;
    turns.push({
      addsPerS: answers / seconds,
      p50Ms: percentile(latenciesMs, 50),
      p99Ms: percentile(latenciesMs, 99),
      gatewayCpuUs: cpu('gateway'),
      auditCpuUs: cpu('audit'),
      postgresCpuUs: cpu('postgres'),
    });
  }
  return auditCase('POST /v1/audit/entries, c=64', medians(turns), [aim('addsPerS', { atLeast: 3_000 })]);
}
