import type { ResourceFactory } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import type { RuntimeConfig } from '../config.js';
import { Worker } from './worker.js';

/** Starts the worker with the service when the process has the role, and hands its turns over when it stops. */
export function worker(): ResourceFactory<RuntimeConfig> {
  return async (_kit, config) => {
    let running: Worker | undefined;
    return {
      providers: [],
      ready: async () => undefined,
      async start(app) {
        if (!config.ROLES.includes('worker')) return;
        const worker = app.get(Worker);
        app.get(Database).onEmit(() => worker.wake());
        await worker.start(config.WORKER_SLOTS);
        running = worker;
      },
      drain: async () => running?.stop(),
      stop: async () => undefined,
    };
  };
}
