/** Tenants as those see them who own one, and as operators do: from outside, and never into them. */
import { z } from 'zod';
import { contract, serviceNames } from '../contract.js';
import { tenantErasing } from '../events/tenants.js';
import { idOf } from '../ids.js';
import { name, newName, pageOf, pageQuery, timestamp } from '../page.js';
import { principal } from './auth.js';
import { branding } from './branding.js';

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
  stepUp: true,
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
  stepUp: true,
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
  state: z.enum(['active', 'suspended', 'erasing']),
  suspendedAt: timestamp.optional(),
  suspendedFor: z.string().optional(),
  /** When it will be erased, unless that is canceled before. */
  erasesAt: timestamp.optional(),
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
  stepUp: true,
  request: z.strictObject({ name: newName, owner: newName.default('Owner'), workspace: newName.default('default') }),
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

const reason = z.string().trim().min(1).max(500);
const ofTenant = z.strictObject({ id: idOf('tenant') });

/** Within seconds nobody of the tenant gets in, what is open closes, and what runs there waits. Nothing is lost. */
export const suspendTenant = contract({
  owner: 'auth',
  subject: 'auth.v1.tenant.suspend',
  permission: 'platform:operate',
  stepUp: true,
  request: ofTenant.extend({ reason }),
  reply: tenantView,
  errors: ['auth.tenant.not-found', 'auth.tenant.protected', 'auth.tenant.erasing'],
  http: {
    method: 'POST',
    path: '/v1/tenants/{id}/suspend',
    summary: 'Suspend a tenant',
    tag: 'operations',
    stability: 'beta',
  },
});

export const resumeTenant = contract({
  owner: 'auth',
  subject: 'auth.v1.tenant.resume',
  permission: 'platform:operate',
  stepUp: true,
  request: ofTenant,
  reply: tenantView,
  errors: ['auth.tenant.not-found', 'auth.tenant.erasing'],
  http: {
    method: 'POST',
    path: '/v1/tenants/{id}/resume',
    summary: 'Let a suspended tenant go on',
    tag: 'operations',
    stability: 'beta',
  },
});

/** What was asked for and what came of it. When all is done it is the proof, of which the operators’ log keeps a copy. */
const erasure = z.object({
  tenant: idOf('tenant'),
  requestedBy: idOf('principal'),
  requestedAt: timestamp,
  erasesAt: timestamp,
  startedAt: timestamp.optional(),
  finishedAt: timestamp.optional(),
  /** Keys of its own that what was sealed for the tenant can no longer be read without, wherever a copy lies. */
  dataKeys: z.number().int().optional(),
  answers: z.array(
    z.object({
      service: z.enum(serviceNames),
      rows: z.number().int(),
      /** Of the log: its last signed checkpoint, which what was taken out of it still verifies against. */
      detail: z.object({ checkpoint: z.string().optional() }),
      at: timestamp,
    }),
  ),
  waitingFor: z.array(z.enum(serviceNames)),
});

/** `name` is the tenant’s, written once more by whoever wants it gone. */
export const eraseTenant = contract({
  owner: 'auth',
  subject: 'auth.v1.tenant.erase',
  permission: 'platform:operate',
  stepUp: true,
  request: ofTenant.extend({ name, reason }),
  reply: erasure,
  errors: [
    ...(['auth.tenant.not-found', 'auth.tenant.protected', 'auth.tenant.not-suspended'] as const),
    'auth.tenant.name-mismatch',
  ],
  http: {
    method: 'POST',
    path: '/v1/tenants/{id}/erasure',
    status: 202,
    summary: 'Erase a suspended tenant, when a time of grace has passed',
    tag: 'operations',
    stability: 'beta',
  },
});

export const cancelErasure = contract({
  owner: 'auth',
  subject: 'auth.v1.tenant.keep',
  permission: 'platform:operate',
  request: ofTenant,
  reply: tenantView,
  errors: ['auth.tenant.not-found', 'auth.tenant.erasing', 'auth.tenant.not-erasing'],
  http: {
    method: 'DELETE',
    path: '/v1/tenants/{id}/erasure',
    summary: 'Keep a tenant that was to be erased',
    tag: 'operations',
    stability: 'beta',
  },
});

