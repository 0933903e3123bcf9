import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { clientAddress, networks } from '../network.js';
import { name, newName, pageOf, pageQuery, timestamp } from '../page.js';
import { permissions } from '../permissions.js';
import { preferences } from './preferences.js';
import { roleName as role } from './tenant-roles.js';

const scope = z.enum(permissions);

/** Who acts: a person, a program, or an agent that decides by itself what to do. */
export const principalKind = z.enum(['user', 'service-account', 'agent']);

export const principal = z.object({ id: idOf('principal'), kind: principalKind, name });

/**
 * Swaps a credential for a signed context token. Unknown, expired and revoked credentials answer alike. Only access
 * tokens, which say what they are worth, are long.
 */
export const exchangeCredential = contract({
  owner: 'auth',
  subject: 'auth.v1.credential.exchange',
  permission: 'service',
  request: z.strictObject({
    kind: z.enum(['api-key', 'sign-in', 'access-token']),
    secret: z.string().min(1).max(4_096),
    /** Where it is used from, for the record when it is not good. Optional, as it is renewed by nobody's request. */
    address: clientAddress,
  }),
  reply: z.object({
    token: z.string(),
    /** Epoch milliseconds after which the token is refused. */
    expiresAt: z.number().int(),
    credentialId: z.string(),
    csrf: z.string().optional(),
    /** The networks it is good from; only the edge sees where a request comes from, so the edge holds it to them. */
    allowedAddresses: networks.optional(),
    /** The most that all of its tenant may ask for in a minute; the edge counts. */
    requestsPerMinute: z.number().int().optional(),
  }),
  errors: ['auth.unauthenticated'],
});

export const me = z.object({
  principal,
  tenant: z.object({ id: idOf('tenant'), name }),
  workspace: z.object({ id: idOf('workspace'), name }),
  role,
  owner: z.boolean().optional(),
  preferences: z.object({ locale: z.string(), timeZone: z.string(), theme: z.string() }).partial().optional(),
  scopes: z.array(scope),
  /** Emergency access that the sign-in at hand has. */
  breakGlass: z.object({ id: idOf('breakGlass'), endsAt: timestamp }).optional(),
});

export const getMe = contract({
  owner: 'auth',
  subject: 'auth.v1.me.get',
  permission: 'self:read',
  request: z.strictObject({}),
  reply: me,
  http: {
    method: 'GET',
    path: '/v1/me',
    summary: 'Who the credential belongs to',
    tag: 'identity',
    stability: 'stable',
  },
});

/** What is left out stays as it is. A name that a directory provisions is the directory’s again when it says so. */
export const changeMe = contract({
  owner: 'auth',
  subject: 'auth.v1.me.change',
  permission: 'self:manage',
  request: z.strictObject({ name: newName.optional(), ...preferences.shape }),
  reply: me,
  http: {
    method: 'PATCH',
    path: '/v1/me',
    summary: 'Change your name and preferences',
    tag: 'identity',
    stability: 'beta',
  },
});

const apiKey = z.object({
  id: idOf('apiKey'),
  name,
  scopes: z.array(scope),
  principal: idOf('principal'),
  createdAt: timestamp,
  expiresAt: timestamp.optional(),
  allowedAddresses: networks.optional(),
  lastUsedAt: timestamp.optional(),
  revokedAt: timestamp.optional(),
});

export const createApiKey = contract({
  owner: 'auth',
  subject: 'auth.v1.api-key.create',
  permission: 'api-key:manage',
  stepUp: true,
  attributes: ['scopes', 'principal', 'workspace'],
  request: z.strictObject({
    name: newName,
    scopes: z.array(scope).min(1).max(permissions.length).optional(),
    /** At most ten years ahead. */
    expiresAt: timestamp.optional(),
    /** Addresses and networks the key is good from, as is what is opened with it; anywhere unless told. */
    allowedAddresses: networks.optional(),
    /** Whose key it will be and where it is good: the caller's own unless told; others need `member:manage`. */
    principal: idOf('principal').optional(),
    workspace: idOf('workspace').optional(),
  }),
  reply: apiKey.extend({ key: z.string() }),
  errors: [
    ...(['auth.scope.too-wide', 'auth.address.too-wide', 'auth.expiry.too-late', 'auth.role.too-wide'] as const),
    ...(['auth.workspace.not-found', 'auth.member.not-found', 'auth.limit.reached'] as const),
  ],
  http: {
    method: 'POST',
    path: '/v1/api-keys',
    status: 201,
    summary: 'Create an API key; the key is shown once',
    tag: 'identity',
    stability: 'stable',
  },
});

export const listApiKeys = contract({
  owner: 'auth',
  subject: 'auth.v1.api-key.list',
  permission: 'api-key:manage',
  request: z.strictObject(pageQuery),
  reply: pageOf(apiKey),
  http: { method: 'GET', path: '/v1/api-keys', summary: 'List API keys', tag: 'identity', stability: 'stable' },
});

/**
 * What becomes of the runs that were started with a key or through a provider, or with what was opened so. Whoever has
 * them canceled needs `run:cancel`.
 */
