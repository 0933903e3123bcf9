import {
  ofOperators,
  ownerPermissions,
  roles,
  workspacePermissions,
  type Permission,
  type Role,
} from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { isOperators } from '../tenants/postgres-tenants.js';
import { holdRole } from './postgres-roles.js';

export const isBuiltIn = (name: string): name is Role => Object.hasOwn(roles, name);

/** Besides the role in a workspace: whether somebody owns the tenant, and whether that is the operators' own. */
export interface Standing {
  readonly owner?: boolean | undefined;
  readonly operators?: boolean | undefined;
}

/** What a role permits: a built-in one as it says, another as the tenant says, one that is not there nothing. */
export function permitted(
  name: string,
  own: readonly Permission[] | null | undefined,
  { owner = false, operators = false }: Standing = {},
): readonly Permission[] {
  const byRole = isBuiltIn(name) ? roles[name] : workspacePermissions.filter((permission) => own?.includes(permission));
  const operates = operators && (owner || name === 'administrator');
  return [...(owner ? ownerPermissions : byRole), ...(operates ? [ofOperators] : [])];
}

/** What the role permits until the transaction ends; undefined when there is none of this name. */
export async function permissionsOf(
  tx: Tx,
  tenantId: string,
  name: string,
  owner = false,
): Promise<readonly Permission[] | undefined> {
  const own = isBuiltIn(name) ? undefined : await holdRole(tx, tenantId, name);
  if (!isBuiltIn(name) && !own && !owner) return undefined;
  return permitted(name, own?.permissions, { owner, operators: await isOperators(tx, tenantId) });
}