/** Owners that are told to erase a tenant ask by themselves whether that is so: what they hold does not come back. */
export const getErasure = contract({
  owner: 'auth',
  subject: 'auth.v1.tenant.erasure',
  permission: 'platform:operate',
  callers: ['gateway', ...tenantErasing.consumers],
  request: ofTenant,
  reply: erasure,
  errors: ['auth.tenant.not-erasing'],
  http: {
    method: 'GET',
    path: '/v1/tenants/{id}/erasure',
    summary: 'How far the erasure of a tenant is, and its proof',
    tag: 'operations',
    stability: 'beta',
  },
});

const most = z.number().int().min(0).max(1_000_000).optional();

/** The most a tenant may have, ask for in a minute and run at once; without bounds where nothing is said. */
const limits = z.strictObject({
  workspaces: most,
  /** People, service accounts and agents who belong somewhere. */
  members: most,
  /** Those that were not revoked and have not expired. */
  apiKeys: most,
  secrets: most,
  requestsPerMinute: z.number().int().min(1).max(10_000_000).optional(),
  /** Turns of its runs at once. */
  runningTurns: z.number().int().min(1).max(1_000_000).optional(),
  /** Not the most but its share where tenants wait for each other: one of 3 has three turns while one of 1 has one. 1 unless told. */
  weight: z.number().int().min(1).max(1_000).optional(),
});
const limitsView = z.object({
  limits: z.object(limits.shape),
  used: z.object({
    workspaces: z.number().int(),
    members: z.number().int(),
    apiKeys: z.number().int(),
    secrets: z.number().int(),
  }),
});

/** Of the caller's own tenant. */
export const getOwnLimits = contract({
  owner: 'auth',
  subject: 'auth.v1.limits.own',
  permission: 'tenant:manage',
  request: z.strictObject({}),
  reply: limitsView,
  http: {
    method: 'GET',
    path: '/v1/limits',
    summary: 'What the tenant may have at most, and has',
    tag: 'identity',
    stability: 'beta',
  },
});

export const getLimits = contract({
  owner: 'auth',
  subject: 'auth.v1.limits.get',
  permission: 'platform:operate',
  request: ofTenant,
  reply: limitsView,
  errors: ['auth.tenant.not-found'],
  http: {
    method: 'GET',
    path: '/v1/tenants/{id}/limits',
    summary: 'What a tenant may have at most, and has',
    tag: 'operations',
    stability: 'beta',
  },
});

/** All of them: what is left out has no bounds. What there is more of already stays. */
export const setLimits = contract({
  owner: 'auth',
  subject: 'auth.v1.limits.set',
  permission: 'platform:operate',
  stepUp: true,
  request: ofTenant.extend({ limits }),
  reply: limitsView,
  errors: ['auth.tenant.not-found'],
  http: {
    method: 'PUT',
    path: '/v1/tenants/{id}/limits',
    summary: 'Say what a tenant may have at most',
    tag: 'operations',
    stability: 'beta',
  },
});

/** At most so much of a picture. */
export const LOGO_LIMIT_BYTES = 32_768;
const logo = z.base64().max(Math.ceil(LOGO_LIMIT_BYTES / 3) * 4);

/** How the tenant shows itself at the door. */
const ownTenant = z.object({ id: idOf('tenant'), name, branding });

export const getOwnTenant = contract({
  owner: 'auth',
  subject: 'auth.v1.branding.get',
  permission: 'tenant:manage',
  request: z.strictObject({}),
  reply: ownTenant,
  http: { method: 'GET', path: '/v1/tenant', summary: 'Look at your tenant', tag: 'identity', stability: 'beta' },
});

/** What is left out stays as it is; what is null is gone. A logo is a PNG of at most 32 KiB and 512 by 512 pixels. */
export const changeOwnTenant = contract({
  owner: 'auth',
  subject: 'auth.v1.branding.change',
  permission: 'tenant:manage',
  request: z.strictObject({
    displayName: newName.nullable().optional(),
    accent: z
      .string()
      .regex(/^#[0-9a-f]{6}$/, { error: 'expected a colour like #4f46c8' })
      .nullable()
      .optional(),
    logo: logo.nullable().optional(),
  }),
  reply: ownTenant,
  errors: ['auth.branding.unfit'],
  http: {
    method: 'PATCH',
    path: '/v1/tenant',
    summary: 'Say how your tenant shows itself where people sign in',
    tag: 'identity',
    stability: 'beta',
  },
});