export const runsOfCredential = z.enum(['keep', 'cancel']).default('keep');

/** With `cancel`, also of a key that is revoked already or has expired. */
export const revokeApiKey = contract({
  owner: 'auth',
  subject: 'auth.v1.api-key.revoke',
  permission: 'api-key:manage',
  attributes: ['runs'],
  request: z.strictObject({ id: idOf('apiKey'), runs: runsOfCredential }),
  reply: apiKey,
  errors: ['auth.api-key.not-found'],
  http: {
    method: 'DELETE',
    path: '/v1/api-keys/{id}',
    summary: 'Revoke an API key',
    tag: 'identity',
    stability: 'stable',
  },
});

const workspace = z.object({ id: idOf('workspace'), name, createdAt: timestamp });

export const createWorkspace = contract({
  owner: 'auth',
  subject: 'auth.v1.workspace.create',
  permission: 'workspace:manage',
  request: z.strictObject({ name: newName }),
  reply: workspace,
  errors: ['auth.workspace.exists', 'auth.role.too-wide', 'auth.limit.reached'],
  http: {
    method: 'POST',
    path: '/v1/workspaces',
    status: 201,
    summary: 'Create a workspace',
    tag: 'identity',
    stability: 'stable',
  },
});

export const listWorkspaces = contract({
  owner: 'auth',
  subject: 'auth.v1.workspace.list',
  permission: 'self:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(workspace),
  http: { method: 'GET', path: '/v1/workspaces', summary: 'List workspaces', tag: 'identity', stability: 'stable' },
});

export const member = z.object({
  principal,
  role,
  /** Whether they own the tenant: an owner may in every workspace of theirs what its administrators may, and more. */
  owner: z.boolean().optional(),
  createdAt: timestamp,
  disabledAt: timestamp.optional(),
});

export const listMembers = contract({
  owner: 'auth',
  subject: 'auth.v1.member.list',
  permission: 'member:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(
    member.extend({
      /** Of a person, as far as it is known; whether a provider verified it or not. */
      email: z.string().optional(),
    }),
  ),
  http: {
    method: 'GET',
    path: '/v1/members',
    summary: 'List members and their roles',
    tag: 'identity',
    stability: 'stable',
  },
});

/** Makes a principal; its first key comes from POST /v1/api-keys. */
export const addMember = contract({
  owner: 'auth',
  subject: 'auth.v1.member.add',
  permission: 'member:manage',
  stepUp: true,
  attributes: ['kind', 'role'],
  request: z.strictObject({ name: newName, kind: principalKind, role }),
  reply: member,
  errors: ['auth.role.not-found', 'auth.role.too-wide', 'auth.limit.reached'],
  http: {
    method: 'POST',
    path: '/v1/members',
    status: 201,
    summary: 'Add a person, a service account or an agent to the workspace',
    tag: 'identity',
    stability: 'beta',
  },
});

/** `id` is the member's principal. What its keys permit follows within seconds. */
export const changeMember = contract({
  owner: 'auth',
  subject: 'auth.v1.member.change',
  permission: 'member:manage',
  stepUp: true,
  attributes: ['role'],
  request: z.strictObject({ id: idOf('principal'), role }),
  reply: member,
  errors: ['auth.member.not-found', 'auth.member.last-administrator', 'auth.role.not-found', 'auth.role.too-wide'],
  http: {
    method: 'PATCH',
    path: '/v1/members/{id}',
    summary: 'Give a member another role',
    tag: 'identity',
    stability: 'beta',
  },
});

/** For good: the member's keys and sign-ins in this workspace end at once. */
export const disableMember = contract({
  owner: 'auth',
  subject: 'auth.v1.member.disable',
  permission: 'member:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('principal') }),
  reply: member,
  errors: ['auth.member.not-found', 'auth.member.last-administrator', 'auth.owner.last', 'auth.role.too-wide'],
  http: {
    method: 'DELETE',
    path: '/v1/members/{id}',
    summary: 'Disable a member and end its keys and sign-ins',
    tag: 'identity',
    stability: 'beta',
  },
});

/** A sign-in that was opened: the edge keeps `secret` in an HttpOnly cookie and gives `csrf` to the page. */
export const openedSignIn = z.object({
  id: idOf('signIn'),
  secret: z.string(),
  csrf: z.string(),
  expiresAt: timestamp,
});

/** With an API key. */
export const createSignIn = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in.create',
  permission: 'service',
  request: z.strictObject({ apiKey: z.string().min(1).max(512), address: clientAddress }),
  reply: openedSignIn,
  errors: ['auth.unauthenticated', 'auth.sign-in.providers-only'],
});

export const endSignIn = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in.end',
  permission: 'service',
  request: z.strictObject({ secret: z.string().min(1).max(512) }),
  reply: z.object({
    ended: z.boolean(),
    /** Where the browser goes to sign out at the provider that vouched, and what binds the way back to it. */
    provider: z.object({ location: z.string(), flow: z.string(), expiresAt: timestamp }).optional(),
  }),
});
