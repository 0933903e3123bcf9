import { z } from 'zod';
import { contract } from '../contract.js';
import { permissions, workspacePermissions } from '../permissions.js';

/** What a role is called: a built-in one, or one of the tenant's own. */
export const roleName = z
  .string()
  .max(60)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, { error: 'expected a name like release-manager' });

/** What concerns more than a workspace is the owners', whom no role makes. */
const granted = z.array(z.enum(workspacePermissions)).min(1).max(workspacePermissions.length);
const role = z.object({ name: roleName, permissions: z.array(z.enum(permissions)), builtIn: z.boolean() });

/** There are few: all of them in one answer, the built-in ones first. */
export const listRoles = contract({
  owner: 'auth',
  subject: 'auth.v1.role.list',
  permission: 'member:read',
  request: z.strictObject({}),
  reply: z.object({
    items: z.array(role),
    /** The version of roles and policies, as entries of the log name it; optional, since it has not always been told. */
    bundle: z.string().optional(),
  }),
  http: {
    method: 'GET',
    path: '/v1/roles',
    summary: 'List roles and what they permit',
    tag: 'identity',
    stability: 'beta',
  },
});

export const createRole = contract({
  owner: 'auth',
  subject: 'auth.v1.role.create',
  permission: 'role:manage',
  stepUp: true,
  attributes: ['permissions'],
  request: z.strictObject({ name: roleName, permissions: granted }),
  reply: role,
  errors: ['auth.role.exists', 'auth.role.too-many', 'auth.role.too-wide'],
  http: {
    method: 'POST',
    path: '/v1/roles',
    status: 201,
    summary: 'Create a role of the tenant’s own',
    tag: 'identity',
    stability: 'beta',
  },
});

/** Takes effect for everybody who holds the role, within seconds. */
export const changeRole = contract({
  owner: 'auth',
  subject: 'auth.v1.role.change',
  permission: 'role:manage',
  stepUp: true,
  attributes: ['permissions'],
  request: z.strictObject({ name: roleName, permissions: granted }),
  reply: role,
  errors: ['auth.role.not-found', 'auth.role.built-in', 'auth.role.too-wide'],
  http: {
    method: 'PATCH',
    path: '/v1/roles/{name}',
    summary: 'Change what a role permits',
    tag: 'identity',
    stability: 'beta',
  },
});

export const deleteRole = contract({
  owner: 'auth',
  subject: 'auth.v1.role.delete',
  permission: 'role:manage',
  stepUp: true,
  request: z.strictObject({ name: roleName }),
  reply: role,
  errors: ['auth.role.not-found', 'auth.role.built-in', 'auth.role.in-use', 'auth.role.too-wide'],
  http: {
    method: 'DELETE',
    path: '/v1/roles/{name}',
    summary: 'Delete a role that nobody holds',
    tag: 'identity',
    stability: 'beta',
  },
});
