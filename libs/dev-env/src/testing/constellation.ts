/**
 * A whole installation for a test: own stores, every service as a process of its own, reached like a user reaches it.
 * It is the same supervisor that `npm run up` leaves behind, on a temporary directory.
 */
import { join } from 'node:path';
import type { ServiceName } from '@conclave/contracts';
import type { StoreName } from '../stores/store.js';
import { storeNames } from '../stores/store.js';
import { Supervisor, type DevFile } from '../supervisor/supervisor.js';
import { stopFlushing } from './stop-flushing.js';
import { closeTestRun, openTestRun } from './test-run.js';

export interface Constellation extends Omit<DevFile, 'pids'> {
  /** Where the addresses and keys stand, for programs that read `.conclave/dev.json`. */
  readonly devFile: string;
  readonly logDir: string;
  /** Kills the process as a crash would; it is started again by itself. */
  kill9(process: ServiceName | StoreName): Promise<void>;
  /** Waits until a killed service serves again. */
  whenReady(service: ServiceName): Promise<void>;
  /** Loses everything the bus knew. */
  wipeNats(): Promise<void>;
  /** Loses everything the cache knew. */
  wipeRedis(): Promise<void>;
  stop(): Promise<void>;
}

export interface ConstellationOptions {
  /** Added to the environment that services are given from: model keys and addresses. */
  readonly env?: NodeJS.ProcessEnv;
}

const isStore = (name: ServiceName | StoreName): name is StoreName => storeNames.some((store) => store === name);

/** Starts everything and waits until it is ready; the services must be built. */
export async function startConstellation({ env }: ConstellationOptions = {}): Promise<Constellation> {
  const dir = openTestRun();
  const { DATABASE_URL: _, NATS_URL: __, REDIS_URL: ___, ...outer } = process.env;
  const [devFile, logDir] = [join(dir, 'dev.json'), join(dir, 'logs')];
  const supervisor = new Supervisor({ dataDir: dir, logDir, devFile, outer: { ...outer, ...env }, quickInit: true });
  const stop = async () => {
    await supervisor.stop();
    closeTestRun(dir);
  };
  try {
    const { pids: ____, ...dev } = await supervisor.bring('test');
    await stopFlushing(dev.postgres);
    return {
      ...dev,
      devFile,
      logDir,
      kill9: (name) =>
        isStore(name) ? supervisor.withStores((stores) => stores.kill9(name)) : supervisor.service(name).kill9(),
      whenReady: (name) => supervisor.service(name).whenReady(),
      wipeNats: () => supervisor.withStores((stores) => stores.wipeNats()),
      wipeRedis: () => supervisor.withStores((stores) => stores.wipeRedis()),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
