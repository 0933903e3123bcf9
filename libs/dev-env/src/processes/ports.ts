import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { readJson, writeJson } from '../json-file.js';

/** Another process took the port between choosing and binding it; another one may work. */
export class PortTakenError extends Error {}

/** Below every system's range for outgoing connections: a restarting service finds its port still free. */
const RANGE = { first: 20_000, last: 32_000 } as const;

/** Whether a listener could be bound there on the loopback interface. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer();
    probe.once('error', () => done(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => done(true)));
  });
}

/**
 * A free loopback port for each name: the one it had last time, else the preferred one, else any. The choice is
 * remembered in `file`, so that URLs survive a restart.
 */
export async function assignPorts<Name extends string>(
  file: string,
  names: readonly Name[],
  preferred: Partial<Record<Name, number>> = {},
): Promise<Record<Name, number>> {
  const remembered = readJson<Record<string, number>>(file) ?? {};
  const taken = new Set(
    Object.entries(remembered).flatMap(([name, port]) => (names.some((n) => n === name) ? [] : [port])),
  );
  const chosen = { ...remembered } as Record<Name, number>;
  for (const name of names) {
    const wishes = [remembered[name], preferred[name]].filter((port) => port !== undefined);
    chosen[name] = await firstFree(wishes, taken);
    taken.add(chosen[name]);
  }
  writeJson(file, chosen);
  return chosen;
}

/** Forgets a port that turned out to be taken, so that the next assignment picks another. */
export function forgetPort(file: string, name: string): void {
  const { [name]: _, ...rest } = readJson<Record<string, number>>(file) ?? {};
  writeJson(file, rest);
}

async function firstFree(wishes: readonly number[], taken: ReadonlySet<number>): Promise<number> {
  for (const port of wishes) if (!taken.has(port) && (await isFree(port))) return port;
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(RANGE.first, RANGE.last);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`No free port between ${RANGE.first} and ${RANGE.last} on 127.0.0.1.`);
}
