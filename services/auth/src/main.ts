import { bootstrapService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { AuthModule } from './auth.module.js';
import { background } from './background.js';
import { authEnvironment } from './config.js';
import { entities } from './entities.js';
import { sweep } from './sweep.js';

await bootstrapService({
  name: 'auth',
  module: AuthModule,
  environment: authEnvironment,
  resources: [postgres({ entities, sweep }), ...background],
});
