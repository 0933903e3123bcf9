import { bootstrapService } from '@conclave/nest-kit';
import { runtimeService } from './runtime-service.js';

await bootstrapService(runtimeService);
