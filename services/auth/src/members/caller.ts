import { ConclaveError } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';

/** A principal at work in a workspace. */
export interface Caller {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly principalId: string;
}

/** The principal who asks; services have no keys, profile or workspaces of their own. @throws ConclaveError `auth.forbidden` */
export function callerOf({ tenantId, workspaceId, principal }: RequestContext): Caller {
  if (!principal || !workspaceId) throw new ConclaveError('auth.forbidden', { reason: 'only a principal can do this' });
  return { tenantId, workspaceId, principalId: principal.id };
}
