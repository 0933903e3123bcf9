import { roles, tenantRoles, type ReplyOf, type Role } from '@conclave/contracts';
import { useQuery } from '@tanstack/react-query';
import { ask } from '../api/queries.js';
import { useMay } from '../sign-in/use-me.js';

export type TenantRole = ReplyOf<typeof tenantRoles.createRole>;

const builtIn: readonly TenantRole[] = (Object.keys(roles) as Role[]).map((name) => ({
  ...{ name, permissions: [...roles[name]], builtIn: true },
}));

/** All roles there are: the built-in ones alone until the tenant's own are known, and for whom they are not to be known. */
export function useRoles(): readonly TenantRole[] {
  const enabled = useMay()('member:read');
  const { data } = useQuery({ ...ask(tenantRoles.listRoles, {}), enabled });
  return data?.items ?? builtIn;
}
