/** A tenant's identity providers, whom they vouch for, and the steps of a sign-in through one of them. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { clientAddress } from '../network.js';
import { line, name, newName, pageOf, pageQuery, timestamp } from '../page.js';
import { roles, type Role } from '../permissions.js';
import { runsOfCredential } from './auth.js';
import { branding } from './branding.js';
import { domainName, oidcSettings } from './oidc-settings.js';
import { roleName as role } from './tenant-roles.js';

export { oidcVendors } from './oidc-settings.js';

const address = z.url({ protocol: /^https?$/ }).max(1_000);
const shortText = line(1_000);
const pem = z.string().min(1).max(16_384);
const builtInRole = z.enum(Object.keys(roles) as [Role, ...Role[]]);

/** A SAML response, its base64 included, and metadata are never longer than this. */
export const SAML_LIMIT_BYTES = 262_144;

/** A message that a redirect carries, with its signature. */
const SAML_QUERY_LIMIT = 32_768;

/** What a SAML connection trusts. Without any one of the required members nobody signs in. */
export const samlSettings = z.strictObject({
  kind: z.literal('saml'),
  idpEntityId: shortText,
  ssoUrl: address,
  /** Where it takes sign-outs, by redirect; without it a sign-out stays here. */
  sloUrl: address.optional(),
  /** Where it takes our answers to its own sign-outs, if that is elsewhere. */
  sloResponseUrl: address.optional(),
  /** Keys the provider signs with, as PEM; several while one replaces another. */
  certificates: z.array(pem).min(1).max(5),
  /** Metadata are taken only if the key of this certificate signed them as a whole. Optional: many providers sign none. */
  metadataCertificate: pem.optional(),
  emailAttribute: shortText.optional(),
  nameAttribute: shortText.optional(),
  /** Whether the provider may begin a sign-in nobody asked for. */
  allowUnsolicited: z.boolean().default(false),
  requireEncryption: z.boolean().default(false),
  /** The attribute with the groups a person is in; only people in one of `allowed` get in, everybody unless told. */
  groups: z.strictObject({ attribute: shortText, allowed: z.array(shortText).min(1).max(100).optional() }).optional(),
  /** Authentication contexts in which the provider asked for a second factor itself; none unless told. */
  mfaContexts: z.array(shortText).max(10).optional(),
});

/** GitHub, or a GitHub Enterprise Server: then both addresses are given. */
export const githubSettings = z.strictObject({
  kind: z.literal('github'),
  clientId: shortText,
  baseUrl: address.optional(),
  apiUrl: address.optional(),
});

export const connectionSettings = z.discriminatedUnion('kind', [samlSettings, oidcSettings, githubSettings]);

const clientSecret = z.string().min(1).max(1_000);
/** Settings as they are given: with the secret, and for SAML by the provider's metadata if that is at hand. */
const givenSettings = z.discriminatedUnion('kind', [
  samlSettings.partial({ idpEntityId: true, ssoUrl: true, certificates: true }).extend({
    metadata: z.string().min(1).max(SAML_LIMIT_BYTES).optional(),
  }),
  oidcSettings.extend({ clientSecret: clientSecret.optional() }),
  githubSettings.extend({ clientSecret }),
]);

/**
 * Who may come in: those linked by an administrator or by a verified address; besides them whom the directory of a
 * workspace (SCIM) brought; or whoever the provider vouches for.
 */
export const provisioning = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('invited-only') }),
  /** Told by the provider's name for them or an address of the connection's domains: their `externalId` or `userName`. */
  z.strictObject({ mode: z.literal('directory'), workspace: idOf('workspace') }),
  z.strictObject({
    mode: z.literal('just-in-time'),
    role,
    workspace: idOf('workspace'),
    /** What members of the provider's groups are instead, the widest counts: whoever came so is it anew at each sign-in. */
    groupRoles: z
      .array(z.strictObject({ group: shortText, role: builtInRole }))
      .min(1)
      .max(100)
      .optional(),
  }),
]);

const emailDomains = z.array(domainName).max(50);

