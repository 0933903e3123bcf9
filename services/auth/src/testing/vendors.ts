/**
 * `oidc-provider` set up like the providers that many have, by what their documentation says of their issuers, documents,
 * claims and clients. None of this is the vendors' own program, and nothing here was compared with their live services.
 */
import type { connections, RequestInputOf } from '@conclave/contracts';
import type { IssuerSetup, TestPerson } from './test-issuer.js';

type Given = Extract<RequestInputOf<typeof connections.createConnection>['settings'], { kind: 'oidc' }>;

export interface Vendor {
  readonly setup: IssuerSetup;
  /** Of the connection, besides issuer and client. */
  readonly settings: Partial<Given>;
  /** What follows the host in the connection's issuer, where that is another than the provider's own. */
  readonly namedBy?: string;
  /** Ada as the provider describes her, her address verified; and the name that her identity has here. */
  readonly ada: TestPerson;
  readonly subject: string;
  /** The same, when the provider does not say that the address is hers. */
  readonly unverified: Readonly<Record<string, unknown>>;
  /** Claims by which it says what groups somebody is in; nothing where it never does. */
  readonly inGroups?: (groups: readonly string[]) => Readonly<Record<string, unknown>>;
}

export const TENANT = 'aaaa1111-2222-3333-4444-555555555555';
/** The tenant of everybody who has an account of their own at Microsoft. */
export const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad';
const OBJECT = '00000000-aaaa-bbbb-cccc-000000000001';

const person = { sub: 'ada-at-vendor', name: 'Ada', email: 'ada@example.com' };
const verified = { ...person, email_verified: true };
const unverified = { email_verified: false };

const atOkta = {
  ...{ ada: { ...verified, amr: ['pwd', 'mfa'] }, subject: person.sub, unverified },
  settings: { vendor: 'okta', groups: { claim: 'groups', scope: 'groups' } },
  inGroups: (groups: readonly string[]) => ({ groups }),
} as const;
/** Claims of groups come where the scope is asked for, the rest by userinfo. */
const likeOkta: IssuerSetup = {
  ...{ claims: { groups: ['groups'] }, namesItself: false, clientAuthentication: 'client_secret_basic' },
};

const entraClaims = ['tid', 'oid', 'xms_edov', 'preferred_username', 'groups', 'hasgroups', '_claim_names'];
const atEntra = {
  ada: { ...person, tid: TENANT, oid: OBJECT, preferred_username: person.email, xms_edov: true },
  subject: `${TENANT}/${OBJECT}`,
  // Entra says nothing of the kind; a tenant's administrator may have it say so.
  unverified: { xms_edov: undefined, email_verified: true },
  inGroups: (groups: readonly string[]) => ({ groups }),
} as const;
const likeEntra: IssuerSetup = {
  ...{ path: `/${TENANT}/v2.0`, fullIdToken: true, pairwise: true, namesItself: false },
  ...{ claims: { profile: entraClaims }, clientAuthentication: 'client_secret_post' },
};

/** The document of an issuer for many: what is issued bears the tenant's name instead. */
export const likeManyTenants = (origin: string, segment: 'common' | 'organizations', tid = TENANT): IssuerSetup => ({
  ...likeEntra,
  ...{ path: `/${tid}/v2.0`, foundBelow: `/${segment}/v2.0` },
  document: { issuer: `${origin}/{tenantid}/v2.0` },
});

export const vendorsAt = (origin: string): Readonly<Record<string, Vendor>> => ({
  'Okta, the organisation': { ...atOkta, setup: likeOkta },
  'Okta, an authorization server': { ...atOkta, setup: { ...likeOkta, path: '/oauth2/default' } },
  'Entra, one tenant': { ...atEntra, setup: likeEntra, settings: { vendor: 'entra', groups: { claim: 'groups' } } },
  'Entra, listed tenants': {
    ...{ ...atEntra, setup: likeManyTenants(origin, 'organizations'), namedBy: '/organizations/v2.0' },
    settings: { vendor: 'entra', entraTenants: [TENANT], groups: { claim: 'groups' } },
  },
  Keycloak: {
    setup: {
      ...{ path: '/realms/example', fullIdToken: true, clientAuthentication: 'client_secret_basic' },
      claims: { profile: ['preferred_username', 'realm_access'] },
    },
    settings: { vendor: 'keycloak', groups: { claim: 'realm_access.roles' } },
    ...{ ada: verified, subject: person.sub, unverified },
    inGroups: (roles) => ({ realm_access: { roles } }),
  },
  Google: {
    setup: {
      ...{ fullIdToken: true, takesSignOuts: false, clientAuthentication: 'client_secret_post' },
      claims: { profile: ['hd'] },
    },
    settings: { vendor: 'google', hostedDomains: ['example.com'] },
    ...{ ada: { ...verified, hd: 'example.com' }, subject: person.sub, unverified },
  },
  Auth0: {
    setup: {
      ...{ path: '/', fullIdToken: true, namesItself: false, clientAuthentication: 'client_secret_post' },
      claims: { profile: ['https://example.com/groups'] },
    },
    settings: { vendor: 'auth0', groups: { claim: 'https://example.com/groups' } },
    ...{ ada: { ...verified, sub: 'auth0|ada' }, subject: 'auth0|ada', unverified },
    inGroups: (groups) => ({ 'https://example.com/groups': groups }),
  },
});
