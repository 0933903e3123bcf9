/**
 * Where providers do otherwise than OpenID Connect says, or leave open what it leaves open: what names a person, when an
 * address is believed to be theirs, and whose people an issuer vouches for. By the vendors' own documentation.
 */
import { NotAdmitted, SignInRefusal } from '../connection-sign-ins/vouched.js';
import type { SettingsOf } from '../connections/settings.js';
import { tenantOf } from './entra-issuers.js';

type Settings = SettingsOf<'oidc'>;
/** Claims of a signed ID token. */
export type Claims = Readonly<Record<string, unknown>>;

export interface Conventions {
  readonly clientAuthentication: 'client_secret_basic' | 'client_secret_post';
  /** Whom a client's own words are for, and whether they name the key: a provider that names keys itself knows no other. */
  readonly assertion: { readonly audience: 'issuer' | 'token-endpoint'; readonly namesKey: boolean };
  /** Whether the userinfo endpoint is asked for what the ID token does not say. */
  readonly asksUserinfo: boolean;
  /** What an authorization request says besides. */
  readonly parameters: (settings: Settings) => Readonly<Record<string, string>>;
  /** @throws SignInRefusal unless the person is of those whom the connection is for */
  readonly admit: (settings: Settings, claims: Claims) => void;
  /** The provider's own name for the person, which it gives to nobody else. */
  readonly subjectOf: (claims: Claims & { readonly sub: string }) => string;
  /** Whether the address is the person's, by what the document it came in says. */
  readonly isVerified: (email: string, claims: Claims) => boolean;
}

const standard: Conventions = {
  clientAuthentication: 'client_secret_basic',
  assertion: { audience: 'issuer', namesKey: true },
  asksUserinfo: true,
  parameters: () => ({}),
  admit: () => undefined,
  subjectOf: ({ sub }) => sub,
  isVerified: (_email, claims) => claims['email_verified'] === true,
};

/**
 * A name of Entra is an object of a tenant: `sub` is another in each application, so nobody can link it beforehand.
 * Whoever runs a tenant writes its addresses, so `email` counts where Entra says that the tenant owns the domain.
 */
const entra: Conventions = {
  ...standard,
  clientAuthentication: 'client_secret_post',
  assertion: { audience: 'token-endpoint', namesKey: true },
  asksUserinfo: false,
  admit({ issuer, entraTenants = [tenantOf(issuer)] }, { tid }) {
    if (typeof tid !== 'string' || !entraTenants.includes(tid)) throw new NotAdmitted('another tenant of Entra');
  },
  subjectOf({ tid, oid }) {
    if (typeof oid !== 'string' || !/^[0-9a-f-]{36}$/.test(oid)) throw new SignInRefusal('no object id');
    return `${String(tid)}/${oid}`;
  },
  isVerified: (_email, { xms_edov: owned }) => owned === true || owned === 1 || owned === '1' || owned === 'true',
};

/** Google verified an address once; whose it is today it knows of its own mail and of Workspace domains only. */
const google: Conventions = {
  ...standard,
  clientAuthentication: 'client_secret_post',
  parameters: ({ hostedDomains: [domain, ...more] = [] }): Record<string, string> =>
    domain === undefined ? {} : { hd: more.length === 0 ? domain : '*' },
  admit({ hostedDomains }, { hd }) {
    if (hostedDomains && !(typeof hd === 'string' && hostedDomains.includes(hd)))
      throw new NotAdmitted('another hosted domain');
  },
  isVerified: (email, claims) =>
    standard.isVerified(email, claims) &&
    (/@gmail\.com$/i.test(email) || (typeof claims['hd'] === 'string' && claims['hd'] !== '')),
};

const conventions: Readonly<Record<NonNullable<Settings['vendor']>, Conventions>> = {
  auth0: {
    ...standard,
    clientAuthentication: 'client_secret_post',
    assertion: { audience: 'issuer', namesKey: false },
  },
  entra,
  google,
  keycloak: standard,
  okta: { ...standard, assertion: { audience: 'token-endpoint', namesKey: true } },
};

const GOOGLE = 'https://accounts.google.com';

export function conventionsOf({ vendor, issuer }: Settings): Conventions {
  if (vendor !== undefined) return conventions[vendor];
  // A connection from before vendors were named believes no more of Google's addresses.
  return issuer.startsWith(GOOGLE) ? google : standard;
}
