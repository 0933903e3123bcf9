import { ConclaveError } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { refuseWiderRole } from '../members/role-grant.js';
import { hasWorkspace } from '../workspaces/postgres-workspaces.js';
import type { Provisioning } from './settings.js';

/**
 * Who lets a provider make members gives them a role, so the rules of giving roles hold: none wider than the credential
 * at hand, and in a workspace that is there.
 *
 * @throws ConclaveError `auth.role.not-found` | `auth.role.too-wide` | `auth.workspace.not-found`
 */
export async function refuseProvisioning(tx: Tx, ctx: RequestContext, provisioning: Provisioning): Promise<void> {
  if (provisioning.mode === 'invited-only') return;
  if (provisioning.mode === 'just-in-time') {
    const { role, groupRoles = [] } = provisioning;
    for (const given of new Set([role, ...groupRoles.map((one) => one.role)])) await refuseWiderRole(tx, ctx, given);
  }
  if (!(await hasWorkspace(tx, ctx.tenantId, provisioning.workspace)))
    throw new ConclaveError('auth.workspace.not-found', { id: provisioning.workspace });
}
