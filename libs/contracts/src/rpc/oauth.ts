/**
 * The authorization server (OAuth 2.0): programs that act for people, within what these allowed them. The protocol itself
 * is one operation that the edge carries through; what people and administrators do about it is plain API.
 */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { name, newName, pageOf, pageQuery, timestamp } from '../page.js';
import { permissions, workspacePermissions, type Permission } from '../permissions.js';

/** Where the protocol is spoken, and how. The paths are in the discovery document; the rest follows from RFCs. */
export const oauthPaths = {
  '/.well-known/oauth-authorization-server': 'GET',
  '/.well-known/openid-configuration': 'GET',
  '/.well-known/oauth-protected-resource': 'GET',
  '/oauth/jwks.json': 'GET',
  '/oauth/authorize': 'GET',
  '/oauth/authorize/:uid': 'GET',
  '/oauth/par': 'POST',
  '/oauth/token': 'POST',
  '/oauth/device_authorization': 'POST',
  '/oauth/revoke': 'POST',
  '/oauth/introspect': 'POST',
} as const;

/** What gives a way in that outlives the grant, more than the person's role, or a way to hide what was done. */
const MAKES_CREDENTIALS: readonly Permission[] = [
  ...(['self:manage', 'api-key:manage', 'member:manage', 'scim:provision'] as const),
  ...(['access-review:manage', 'break-glass:open', 'webhook:manage', 'voter-key:enrol', 'audit:manage'] as const),
];
/** What a person can allow a program. */
export const grantableScopes: readonly Permission[] = workspacePermissions.filter(
  (permission) => !MAKES_CREDENTIALS.includes(permission),
);

/** Longest form a client sends; the keys and codes in it are short. */
export const OAUTH_LIMIT_BYTES = 16_384;
/** Longest access token. */
export const TOKEN_LIMIT = 4_096;

const header = z.object({ name: z.string(), value: z.string() });

/** One request of the protocol as the edge read it; its refusals are replies, too. */
export const oauthRequest = contract({
  owner: 'auth',
  subject: 'auth.v1.oauth.request',
  permission: 'service',
  request: z.strictObject({
    method: z.enum(['GET', 'POST']),
    /** Path and query. */
    url: z.string().startsWith('/').max(8_192),
    headers: z.partialRecord(z.enum(['accept', 'authorization', 'content-type', 'cookie', 'user-agent']), z.string()),
    body: z.string().max(OAUTH_LIMIT_BYTES).optional(),
    /** Where the request comes from. */
    address: z.string().max(64),
  }),
  reply: z.object({ status: z.number().int(), headers: z.array(header), body: z.string() }),
  errors: ['auth.oauth.unavailable', 'auth.tenant.suspended'],
});

const client = z.object({
  id: z.string(),
  name,
  /** The client that comes with Conclave, as opposed to one an administrator registered. */
  builtIn: z.boolean(),
});
const scopes = z.array(z.enum(permissions));

/** What a program asks a person for. */
const asked = z.object({
  client,
  /** What it will be allowed: what it asks for, as far as the person may do it. */
  scopes,
  /** What it asks for and the person may not do, so that it will not either. */
  beyond: scopes,
  /** Where it will act. */
  workspace: z.object({ id: idOf('workspace'), name }),
  /** Until when the question can be answered. */
  expiresAt: timestamp,
  /** Stands for all of this. Optional, as replies from before say nothing of it. */
  shown: z.string().optional(),
  /** Until when it acts at the latest, if it is allowed now. Optional because earlier replies had it not. */
  actsUntil: timestamp.optional(),
});

/** A yes says to what: `shown` of the question. Optional, as a no needs none. */
const answer = { allow: z.boolean(), shown: z.string().max(64).optional() };

const userCode = z.string().min(1).max(40);

/** What is behind a user code that a device shows (RFC 8628). Wrong codes are counted. */
export const openDeviceCode = contract({
  owner: 'auth',
  subject: 'auth.v1.device-code.open',
  permission: 'self:manage',
  request: z.strictObject({ userCode }),
  reply: asked.extend({
    /** Where the device asked from, and what it said it is. */
    address: z.string(),
    userAgent: z.string().optional(),
    requestedAt: timestamp,
  }),
  errors: ['auth.device-code.not-found', 'auth.oauth.sign-in-needed', 'auth.workspace.not-found'],
  http: {
    method: 'POST',
    path: '/v1/device-codes/open',
    summary: 'See which program shows a user code and what it asks for',
    tag: 'identity',
    stability: 'beta',
  },
});

const decided = z.object({ client, allowed: z.boolean() });

export const decideDeviceCode = contract({
  owner: 'auth',
  subject: 'auth.v1.device-code.decide',
  permission: 'self:manage',
  stepUp: true,
  request: z.strictObject({ userCode, ...answer }),
  reply: decided,
  errors: ['auth.device-code.not-found', 'auth.oauth.changed', 'auth.oauth.sign-in-needed', 'auth.workspace.not-found'],
  http: {
    method: 'POST',
    path: '/v1/device-codes/decide',
    summary: 'Allow or deny what the program behind a user code asks for',
    tag: 'identity',
    stability: 'beta',
  },
});

const authorizationId = z.string().regex(/^[\w-]{20,64}$/);

