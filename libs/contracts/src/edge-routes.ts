/**
 * What the edge serves beside the routes that contracts have: protocols whose paths others chose, signing in, and pages.
 * Nothing is registered that is not here, each says who may ask or why anybody may, and tests of every route are
 * generated from here and from the contracts.
 */
import type { Contract } from './contract.js';
import type { Permission } from './permissions.js';
import * as auth from './rpc/auth.js';
import * as connections from './rpc/connections.js';
import * as invitations from './rpc/invitations.js';
import * as mfa from './rpc/mfa.js';
import { oauthPaths, oauthRequest } from './rpc/oauth.js';
import * as passkeys from './rpc/passkeys.js';
import { scimMethods, scimRequest } from './rpc/scim.js';
import * as signIns from './rpc/sign-ins.js';
import { deliverHook } from './rpc/triggers.js';

export type EdgeAccess =
  /** A principal that holds it. */
  | { readonly permission: Permission }
  /** A browser's sign-in, whatever it may do. */
  | { readonly signIn: true }
  /** Anybody, for this reason. */
  | { readonly public: string };

export interface EdgeRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A template as in `HttpBinding`. */
  readonly path: `/${string}`;
  readonly access: EdgeAccess;
  /** The operations of owners that it can come to. */
  readonly asks: readonly Contract[];
  /** Why requests for it are not counted by address, though nobody has to prove anything. */
  readonly uncounted?: string;
  /** Told to nobody who asks by the public name. */
  readonly inside?: true;
}

const scimPermission = scimRequest.permission as Permission;
const proves = { public: 'what is sent is the proof' } as const;
const asksFirst = { public: 'it is asked before anybody is known' } as const;
const signIn = { signIn: true } as const;
const byProvider = { public: 'a provider leads a browser here; what comes is signed, or bound to a cookie' } as const;
const fixed = 'the same for everybody, made once';

const oauthRoutes = Object.entries(oauthPaths).map(([path, method]): EdgeRoute => ({
  method,
  path: path.replaceAll(/:(\w+)/g, '{$1}') as `/${string}`,
  access: { public: 'the authorization server: clients, codes and tokens prove themselves in the protocol' },
  asks: [oauthRequest],
}));

const scimRoutes = scimMethods.map((method): EdgeRoute => ({
  method,
  path: '/scim/v2/{+path}',
  access: { permission: scimPermission },
  asks: [scimRequest],
}));

/** Every route of the edge's own. */
export const edgeRoutes: readonly EdgeRoute[] = [
  {
    method: 'POST',
    path: '/v1/sign-ins',
    access: proves,
    asks: [auth.createSignIn, passkeys.signInWithPasskey, invitations.acceptLink],
  },
  { method: 'POST', path: '/v1/sign-ins/challenges', access: asksFirst, asks: [passkeys.challengeSignIn] },
  { method: 'POST', path: '/v1/links/open', access: proves, asks: [invitations.openLink] },
  { method: 'POST', path: '/v1/sign-in-options', access: asksFirst, asks: [connections.listSignInOptions] },
  { method: 'GET', path: '/v1/sign-ins/current', access: signIn, asks: [] },
  { method: 'PATCH', path: '/v1/sign-ins/current', access: signIn, asks: [signIns.moveSignIn] },
  { method: 'DELETE', path: '/v1/sign-ins/current', access: signIn, asks: [auth.endSignIn] },
  { method: 'POST', path: '/v1/sign-ins/current/step-up', access: signIn, asks: [mfa.stepUp] },
  { method: 'POST', path: '/v1/mfa/totp', access: signIn, asks: [mfa.addTotp] },
  {
    method: 'POST',
    path: '/v1/hooks/{id}',
    access: { public: 'a delivery is signed with the secret of its trigger' },
    asks: [deliverHook],
  },
  ...(['saml', 'oidc'] as const).map((kind): EdgeRoute => ({
    method: 'GET',
    path: `/auth/${kind}/{connection}/login`,
    access: asksFirst,
    asks: [connections.beginConnectionSignIn],
  })),
  {
    method: 'GET',
    path: '/auth/saml/{connection}/metadata',
    access: { public: 'providers read what they have to know of us' },
    asks: [connections.getSamlMetadata],
  },
  {
    method: 'GET',
    path: '/auth/oidc/{connection}/keys',
    access: { public: 'providers read what they have to know of us' },
    asks: [connections.getClientKeys],
  },
  {
    method: 'POST',
    path: '/auth/saml/{connection}/acs',
    access: byProvider,
    asks: [connections.finishConnectionSignIn],
  },
  {
    method: 'GET',
    path: '/auth/oidc/{connection}/callback',
    access: byProvider,
    asks: [connections.finishConnectionSignIn],
  },
  ...(['GET', 'POST'] as const).map((method): EdgeRoute => ({
    method,
    path: '/auth/saml/{connection}/slo',
    access: byProvider,
    asks: [connections.answerSamlLogout, connections.finishSamlLogout],
  })),
  { method: 'GET', path: '/auth/oidc/{connection}/signed-out', access: byProvider, asks: [] },
  {
    method: 'POST',
    path: '/auth/oidc/{connection}/backchannel-logout',
    access: { public: 'a provider sends a token that it signed' },
    asks: [connections.takeOidcLogout],
  },
  ...oauthRoutes,
  ...scimRoutes,
  ...(['/auth/again.js', '/openapi.json', '/docs'] as const).map((path): EdgeRoute => ({
    ...{ method: 'GET', path, access: { public: 'it says what everybody may know' }, asks: [], uncounted: fixed },
  })),
  { method: 'GET', path: '/healthz', access: { public: 'probes have no credential' }, asks: [], uncounted: fixed },
  ...(['/readyz', '/metrics'] as const).map((path): EdgeRoute => ({
    ...{ method: 'GET', path, access: { public: 'probes and scrapers have no credential' }, asks: [] },
    ...{ uncounted: 'they come often, from inside', inside: true },
  })),
];
