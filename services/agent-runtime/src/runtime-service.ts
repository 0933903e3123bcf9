import { postgres } from '@conclave/postgres-kit';
import { runtimeEnvironment } from './config.js';
import { control } from './control/control-resource.js';
import { worker } from './engine/worker-resource.js';
import { RuntimeModule } from './runtime.module.js';

/** The service as it is started, by `main.ts` and by its tests. */
export const runtimeService = {
  name: 'runtime',
  module: RuntimeModule,
  environment: runtimeEnvironment,
  resources: [postgres(), worker(), control()],
} as const;
