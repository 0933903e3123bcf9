/** The three stores as one thing: found or installed, started, wiped and stopped together. */
import { rmSync } from 'node:fs';
import { composeStore, composeWorks } from './compose-store.js';
import { externalStore } from './external-store.js';
import { findOrInstall } from './find-or-install.js';
import { clusterDirOf, localStore, stopLocalStores } from './local-store.js';
import { clusterVersion } from './postgres.js';
import { reachableDir } from './server-user.js';
import { storeNames, type Store, type StoreName, type StoreOptions } from './store.js';
import { tools } from './tools.js';

export interface Stores {
  /** The one for Postgres signs in with the right to create roles and databases. */
  readonly urls: Readonly<Record<StoreName, string>>;
  pid(store: StoreName): number | undefined;
  /** Whether it runs as a process of ours, which can die and be started again. */
  isLocal(store: StoreName): boolean;
  /** Stops what was started here, Postgres last; external stores are left alone. */
  stop(): Promise<void>;
  kill9(store: StoreName): Promise<void>;
  /** Starts a store again after `kill9`, at the same address unless somebody took it meanwhile. */
  start(store: StoreName): Promise<void>;
  /** Loses everything NATS knew: killed, and back with nothing. */
  wipeNats(): Promise<void>;
  /** Loses everything Redis knew. */
  wipeRedis(): Promise<void>;
}

/**
 * Starts the stores; what an earlier, crashed run for the same data directory left running is ended first.
 *
 * @throws Error naming the three URLs when a store can neither be found nor installed
 */
export async function startStores(options: StoreOptions): Promise<Stores> {
  await stopLocalStores(options.dataDir);
  const stores = await chooseStores(options);
  try {
    for (const name of storeNames) await stores[name].start();
  } catch (error) {
    await stopLocalStores(options.dataDir);
    throw error;
  }
  const wipe = async (name: StoreName) => {
    await stores[name].kill9();
    await stores[name].start();
  };
  return {
    get urls() {
      return { postgres: stores.postgres.url, nats: stores.nats.url, redis: stores.redis.url };
    },
    pid: (name) => stores[name].pid,
    isLocal: (name) => stores[name].local,
    async stop() {
      for (const name of ['redis', 'nats', 'postgres'] as const) await stores[name].stop();
    },
    kill9: (name) => stores[name].kill9(),
    start: (name) => stores[name].start(),
    wipeNats: () => wipe('nats'),
    wipeRedis: () => wipe('redis'),
  };
}

/** Removes the files of Postgres, also where they lie outside the data directory. */
export function removeClusters(dataDir: string): void {
  rmSync(clusterDirOf(dataDir), { recursive: true, force: true });
  const elsewhere = reachableDir(dataDir);
  if (elsewhere !== dataDir) rmSync(elsewhere, { recursive: true, force: true });
}

async function chooseStores(options: StoreOptions): Promise<Readonly<Record<StoreName, Store>>> {
  const env = options.env ?? process.env;
  const urlOf = (name: StoreName) => env[tools[name].variable ?? ''];
  const written = clusterVersion(clusterDirOf(options.dataDir));
  const { located, failures } = await findOrInstall(
    storeNames.filter((name) => !urlOf(name)),
    options.say ?? (() => undefined),
    { accepts: (name, version) => name !== 'postgres' || !written || version.split('.')[0] === written },
  );
  const missing = [...failures.keys()].filter((name) => !located.has(name));
  const contained = missing.length > 0 && (await composeWorks());
  const choose = (name: StoreName): Store => {
    const url = urlOf(name);
    const tool = located.get(name);
    if (url) return externalStore(name, url, options);
    if (tool) return localStore(name, tool, options);
    if (contained) return composeStore(name, options);
    throw unavailable(name, failures.get(name) ?? [], name === 'postgres' ? written : undefined);
  };
  return { postgres: choose('postgres'), nats: choose('nats'), redis: choose('redis') };
}

function unavailable(name: StoreName, attempts: readonly string[], written: string | undefined): Error {
  const { title, minimum, programs } = tools[name];
  const what = written
    ? `${title} ${written}, which wrote the data kept here,`
    : `${title} ${minimum.join('.')} or newer`;
  const tried = attempts.map((attempt) => `  - ${attempt.split('\n').slice(0, 6).join('\n    ')}`);
  return new Error(
    [
      `${what} was neither found nor could it be installed.`,
      ...tried,
      `Install it so that ${programs.map(([first]) => first).join(' and ')} can be found on the PATH, or name stores that run already:`,
      '  DATABASE_URL=postgres://… NATS_URL=nats://… REDIS_URL=redis://… npm run up',
      ...(written ? ['or drop the old data: npm run down -- --purge'] : []),
    ].join('\n'),
  );
}
