import type { ResourceFactory } from '@conclave/nest-kit';
import type { RuntimeConfig } from '../config.js';
import { Housekeeping } from '../disk/housekeeping.js';
import { Budgets } from '../budgets/budgets.js';
import { ENGINE_ROLES } from './engine.js';
import { openEngineRoles } from './engine-roles.js';
import { Worker } from './worker.js';

const HOUSEKEEPING_MS = 3_600_000;
const BUDGETS_MS = 1_000;

/**
 * Starts the worker with the service when the process has the role, keeps its disk tidy, and hands its turns over as the
 * first thing of a stop.
 */
export function worker(): ResourceFactory<RuntimeConfig> {
  return async ({ log }, config) => {
    const roles = openEngineRoles(config.DATABASE_SYSTEM_URL, log);
    let running: Worker | undefined;
    let housekeeping: NodeJS.Timeout | undefined;
    let sweeping: NodeJS.Timeout | undefined;
    return {
      providers: [{ provide: ENGINE_ROLES, useValue: roles }],
      ready: async () => undefined,
      async start(app) {
        if (!config.ROLES.includes('worker')) return;
        const worker = app.get(Worker);
        await worker.start();
        running = worker;
        const house = app.get(Housekeeping);
        const tidy = async (): Promise<void> => {
          for (const error of await house.run()) log.warn({ err: error }, 'housekeeping left for later');
        };
        void tidy();
        const budgets = app.get(Budgets);
        const sweep = async (): Promise<void> => {
          if ((await budgets.sweep()) > 0) worker.wake();
        };
        sweeping = setInterval(
          () => void sweep().catch((error: unknown) => log.warn({ err: error }, 'budgets swept later')),
          BUDGETS_MS,
        );
        housekeeping = setInterval(() => void tidy(), HOUSEKEEPING_MS);
      },
      async drain() {
        clearInterval(housekeeping);
        clearInterval(sweeping);
        await running?.stop();
      },
      stop: () => roles.close(),
    };
  };
}