const connection = z.object({
  id: idOf('connection'),
  name,
  settings: connectionSettings,
  provisioning,
  emailDomains: z.array(z.string()),
  /** What the provider has to be told. */
  urls: z.object({
    login: z.string(),
    callback: z.string(),
    entityId: z.string().optional(),
    /** Where a provider signs people out: single logout of SAML, or back-channel logout of OpenID Connect. */
    providerLogout: z.string().optional(),
    /** Where an OpenID provider sends a browser that was signed out. */
    logout: z.string().optional(),
    /** The keys of a client that proves itself by one (JWK Set). */
    keys: z.string().optional(),
  }),
  /** SHA-256 of the certificates of a connection that has a key of its own: the one that signs, and the one that is to or did. */
  certificates: z.object({ active: z.string(), standby: z.string().optional() }).optional(),
  createdAt: timestamp,
  disabledAt: timestamp.optional(),
});

export const createConnection = contract({
  owner: 'auth',
  subject: 'auth.v1.connection.create',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({
    name: newName,
    settings: givenSettings,
    provisioning: provisioning.default({ mode: 'invited-only' }),
    emailDomains: emailDomains.default([]),
  }),
  reply: connection,
  errors: [
    'auth.connection.invalid',
    'auth.connection.exists',
    'auth.connection.too-many',
    'auth.role.not-found',
    'auth.role.too-wide',
    'auth.workspace.not-found',
  ],
  http: {
    method: 'POST',
    path: '/v1/connections',
    status: 201,
    summary: 'Connect an identity provider',
    tag: 'identity',
    stability: 'beta',
  },
});

export const listConnections = contract({
  owner: 'auth',
  subject: 'auth.v1.connection.list',
  permission: 'connection:manage',
  request: z.strictObject(pageQuery),
  reply: pageOf(connection),
  http: {
    method: 'GET',
    path: '/v1/connections',
    summary: 'List identity providers',
    tag: 'identity',
    stability: 'beta',
  },
});

export const getConnection = contract({
  owner: 'auth',
  subject: 'auth.v1.connection.get',
  permission: 'connection:manage',
  request: z.strictObject({ id: idOf('connection') }),
  reply: connection,
  errors: ['auth.connection.not-found'],
  http: {
    method: 'GET',
    path: '/v1/connections/{id}',
    summary: 'Read an identity provider',
    tag: 'identity',
    stability: 'beta',
  },
});

/** `settings` are replaced as a whole, secret included; another provider is another connection. */
export const changeConnection = contract({
  owner: 'auth',
  subject: 'auth.v1.connection.change',
  permission: 'connection:manage',
  stepUp: true,
  attributes: ['runs'],
  request: z
    .strictObject({
      id: idOf('connection'),
      name: newName.optional(),
      settings: givenSettings.optional(),
      provisioning: provisioning.optional(),
      emailDomains: emailDomains.optional(),
      /** False ends every sign-in opened through it, and lets nobody in. */
      enabled: z.boolean().optional(),
      /** Of one that is disabled by this, or was before. */
      runs: runsOfCredential,
    })
    .refine(({ enabled, runs }) => runs === 'keep' || enabled === false, {
      path: ['runs'],
      error: 'runs are canceled with `enabled: false`',
    }),
  reply: connection,
  errors: [
    'auth.connection.not-found',
    'auth.connection.invalid',
    'auth.connection.last',
    'auth.connection.exists',
    'auth.role.not-found',
    'auth.role.too-wide',
    'auth.workspace.not-found',
  ],
  http: {
    method: 'PATCH',
    path: '/v1/connections/{id}',
    summary: 'Change, disable or enable an identity provider',
    tag: 'identity',
    stability: 'beta',
  },
});

export const deleteConnection = contract({
  owner: 'auth',
  subject: 'auth.v1.connection.delete',
  permission: 'connection:manage',
  stepUp: true,
  attributes: ['runs'],
  request: z.strictObject({ id: idOf('connection'), runs: runsOfCredential }),
  reply: connection,
  errors: ['auth.connection.not-found', 'auth.connection.last'],
  http: {
    method: 'DELETE',
    path: '/v1/connections/{id}',
    summary: 'Remove an identity provider; sign-ins through it end',
    tag: 'identity',
    stability: 'beta',
  },
});

