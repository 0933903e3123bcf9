/** One more replica, in a process that can be killed: it says when it is up. */
import { bootstrapService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { AuditModule } from '../../audit.module.js';
import { auditEnvironment } from '../../config.js';
import { sequencing } from '../sequencer.js';

const environment = JSON.parse(process.argv[2]!) as Record<string, string>;
const resources = [postgres(), sequencing()];
await bootstrapService(
  { name: 'audit', module: AuditModule, environment: auditEnvironment, resources },
  { ...environment, LOG_LEVEL: 'fatal' },
);
process.send!('up');
