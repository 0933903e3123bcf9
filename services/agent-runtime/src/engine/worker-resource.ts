import type { ResourceFactory } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import type { RuntimeConfig } from '../config.js';
import { Housekeeping } from '../disk/housekeeping.js';
import { Worker } from './worker.js';

const HOUSEKEEPING_MS = 3_600_000;

/**
 * Starts the worker with the service when the process has the role, keeps its disk tidy, and hands its turns over as the
 * first thing of a stop.
 */
export function worker(): ResourceFactory<RuntimeConfig> {
  return async ({ log }, config) => {
    let running: Worker | undefined;
    let housekeeping: NodeJS.Timeout | undefined;
    return {
      providers: [],
      ready: async () => undefined,
      async start(app) {
        if (!config.ROLES.includes('worker')) return;
        const worker = app.get(Worker);
        app.get(Database).onEmit(() => worker.wake());
        await worker.start(config.WORKER_SLOTS);
        running = worker;
        const house = app.get(Housekeeping);
        const tidy = async (): Promise<void> => {
          for (const error of await house.run()) log.warn({ err: error }, 'housekeeping left for later');
        };
        void tidy();
        housekeeping = setInterval(() => void tidy(), HOUSEKEEPING_MS);
      },
      async drain() {
        clearInterval(housekeeping);
        await running?.stop();
      },
      stop: async () => undefined,
    };
  };
}