/**
 * Changes the key of a connection in three steps, between which the provider reads what we publish: `prepare` publishes
 * a second key, `swap` signs with it from then on (and back), `drop` forgets the one that does not sign.
 */
export const rollConnectionKey = contract({
  owner: 'auth',
  subject: 'auth.v1.connection.roll-key',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('connection'), step: z.enum(['prepare', 'swap', 'drop']) }),
  reply: connection,
  errors: ['auth.connection.not-found', 'auth.connection.invalid', 'auth.role.too-wide'],
  http: {
    method: 'POST',
    path: '/v1/connections/{id}/key',
    summary: 'Change the key of a connection, step by step',
    tag: 'identity',
    stability: 'beta',
  },
});

/** Checks settings as saving would, and asks the provider for what it publishes; nothing is kept. */
export const testConnection = contract({
  owner: 'auth',
  subject: 'auth.v1.connection.test',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({ settings: givenSettings }),
  reply: z.object({
    ok: z.boolean(),
    checks: z.array(z.object({ check: z.string(), ok: z.boolean(), says: z.string() })),
  }),
  timeoutMs: 15_000,
  http: {
    method: 'POST',
    path: '/v1/connections/test',
    summary: 'Try settings of an identity provider',
    tag: 'identity',
    stability: 'beta',
  },
});

const subject = line(500);
const identity = z.object({
  connection: idOf('connection'),
  principal: idOf('principal'),
  subject: z.string(),
  createdAt: timestamp,
  lastUsedAt: timestamp.optional(),
});

export const listIdentities = contract({
  owner: 'auth',
  subject: 'auth.v1.identity.list',
  permission: 'connection:manage',
  request: z.strictObject({ id: idOf('connection'), ...pageQuery }),
  reply: pageOf(identity),
  errors: ['auth.connection.not-found'],
  http: {
    method: 'GET',
    path: '/v1/connections/{id}/identities',
    summary: 'List whom a provider vouches for',
    tag: 'identity',
    stability: 'beta',
  },
});

/** `subject` is the provider's own name for the person: NameID, `sub`, or GitHub's numeric id. */
export const linkIdentity = contract({
  owner: 'auth',
  subject: 'auth.v1.identity.link',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('connection'), principal: idOf('principal'), subject }),
  reply: identity,
  errors: ['auth.connection.not-found', 'auth.member.not-found', 'auth.role.too-wide', 'auth.identity.taken'],
  http: {
    method: 'POST',
    path: '/v1/connections/{id}/identities',
    status: 201,
    summary: 'Let a person sign in through a provider',
    tag: 'identity',
    stability: 'beta',
  },
});

export const unlinkIdentity = contract({
  owner: 'auth',
  subject: 'auth.v1.identity.unlink',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('connection'), principal: idOf('principal') }),
  reply: z.object({ removed: z.number().int() }),
  errors: ['auth.connection.not-found', 'auth.member.not-found', 'auth.role.too-wide'],
  http: {
    method: 'DELETE',
    path: '/v1/connections/{id}/identities/{principal}',
    summary: 'Stop a person from signing in through a provider; their sign-ins through it end',
    tag: 'identity',
    stability: 'beta',
  },
});

/** Which ways into a tenant there are. Whoever is not there has none, like whoever uses none. */
export const listSignInOptions = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in-option.list',
  permission: 'service',
  request: z.strictObject({ tenant: name.optional(), email: line(254).optional() }),
  reply: z.object({
    connections: z.array(z.object({ kind: z.enum(['saml', 'oidc', 'github']), name, login: z.string() })),
    /** Of the one tenant that was found, where its owners chose one. */
    branding: branding.optional(),
  }),
});

const flow = z.string().max(100);

