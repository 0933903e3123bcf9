/** Asks an installation as a program does, and tells what that cost. */
import type { Platform } from './platform.js';
import { cpuByProcess } from './processes.js';
import { percentile } from './statistics.js';

export const AT_ONCE = 16;

/** Does all of them, some at once, and tells what one cost: auth and the database share the CPU with who asks. */
export const timer =
  ({ pids }: Platform) =>
  async <T>(all: readonly T[], work: (one: T) => Promise<void>, atOnce = AT_ONCE): Promise<Record<string, number>> => {
    const queue = [...all].reverse();
    const latencies: number[] = [];
    const cpu = cpuByProcess(pids);
    const started = performance.now();
    const worker = async (): Promise<void> => {
      for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
        const from = performance.now();
        await work(one);
        latencies.push(performance.now() - from);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    const seconds = (performance.now() - started) / 1_000;
    const after = cpuByProcess(pids);
    const cpuMs = (name: string) => (((after[name] ?? 0) - (cpu[name] ?? 0)) / all.length) * 1_000;
    latencies.sort((a, b) => a - b);
    return {
      ...{ seconds, perS: all.length / seconds, p50Ms: percentile(latencies, 50), p99Ms: percentile(latencies, 99) },
      ...{ authCpuMs: cpuMs('auth'), postgresCpuMs: cpuMs('postgres') },
    };
  };

export const asker =
  ({ gateway, apiKey }: Platform) =>
  async (method: string, path: string, body?: object, key = apiKey, type = 'application/json'): Promise<unknown> => {
    const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': type }) };
    const response = await fetch(gateway + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
