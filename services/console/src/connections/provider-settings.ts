import { connections, type RequestInputOf } from '@conclave/contracts';

export type Given = RequestInputOf<typeof connections.createConnection>;
export type Vendor = (typeof connections.oidcVendors)[number];
type OpenId = Extract<Given['settings'], { kind: 'oidc' }>;

export const vendorNames: Readonly<Record<Vendor, string>> = {
  auth0: 'Auth0',
  entra: 'Microsoft Entra',
  google: 'Google',
  keycloak: 'Keycloak',
  okta: 'Okta',
};

/** What somebody who connects a provider writes. */
export interface Fields {
  readonly kind: Given['settings']['kind'];
  readonly name: string;
  readonly metadata: string;
  readonly emailAttribute: string;
  /** Nobody's: what the standard says. */
  readonly vendor: Vendor | '';
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whether the client proves itself by a key that is made here, and has no secret. */
  readonly byKey: boolean;
  readonly entraTenants: string;
  readonly hostedDomains: string;
  readonly groupsClaim: string;
  readonly groupsScope: string;
  readonly groupsAllowed: string;
  /** A line each: `group = role`. */
  readonly groupRoles: string;
  /** What the provider names when it asked for a second factor itself. */
  readonly mfa: string;
  readonly singleLogout: boolean;
  readonly domains: string;
  /** Who is let in besides those who were linked. */
  readonly admits: 'linked' | 'directory' | 'anybody';
  readonly role: string;
}

export interface FieldsProps {
  readonly fields: Fields;
  readonly set: (change: Partial<Fields>) => void;
}

export const blank: Fields = {
  ...{ kind: 'saml', name: '', metadata: '', emailAttribute: '', vendor: '', issuer: '', clientId: '' },
  ...{ clientSecret: '', entraTenants: '', hostedDomains: '', groupsClaim: '', groupsScope: '', groupsAllowed: '' },
  ...{ groupRoles: '', mfa: '', byKey: false, singleLogout: false, domains: '', admits: 'linked', role: 'viewer' },
};

/** Whether the issuer is Entra's for many tenants: then those whose people may come in have to be named. */
export const isOfManyTenants = ({ vendor, issuer }: Fields): boolean =>
  vendor === 'entra' && /\/(common|organizations)\/v2\.0\/?$/.test(issuer);

const words = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '');
const lines = (text: string): string[] => text.split('\n').flatMap((line) => line.trim() || []);
const some = <K extends string>(name: K, texts: readonly string[]) =>
  (texts.length === 0 ? {} : { [name]: texts }) as Partial<Record<K, string[]>>;

export function settingsOf(fields: Fields): Given['settings'] {
  const { kind, metadata, emailAttribute, clientId, clientSecret } = fields;
  if (kind === 'github') return { kind, clientId, clientSecret };
  if (kind === 'oidc') return openIdOf(fields);
  const named = emailAttribute === '' ? {} : { emailAttribute };
  return { kind, metadata, ...named, ...some('mfaContexts', words(fields.mfa)) };
}

function openIdOf(fields: Fields): OpenId {
  const { vendor, issuer, clientId, singleLogout, groupsClaim: claim, groupsScope: scope } = fields;
  const { byKey, clientSecret } = fields;
  const groups = { claim, ...(scope === '' ? {} : { scope }), ...some('allowed', lines(fields.groupsAllowed)) };
  return {
    ...{ kind: 'oidc', issuer, clientId, singleLogout },
    ...(byKey ? { clientAuthentication: 'private_key_jwt' } : { clientSecret }),
    ...(vendor === '' ? {} : { vendor }),
    ...(isOfManyTenants(fields) ? some('entraTenants', words(fields.entraTenants)) : {}),
    ...(vendor === 'google' ? some('hostedDomains', words(fields.hostedDomains)) : {}),
    ...(claim === '' || vendor === 'google' ? {} : { groups }),
    ...some('mfaMethods', words(fields.mfa)),
  };
}

/** All that connecting takes, for people of a workspace. */
export function requestOf(fields: Fields, workspace: string): Given {
  const { name, domains, admits, role } = fields;
  const groupRoles = lines(fields.groupRoles).map((line) => {
    const at = line.lastIndexOf('=');
    return { group: line.slice(0, at).trim(), role: line.slice(at + 1).trim() as 'viewer' };
  });
  const given = groupRoles.length === 0 ? {} : { groupRoles };
  return {
    ...{ name, settings: settingsOf(fields), emailDomains: words(domains) },
    ...(admits === 'directory' ? { provisioning: { mode: 'directory', workspace } } : {}),
    ...(admits === 'anybody' ? { provisioning: { mode: 'just-in-time', role, workspace, ...given } } : {}),
  };
}
