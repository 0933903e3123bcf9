import { bootstrapService } from '@conclave/nest-kit';
import { metricsService } from './metrics-service.js';

await bootstrapService(metricsService);
