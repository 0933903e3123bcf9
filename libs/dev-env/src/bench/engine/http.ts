/** B2: runs created and waited for through the public API of a whole installation, over HTTP and with credentials. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createKeys } from '../api-keys.js';
import { aim, type Goal } from '../goals.js';
import { load, postRequest, type Load } from '../load.js';
import type { Platform } from '../platform.js';
import { cpuByProcess, cpuSecondsOf } from '../processes.js';
import type { Case } from '../report.js';
import { medians, percentile } from '../statistics.js';
import { PLAIN, engineCase, type Figures } from './measure.js';

const SECONDS = 4;
/** Until the code on the way is compiled. */
const WARM_UP_S = 8;
const CONCURRENCY = [1, 32, 128] as const;
const CONSUMERS = ['audit', 'consensus', 'metrics', 'marketplace', 'delivery'];
/** Using less than this of a core for so long, they have nothing left to do. */
const [AT_REST, REST_MS] = [0.1, 1_000];

const goals: Readonly<Partial<Record<(typeof CONCURRENCY)[number], readonly Goal[]>>> = {
  1: [aim('p50Ms', { atMost: 4 }), aim('p99Ms', { atMost: 12 })],
  128: [aim('runsPerS', { atLeast: 2_000 })],
};

export async function http(platform: Platform, rounds: number): Promise<Case[]> {
  const run = { agent: 'compose', input: { value: 'x'.repeat(PLAIN.payloadBytes) }, waitMs: 20_000 };
  const keys = await createKeys(platform, 'developer');
  const target = {
    port: Number(new URL(platform.gateway).port),
    requests: keys.map((key) => postRequest('/v1/runs', run, { authorization: `Bearer ${key}` })),
    answer: { status: 202, text: '"state":"completed"' },
  };
  await load({ ...target, connections: Math.max(...CONCURRENCY), seconds: WARM_UP_S });
  await caughtUp(platform.pids);
  const turns = new Map<(typeof CONCURRENCY)[number], Figures[]>(CONCURRENCY.map((connections) => [connections, []]));
  for (let round = 0; round < rounds; round++)
    for (const [connections, measured] of turns)
      measured.push(await measure(platform, { ...target, connections, seconds: SECONDS }));
  return [...turns].map(([connections, measured]) =>
    engineCase(`b2 create and wait over HTTP c=${connections}`, medians(measured), goals[connections]),
  );
}

/** CPU is microseconds per run, without what consumers of its events do later. */
async function measure({ pids }: Platform, what: Load): Promise<Figures> {
  const before = cpuByProcess(pids);
  const { answers, seconds, latenciesMs } = await load(what);
  const after = cpuByProcess(pids);
  const consumersLateS = await caughtUp(pids);
  const cpu = (...names: readonly string[]): number =>
    (names.reduce((sum, name) => sum + (after[name] ?? NaN) - (before[name] ?? NaN), 0) / answers) * 1e6;
  return {
    runsPerS: answers / seconds,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    gatewayCpuUs: cpu('gateway'),
    authCpuUs: cpu('auth'),
    runtimeCpuUs: cpu('runtime'),
    consumersCpuUs: cpu(...CONSUMERS),
    postgresCpuUs: cpu('postgres'),
    natsAndRedisCpuUs: cpu('nats', 'redis'),
    clientCpuUs: cpu('client'),
    consumersLateS,
  };
}

/** Resolves when the services that consume events of runs have come to rest. @returns after how many seconds */
async function caughtUp(pids: Readonly<Record<string, number>>): Promise<number> {
  const begin = performance.now();
  const used = (): number => CONSUMERS.reduce((sum, name) => sum + cpuSecondsOf(pids[name] ?? NaN), 0);
  for (let last = used(), busy = true; busy;) {
    await sleep(REST_MS);
    const now = used();
    busy = (now - last) / (REST_MS / 1_000) > AT_REST;
    last = now;
  }
  return (performance.now() - begin) / 1_000;
}
