import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PortTakenError, assignPorts, forgetPort } from '../processes/ports.js';
import { end, running } from '../processes/records.js';
import { startNats } from './nats.js';
import { postgresUrl, startPostgres } from './postgres.js';
import { redisUrl, startRedis } from './redis.js';
import { reachableDir } from './server-user.js';
import { librariesOf, type Store, type StoreName, type StoreOptions } from './store.js';
import type { LocatedTool } from './tools.js';

/** Where the pids of processes started for this data directory are written down. */
export const recordsDirOf = (dataDir: string) => join(dataDir, 'pids');
export const portsFileOf = (dataDir: string) => join(dataDir, 'ports.json');
/** Where Postgres keeps its files; outside the data directory when its user cannot walk there. */
export const clusterDirOf = (dataDir: string) => join(reachableDir(dataDir), 'postgres');

/** Signals that end each server in order without waiting for its clients. */
const stopSignal = { postgres: 'SIGINT', nats: 'SIGTERM', redis: 'SIGTERM' } as const;

/** A store run by us as a process of its own, on a loopback port that it keeps. */
export function localStore(name: StoreName, { programs }: LocatedTool, options: StoreOptions): Store {
  const recordsDir = recordsDirOf(options.dataDir);
  const logFile = join(options.logDir, `${name}.log`);
  const dir = join(options.dataDir, name);
  const { passwords } = options;
  let port = 0;
  const startOnPort = {
    postgres: () => {
      const clusterDir = clusterDirOf(options.dataDir);
      return startPostgres({
        programs,
        clusterDir,
        logFile,
        recordsDir,
        port,
        password: passwords.postgres,
        quickInit: options.quickInit,
        libraries: librariesOf(options),
      });
    },
    nats: () => startNats({ programs, dir, logFile, recordsDir, port, users: options.natsUsers ?? [] }),
    redis: () => startRedis({ programs, dir, logFile, recordsDir, port, password: passwords.redis }),
  };
  const urlOnPort = {
    postgres: () => postgresUrl({ port, password: passwords.postgres }),
    nats: () => `nats://127.0.0.1:${port}`,
    redis: () => redisUrl({ port, password: passwords.redis }),
  };
  const endWith = async (signal: NodeJS.Signals) => {
    const entry = running(recordsDir, name);
    if (entry) await end(recordsDir, entry, signal, 20_000);
  };
  return {
    local: true,
    get url() {
      return urlOnPort[name]();
    },
    get pid() {
      return running(recordsDir, name)?.pid;
    },
    async start() {
      if (name !== 'postgres') mkdirSync(dir, { recursive: true, mode: 0o700 });
      port = await onFreePort(options, name, async (free) => {
        port = free;
        await startOnPort[name]();
      });
    },
    stop: () => endWith(stopSignal[name]),
    kill9: () => endWith('SIGKILL'),
  };
}

/** Ends the stores recorded below the data directory, also those left by a run that crashed; Postgres last. */
export async function stopLocalStores(dataDir: string): Promise<void> {
  const recordsDir = recordsDirOf(dataDir);
  for (const name of ['redis', 'nats', 'postgres'] as const) {
    const entry = running(recordsDir, name);
    if (entry) await end(recordsDir, entry, stopSignal[name], 20_000);
  }
}

async function onFreePort(
  options: StoreOptions,
  name: StoreName,
  start: (port: number) => Promise<void>,
): Promise<number> {
  const file = portsFileOf(options.dataDir);
  for (let attempt = 1; ; attempt++) {
    const { [name]: port } = await assignPorts(file, [name]);
    try {
      await start(port);
      return port;
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === 5) throw error;
      forgetPort(file, name);
    }
  }
}
