import { ConclaveError } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { callerOf } from '../members/caller.js';
import { lockMember } from '../members/postgres-members.js';
import { refuseWiderRole } from '../members/role-grant.js';
import { permissionsOf } from '../roles/role-permissions.js';
import { checkProvisioning, type Provisioning } from './settings.js';

/**
 * Who lets a provider make members gives them a role, so the rules of giving roles hold: none wider than the credential
 * at hand, and in no workspace but one whose members the caller manages.
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
  const manager = await lockMember(tx, { ...callerOf(ctx), workspaceId: provisioning.workspace });
  const held = manager && !manager.disabledAt ? await permissionsOf(tx, ctx.tenantId, manager.role) : undefined;
  if (!held?.includes('member:manage'))
    throw new ConclaveError('auth.workspace.not-found', { id: provisioning.workspace });
}
