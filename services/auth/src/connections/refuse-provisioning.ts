import { ConclaveError } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { refuseWiderRole } from '../members/role-grant.js';
import { hasWorkspace } from '../workspaces/postgres-workspaces.js';
import { checkProvisioning, type Provisioning } from './settings.js';

/**
 * Who lets a provider make members gives them a role, so the rules of giving roles hold: none wider than the credential
 * at hand, and in a workspace that is there.
 *
 * @throws ConclaveError `auth.connection.invalid` | `auth.role.not-found` | `auth.role.too-wide` | `auth.workspace.not-found`
 */
export async function refuseProvisioning(
  tx: Tx,
  ctx: RequestContext,
  provisioning: Provisioning,
  emailDomains: readonly string[],
): Promise<void> {
  checkProvisioning(provisioning, emailDomains);
  if (provisioning.mode !== 'just-in-time') return;
  await refuseWiderRole(tx, ctx, provisioning.role);
  if (!(await hasWorkspace(tx, ctx.tenantId, provisioning.workspace)))
    throw new ConclaveError('auth.workspace.not-found', { id: provisioning.workspace });
}
