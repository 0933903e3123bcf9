/** Who may change a role: a credential that permits what the role does, before and after. */
import { ConclaveError, type Permission } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { refuseWider } from '../members/role-grant.js';
import { lockRole, type OwnRole } from './postgres-roles.js';
import { isBuiltIn, permitted } from './role-permissions.js';

/**
 * The role, locked, which will permit `wanted`.
 *
 * @throws ConclaveError `auth.role.built-in` | `auth.role.not-found` | `auth.role.too-wide`
 */
export async function lockChangeable(
  tx: Tx,
  { tenantId, scopes }: RequestContext,
  name: string,
  wanted: readonly Permission[],
): Promise<OwnRole> {
  if (isBuiltIn(name)) throw new ConclaveError('auth.role.built-in', { name });
  const role = await lockRole(tx, tenantId, name);
  if (!role) throw new ConclaveError('auth.role.not-found', { name });
  refuseWider(scopes, name, [...new Set([...permitted(name, role.permissions), ...wanted])]);
  return role;
}
