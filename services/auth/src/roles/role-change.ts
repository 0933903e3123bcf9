/**
 * Who may change a role: whoever could give it, before and after, to everybody who holds it. A role is the tenant's, and
 * its holders may be in workspaces where the caller manages nobody.
 */
import { ConclaveError, type Permission } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { callerOf } from '../members/caller.js';
import { lockMember } from '../members/postgres-members.js';
import { refuseWider } from '../members/role-grant.js';
import { lockRole, workspacesOfRole, type OwnRole } from './postgres-roles.js';
import { isBuiltIn, permissionsOf } from './role-permissions.js';

/**
 * The role, locked, which will permit `wanted`, and the workspaces in which it is held.
 *
 * @throws ConclaveError `auth.role.built-in` | `auth.role.not-found` | `auth.role.too-wide`
 */
export async function lockChangeable(
  tx: Tx,
  ctx: RequestContext,
  name: string,
  wanted: readonly Permission[],
): Promise<{ role: OwnRole; heldIn: string[] }> {
  if (isBuiltIn(name)) throw new ConclaveError('auth.role.built-in', { name });
  const caller = callerOf(ctx);
  const role = await lockRole(tx, caller.tenantId, name);
  if (!role) throw new ConclaveError('auth.role.not-found', { name });
  const touched = [...new Set([...role.permissions, ...wanted])];
  refuseWider(ctx.scopes, name, touched);
  const heldIn = await workspacesOfRole(tx, caller.tenantId, name);
  for (const workspaceId of heldIn.filter((id) => id !== caller.workspaceId)) {
    const there = await lockMember(tx, { ...caller, workspaceId });
    const may = there && !there.disabledAt ? await permissionsOf(tx, caller.tenantId, there.role) : [];
    refuseWider(new Set(may), name, ['member:manage', ...touched]);
  }
  return { role, heldIn };
}
