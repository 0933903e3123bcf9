/** What a connection by OpenID Connect trusts. */
import { z } from 'zod';
import { line } from '../page.js';

const shortText = line(1_000);

/** Signatures an ID token may carry: asymmetric ones, and one of them per connection. */
const idTokenAlgorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const;

/** Providers with conventions of their own, which the standard leaves open or they keep otherwise. */
export const oidcVendors = ['auth0', 'entra', 'google', 'keycloak', 'okta'] as const;

export const domainName = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, { error: 'expected a domain in lower case' });

const tenantId = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, { error: 'expected a tenant id in lower case' });

/** Where the provider says which groups a person is in. */
const groups = z.strictObject({
  /** The claim, or the way to it: `groups`, `realm_access.roles`, `https://example.com/groups`. */
  claim: shortText,
  /** A scope to ask for, where the provider says nothing of groups without. */
  scope: z
    .string()
    .max(100)
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: 'expected one scope' })
    .optional(),
  /** Only people in one of these get in; everybody unless told. */
  allowed: z.array(shortText).min(1).max(100).optional(),
});

export const oidcSettings = z.strictObject({
  kind: z.literal('oidc'),
  issuer: z.url({ protocol: /^https?$/ }).max(1_000),
  clientId: shortText,
  idTokenAlgorithm: z.enum(idTokenAlgorithms).default('RS256'),
  /** Whose conventions it keeps; those of the standard unless told. */
  vendor: z.enum(oidcVendors).optional(),
  /** How the client proves itself; as the vendor has it unless told, by header with no vendor. A key is made here. */
  clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt']).optional(),
  /** Of Entra: whose people may come in when the issuer is one of many tenants (`common`, `organizations`). */
  entraTenants: z.array(tenantId).min(1).max(50).optional(),
  /** Of Google: the Workspace domains whose people may come in; whoever has an account unless told. */
  hostedDomains: z.array(domainName).min(1).max(20).optional(),
  groups: groups.optional(),
  /** Values of `amr` by which the provider says that it asked for a second factor itself; none unless told. */
  mfaMethods: z.array(shortText).max(10).optional(),
  /** Whether signing out here signs out at the provider, too; it has to know the address `urls.logout`. */
  singleLogout: z.boolean().optional(),
});
