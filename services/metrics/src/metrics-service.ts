import { databaseEnvironment } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { MetricsModule } from './metrics.module.js';

/** The service as it is started, by `main.ts` and by its tests. */
export const metricsService = {
  name: 'metrics',
  module: MetricsModule,
  environment: databaseEnvironment,
  resources: [postgres()],
} as const;
