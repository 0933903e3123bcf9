import { bootstrapService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { AuditModule } from './audit.module.js';
import { auditEnvironment } from './config.js';
import { sequencing } from './log/sequencer.js';
import { following } from './records/follow-log.js';
import { witnessing } from './witness/witnessing.js';

await bootstrapService({
  name: 'audit',
  module: AuditModule,
  environment: auditEnvironment,
  resources: [postgres(), sequencing(), following(), witnessing()],
});
