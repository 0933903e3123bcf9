import { runtime } from '@conclave/contracts';
import type { Actor } from '@conclave/postgres-kit';
import type { Turn } from '../engine/agent-port.js';
import type { ReviewOfRun } from './changes.js';

/** The review a turn works for, as it was accepted. */
export const reviewOf = ({ tenantId, runId, runInput }: Turn): ReviewOfRun => ({
  tenantId,
  runId,
  review: runtime.reviewRequest.parse(runInput),
});

/** Work on a run is the runtime's own, in the run's tenant. */
export const actorOf = ({ tenantId }: Pick<Turn, 'tenantId'>): Actor => ({ tenantId, actor: 'service:runtime' });
