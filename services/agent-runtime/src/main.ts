import { bootstrapService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { runtimeEnvironment } from './config.js';
import { worker } from './engine/worker-resource.js';
import { RuntimeModule } from './runtime.module.js';

await bootstrapService({
  name: 'runtime',
  module: RuntimeModule,
  environment: runtimeEnvironment,
  resources: [postgres(), worker()],
});
