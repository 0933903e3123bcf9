import { bootstrapService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { AuthModule } from './auth.module.js';
import { authEnvironment } from './config.js';
import { entities } from './entities.js';
import { sweepChallenges } from './passkeys/postgres-passkeys.js';
import { sweepSignIns } from './sign-ins/postgres-sign-ins.js';

await bootstrapService({
  name: 'auth',
  module: AuthModule,
  environment: authEnvironment,
  resources: [
    postgres({ entities, sweep: async (db) => void (await Promise.all([sweepSignIns(db), sweepChallenges(db)])) }),
  ],
});
