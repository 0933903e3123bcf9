import { permissions, roles, type Permission, type Role } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { holdRole } from './postgres-roles.js';

export const isBuiltIn = (name: string): name is Role => Object.hasOwn(roles, name);

/** What a role permits: a built-in one as it says, another as the tenant says, one that is not there nothing. */
export function permitted(name: string, own: readonly Permission[] | null | undefined): readonly Permission[] {
  return isBuiltIn(name) ? roles[name] : (own ?? []).filter((permission) => permissions.includes(permission));
}

/** What the role permits until the transaction ends; undefined when there is none of this name. */
export async function permissionsOf(
  tx: Tx,
  tenantId: string,
  name: string,
): Promise<readonly Permission[] | undefined> {
  const own = isBuiltIn(name) ? undefined : await holdRole(tx, tenantId, name);
  return isBuiltIn(name) || own ? permitted(name, own?.permissions) : undefined;
}
