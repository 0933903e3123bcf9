/** Tenants as those see them who own one, and as operators do: from outside, and never into them. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { name, pageOf, pageQuery, timestamp } from '../page.js';
import { principal } from './auth.js';

const owner = z.object({ principal, since: timestamp });

/** There are few: all of them in one answer, who came first first. */
export const listOwners = contract({
  owner: 'auth',
  subject: 'auth.v1.owner.list',
  permission: 'tenant:manage',
  request: z.strictObject({}),
  reply: z.object({ items: z.array(owner) }),
  http: {
    method: 'GET',
    path: '/v1/owners',
    summary: 'List the owners of the tenant',
    tag: 'identity',
    stability: 'beta',
  },
});

/** `id` is the principal of a member. */
export const addOwner = contract({
  owner: 'auth',
  subject: 'auth.v1.owner.add',
  permission: 'tenant:manage',
  request: z.strictObject({ id: idOf('principal') }),
  reply: owner,
  errors: ['auth.member.not-found', 'auth.role.too-wide', 'auth.owner.too-many'],
  http: {
    method: 'PUT',
    path: '/v1/owners/{id}',
    summary: 'Make a member an owner of the tenant',
    tag: 'identity',
    stability: 'beta',
  },
});

export const removeOwner = contract({
  owner: 'auth',
  subject: 'auth.v1.owner.remove',
  permission: 'tenant:manage',
  request: z.strictObject({ id: idOf('principal') }),
  reply: owner,
  errors: ['auth.member.not-found', 'auth.role.too-wide', 'auth.owner.last'],
  http: {
    method: 'DELETE',
    path: '/v1/owners/{id}',
    summary: 'Take the ownership of the tenant from a member',
    tag: 'identity',
    stability: 'beta',
  },
});

export const tenantView = z.object({
  id: idOf('tenant'),
  name,
  createdAt: timestamp,
  state: z.enum(['active']),
  /** Set for the operators' own. */
  operators: z.boolean().optional(),
});

export const listTenants = contract({
  owner: 'auth',
  subject: 'auth.v1.tenant.list',
  permission: 'platform:operate',
  request: z.strictObject(pageQuery),
  reply: pageOf(tenantView),
  http: { method: 'GET', path: '/v1/tenants', summary: 'List tenants', tag: 'operations', stability: 'beta' },
});

export const getTenant = contract({
  owner: 'auth',
  subject: 'auth.v1.tenant.get',
  permission: 'platform:operate',
  request: z.strictObject({ id: idOf('tenant') }),
  reply: tenantView,
  errors: ['auth.tenant.not-found'],
  http: { method: 'GET', path: '/v1/tenants/{id}', summary: 'Look at a tenant', tag: 'operations', stability: 'beta' },
});

/** The link lets the first owner in, once, to make a passkey. It is shown once. */
export const createTenant = contract({
  owner: 'auth',
  subject: 'auth.v1.tenant.create',
  permission: 'platform:operate',
  request: z.strictObject({ name, owner: name.default('Owner'), workspace: name.default('default') }),
  reply: tenantView.extend({ owner: idOf('principal'), workspace: idOf('workspace'), link: z.string() }),
  errors: ['auth.tenant.exists', 'auth.passkeys-unavailable'],
  http: {
    method: 'POST',
    path: '/v1/tenants',
    status: 201,
    summary: 'Create a tenant with its first workspace and owner',
    tag: 'operations',
    stability: 'beta',
  },
});
