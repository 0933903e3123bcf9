import { bootstrapService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { consensusEnvironment } from './config.js';
import { ConsensusModule } from './consensus.module.js';
import { deadlines } from './decisions/deadlines.js';
import { decisionLanes } from './decisions/decision-lanes.js';

await bootstrapService({
  name: 'consensus',
  module: ConsensusModule,
  environment: consensusEnvironment,
  resources: [postgres(), decisionLanes(), deadlines()],
});
