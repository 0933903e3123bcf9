/**
 * What the edge costs: a hello and two authenticated reads through NATS, against a bare Fastify that says hello, in the
 * same round. The reads ask auth and agent-runtime; both come from Postgres.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createKeys } from './api-keys.js';
import { getRequest, load } from './load.js';
import { cpuByProcess } from './processes.js';
import type { Case } from './report.js';
import { medians, pairedRatio, percentile } from './statistics.js';
import { withPlatform } from './platform.js';

/** Short turns, many of them: what disturbs the machine then falls on all targets alike. */
const TURN_S = 1;
const TURNS_PER_ROUND = 3;
/** Until the code on the way is compiled, at a few hundred answers a second. */
const WARM_UP_S = 8;

export interface Target {
  readonly name: string;
  readonly port: number;
  readonly requests: readonly Buffer[];
}

type Figures = Readonly<Record<string, number>>;

export async function edge(rounds: number): Promise<Case[]> {
  const bare = await startBareFastify();
  try {
    return await withPlatform(async (platform) => {
      const port = Number(new URL(platform.gateway).port);
      const keys = await createKeys(platform, 'viewer');
      const reads = (path: string) => keys.map((key) => getRequest(path, { authorization: `Bearer ${key}` }));
      const targets: readonly Target[] = [
        { name: 'bare Fastify hello', port: bare.port, requests: [getRequest('/healthz')] },
        { name: 'edge hello', port, requests: [getRequest('/healthz')] },
        { name: 'GET /v1/me', port, requests: reads('/v1/me') },
        { name: 'GET /v1/runs', port, requests: reads('/v1/runs') },
      ];
      const pids = { bare: bare.process.pid ?? 0, ...platform.pids };
      for (const target of targets) await load({ ...target, connections: 64, seconds: WARM_UP_S });
      const cases: Case[] = [];
      for (const connections of [1, 64]) cases.push(...(await compare(targets, connections, rounds, pids)));
      return cases;
    });
  } finally {
    bare.process.kill('SIGTERM');
  }
}

/** Every target has its turn, again and again. */
async function compare(
  targets: readonly Target[],
  connections: number,
  rounds: number,
  pids: Readonly<Record<string, number>>,
): Promise<Case[]> {
  const measured = new Map<string, Figures[]>(targets.map(({ name }) => [name, []]));
  for (let turn = 0; turn < rounds * TURNS_PER_ROUND; turn++)
    for (const target of targets) measured.get(target.name)?.push(await measure(target, connections, pids));
  const all = (name: string, figure: string) => (measured.get(name) ?? []).map((turn) => turn[figure] ?? NaN);
  const toBare = (name: string, figure: string) => pairedRatio(all(name, figure), all(targets[0]?.name ?? '', figure));
  return [...measured].map(([name, turns]) => ({
    bench: 'edge',
    case: `${name} c=${connections}`,
    figures: {
      ...medians(turns),
      reqPerSToBare: toBare(name, 'reqPerS'),
      p50ToBare: toBare(name, 'p50Ms'),
    },
  }));
}

export async function measure(
  { port, requests }: Target,
  connections: number,
  pids: Readonly<Record<string, number>>,
): Promise<Figures> {
  const before = cpuByProcess(pids);
  const { answers, seconds, latenciesMs } = await load({ port, requests, connections, seconds: TURN_S });
  const after = cpuByProcess(pids);
  const cpu = (...names: readonly string[]) =>
    (names.reduce((sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0), 0) / answers) * 1e6;
  return {
    reqPerS: answers / seconds,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    serverCpuUs: cpu('gateway', 'bare'),
    ownerCpuUs: cpu('auth', 'runtime'),
    storesCpuUs: cpu('postgres', 'nats', 'redis'),
    clientCpuUs: cpu('client'),
  };
}

async function startBareFastify(): Promise<{ readonly process: ChildProcess; readonly port: number }> {
  const child = fork(join(import.meta.dirname, 'bare-fastify.js'));
  const [port] = (await once(child, 'message')) as [number];
  return { process: child, port };
}