/** Begins a sign-in: where the browser has to go, and the secret that binds the way back to it. */
export const beginConnectionSignIn = contract({
  owner: 'auth',
  subject: 'auth.v1.connection-sign-in.begin',
  permission: 'service',
  request: z.strictObject({
    connection: z.string().max(100),
    returnTo: z.string().max(1_000).optional(),
    address: clientAddress,
  }),
  reply: z.object({ location: z.string(), flow, expiresAt: timestamp }),
  errors: ['auth.connection.refused'],
  timeoutMs: 10_000,
});

/** Ends it with what the provider answered, once. */
export const finishConnectionSignIn = contract({
  owner: 'auth',
  subject: 'auth.v1.connection-sign-in.finish',
  permission: 'service',
  request: z.strictObject({
    connection: z.string().max(100),
    flow: flow.optional(),
    address: clientAddress,
    answer: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('saml'),
        response: z.string().max(SAML_LIMIT_BYTES),
        relayState: z.string().max(1_000).optional(),
      }),
      /** The query of the callback, as the provider wrote it. */
      z.strictObject({ kind: z.literal('code'), query: z.string().max(8_192) }),
    ]),
  }),
  reply: z.object({ secret: z.string(), csrf: z.string(), expiresAt: timestamp, returnTo: z.string() }),
  errors: ['auth.connection.refused', 'auth.limit.reached'],
  timeoutMs: 15_000,
});

/** A message as a binding carries it: the query of a redirect, which its signature covers as it is written, or a form. */
const samlMessage = z.discriminatedUnion('binding', [
  z.strictObject({ binding: z.literal('redirect'), query: z.string().max(SAML_QUERY_LIMIT) }),
  z.strictObject({
    binding: z.literal('post'),
    message: z.string().max(SAML_LIMIT_BYTES),
    relayState: z.string().max(1_000).optional(),
  }),
]);

/** A SAML provider signs somebody out: their sign-ins end, and the browser carries our signed answer to `location`. */
export const answerSamlLogout = contract({
  owner: 'auth',
  subject: 'auth.v1.saml-logout.answer',
  permission: 'service',
  request: z.strictObject({ connection: z.string().max(100), request: samlMessage }),
  reply: z.object({ location: z.string() }),
  errors: ['auth.logout.refused'],
});

/** What a SAML provider answers to a sign-out of ours, once, from the browser that signed out. */
export const finishSamlLogout = contract({
  owner: 'auth',
  subject: 'auth.v1.saml-logout.finish',
  permission: 'service',
  request: z.strictObject({ connection: z.string().max(100), flow: flow.optional(), response: samlMessage }),
  /** Whether the provider says that it ended everything. */
  reply: z.object({ complete: z.boolean() }),
  errors: ['auth.logout.refused'],
});

/** An OpenID provider signs somebody out without a browser: OpenID Connect Back-Channel Logout 1.0. */
export const takeOidcLogout = contract({
  owner: 'auth',
  subject: 'auth.v1.oidc-logout.take',
  permission: 'service',
  request: z.strictObject({ connection: z.string().max(100), logoutToken: z.string().max(16_384) }),
  reply: z.object({ ended: z.number().int() }),
  errors: ['auth.logout.refused'],
  timeoutMs: 15_000,
});

export const getSamlMetadata = contract({
  owner: 'auth',
  subject: 'auth.v1.saml.metadata',
  permission: 'service',
  request: z.strictObject({ connection: z.string().max(100) }),
  reply: z.object({ xml: z.string() }),
  errors: ['auth.connection.not-found'],
});

/** Public keys of a client that proves itself by one (RFC 7523), with their certificates. */
export const getClientKeys = contract({
  owner: 'auth',
  subject: 'auth.v1.oidc.keys',
  permission: 'service',
  request: z.strictObject({ connection: z.string().max(100) }),
  reply: z.object({
    keys: z.array(
      z.object({
        kty: z.literal('RSA'),
        n: z.string(),
        e: z.string(),
        use: z.literal('sig'),
        alg: z.literal('RS256'),
        kid: z.string(),
        x5c: z.array(z.string()),
        'x5t#S256': z.string(),
      }),
    ),
  }),
  errors: ['auth.connection.not-found'],
});
