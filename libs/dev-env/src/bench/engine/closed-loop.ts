/** A closed loop of runs: each caller starts its next run when the last has ended. */
import { randomBytes } from 'node:crypto';
import type { Contestant, Load, Measured } from './contestant.js';

export async function closedLoop(contestant: Pick<Contestant, 'run'>, load: Load): Promise<Measured> {
  const { concurrency, seconds, tenants, steps, modelMs } = load;
  // Text that does not shrink when it is compressed, as a journal of models' answers hardly does.
  const payload = randomBytes(Math.ceil(load.payloadBytes * 0.75))
    .toString('base64')
    .slice(0, load.payloadBytes);
  const latenciesMs: number[] = [];
  let started = 0;
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const caller = async (): Promise<void> => {
    for (let now = begin; now - begin < seconds * 1_000;) {
      await contestant.run({ tenant: tenants[started++ % tenants.length] ?? 0, payload, steps, modelMs });
      const end = performance.now();
      latenciesMs.push(end - now);
      now = end;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  const { user, system } = process.cpuUsage(cpu);
  return {
    runs: latenciesMs.length,
    seconds: (performance.now() - begin) / 1_000,
    latenciesMs,
    cpuS: (user + system) / 1e6,
  };
}