/** What is behind an authorization request that led a browser to the console. */
export const getAuthorization = contract({
  owner: 'auth',
  subject: 'auth.v1.authorization.get',
  permission: 'self:manage',
  request: z.strictObject({ id: authorizationId }),
  reply: asked.extend({
    /** The site, or the scheme and host, that the browser goes back to. */
    returnsTo: z.string(),
  }),
  errors: ['auth.authorization.not-found', 'auth.oauth.sign-in-needed', 'auth.workspace.not-found'],
  http: {
    method: 'GET',
    path: '/v1/authorizations/{id}',
    summary: 'See which program asks for an authorization and what for',
    tag: 'identity',
    stability: 'beta',
  },
});

export const decideAuthorization = contract({
  owner: 'auth',
  subject: 'auth.v1.authorization.decide',
  permission: 'self:manage',
  stepUp: true,
  request: z.strictObject({ id: authorizationId, ...answer }),
  reply: decided.extend({
    /** Where the browser goes on; good once, and only in the browser that began. */
    location: z.string(),
  }),
  errors: [
    'auth.authorization.not-found',
    'auth.oauth.changed',
    'auth.oauth.sign-in-needed',
    'auth.workspace.not-found',
  ],
  http: {
    method: 'POST',
    path: '/v1/authorizations/{id}',
    summary: 'Allow or deny an authorization',
    tag: 'identity',
    stability: 'beta',
  },
});

const grant = z.object({
  id: idOf('grant'),
  client,
  workspace: idOf('workspace'),
  scopes,
  createdAt: timestamp,
  expiresAt: timestamp,
  lastUsedAt: timestamp.optional(),
});

/** The caller's own: which programs act for them. */
export const listGrants = contract({
  owner: 'auth',
  subject: 'auth.v1.grant.list',
  permission: 'self:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(grant),
  http: {
    method: 'GET',
    path: '/v1/grants',
    summary: 'List the programs that act for you',
    tag: 'identity',
    stability: 'beta',
  },
});

export const revokeGrant = contract({
  owner: 'auth',
  subject: 'auth.v1.grant.revoke',
  permission: 'self:manage',
  request: z.strictObject({ id: idOf('grant') }),
  reply: grant,
  errors: ['auth.grant.not-found'],
  http: {
    method: 'DELETE',
    path: '/v1/grants/{id}',
    summary: 'Stop a program from acting for you',
    tag: 'identity',
    stability: 'beta',
  },
});

/** Exact addresses: https, or http on this machine for programs that run there. */
const redirectUri = z
  .string()
  .max(500)
  .refine(isRedirectUri, { error: 'expected an https address, or an http one at 127.0.0.1, [::1] or localhost' });
const redirectUris = z.array(redirectUri).min(1).max(10);

const oauthClient = z.object({
  id: idOf('oauthClient'),
  name,
  /** `public`: a program that can keep no secret, such as one on people's machines; `confidential`: a server. */
  kind: z.enum(['public', 'confidential']),
  redirectUris: z.array(z.string()),
  createdAt: timestamp,
});

export const createOauthClient = contract({
  owner: 'auth',
  subject: 'auth.v1.oauth-client.create',
  permission: 'oauth-client:manage',
  stepUp: true,
  attributes: ['kind', 'redirectUris'],
  request: z.strictObject({ name: newName, kind: oauthClient.shape.kind, redirectUris }),
  reply: oauthClient.extend({ secret: z.string().optional() }),
  errors: ['auth.oauth-client.too-many'],
  http: {
    method: 'POST',
    path: '/v1/oauth-clients',
    status: 201,
    summary: 'Register a program that may ask people to act for them; its secret is shown once',
    tag: 'identity',
    stability: 'beta',
  },
});

export const listOauthClients = contract({
  owner: 'auth',
  subject: 'auth.v1.oauth-client.list',
  permission: 'oauth-client:manage',
  request: z.strictObject(pageQuery),
  reply: pageOf(oauthClient),
  http: {
    method: 'GET',
    path: '/v1/oauth-clients',
    summary: 'List the registered programs',
    tag: 'identity',
    stability: 'beta',
  },
});

export const changeOauthClient = contract({
  owner: 'auth',
  subject: 'auth.v1.oauth-client.change',
  permission: 'oauth-client:manage',
  stepUp: true,
  attributes: ['redirectUris'],
  request: z.strictObject({ id: idOf('oauthClient'), name: newName.optional(), redirectUris: redirectUris.optional() }),
  reply: oauthClient,
  errors: ['auth.oauth-client.not-found'],
  http: {
    method: 'PATCH',
    path: '/v1/oauth-clients/{id}',
    summary: 'Give a registered program another name or other addresses',
    tag: 'identity',
    stability: 'beta',
  },
});

export const deleteOauthClient = contract({
  owner: 'auth',
  subject: 'auth.v1.oauth-client.delete',
  permission: 'oauth-client:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('oauthClient') }),
  reply: oauthClient,
  errors: ['auth.oauth-client.not-found'],
  http: {
    method: 'DELETE',
    path: '/v1/oauth-clients/{id}',
    summary: 'Delete a registered program and end what people allowed it',
    tag: 'identity',
    stability: 'beta',
  },
});

function isRedirectUri(text: string): boolean {
  const url = URL.parse(text);
  if (!url || url.hash !== '' || text.includes('#') || url.username !== '' || url.password !== '') return false;
  if (text.includes('*') || /[\s\\]/.test(text)) return false;
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
}
