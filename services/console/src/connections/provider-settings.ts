import { connections, type ReplyOf, type RequestInputOf } from '@conclave/contracts';

export type Given = RequestInputOf<typeof connections.createConnection>;
export type Vendor = (typeof connections.oidcVendors)[number];
export type Change = RequestInputOf<typeof connections.changeConnection>;
type Connection = ReplyOf<typeof connections.getConnection>;
type Kept = Connection['settings'];
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
  /** Of SAML: whose key has to have signed the metadata, as PEM; nobody's when it is empty. */
  readonly metadataCertificate: string;
  /** Of SAML: the keys it signs with, as PEM, one after the other. */
  readonly certificates: string;
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
  /** Of SAML: the attribute. */
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
  /** Whether it is of a connection that is there: its provider stays the same. */
  readonly isKept?: boolean;
}

export const blank: Fields = {
  ...{
    kind: 'saml',
    name: '',
    metadata: '',
    metadataCertificate: '',
    certificates: '',
    emailAttribute: '',
    vendor: '',
    issuer: '',
    clientId: '',
  },
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

/** Settings as they are given. What the form does not ask for stays as it was `before`. */
export function settingsOf(fields: Fields, before?: Kept): Given['settings'] {
  const { kind, clientId, clientSecret } = fields;
  if (kind === 'github') return { ...(before?.kind === kind ? before : {}), kind, clientId, clientSecret };
  if (kind === 'oidc') return openIdOf(fields, before);
  return samlOf(fields, before);
}

function samlOf(fields: Fields, before?: Kept): Given['settings'] {
  const { metadata, metadataCertificate, certificates, emailAttribute, groupsClaim: attribute, mfa } = fields;
  const written = {
    ...(emailAttribute === '' ? {} : { emailAttribute }),
    ...(attribute === '' ? {} : { groups: { attribute, ...some('allowed', lines(fields.groupsAllowed)) } }),
    ...some('mfaContexts', words(mfa)),
    ...(metadataCertificate.trim() === '' ? {} : { metadataCertificate }),
  };
  if (before?.kind !== 'saml') return { kind: 'saml', metadata, ...written };
  const { emailAttribute: _, mfaContexts: __, groups: ___, metadataCertificate: ____, ...kept } = before;
  if (metadata.trim() === '') return { ...kept, certificates: pemsOf(certificates), ...written };
  const { kind, nameAttribute, allowUnsolicited, requireEncryption } = kept;
  return {
    ...{ kind, metadata, allowUnsolicited, requireEncryption, ...written },
    ...(nameAttribute === undefined ? {} : { nameAttribute }),
  };
}

const pemsOf = (text: string): string[] =>
  text.split(/(?<=-----END CERTIFICATE-----)/).flatMap((pem) => pem.trim() || []);

function openIdOf(fields: Fields, before?: Kept): OpenId {
  const { vendor, issuer, clientId, singleLogout, groupsClaim: claim, groupsScope: scope } = fields;
  const groups = { claim, ...(scope === '' ? {} : { scope }), ...some('allowed', lines(fields.groupsAllowed)) };
  return {
    ...(before?.kind === 'oidc' ? { idTokenAlgorithm: before.idTokenAlgorithm } : {}),
    ...{ kind: 'oidc', issuer, clientId, singleLogout, ...proofOf(fields, before) },
    ...(vendor === '' ? {} : { vendor }),
    ...(isOfManyTenants(fields) ? some('entraTenants', words(fields.entraTenants)) : {}),
    ...(vendor === 'google' ? some('hostedDomains', words(fields.hostedDomains)) : {}),
    ...(claim === '' || vendor === 'google' ? {} : { groups }),
    ...some('mfaMethods', words(fields.mfa)),
  };
}

/** How the client proves itself. */
function proofOf({ byKey, clientSecret }: Fields, before?: Kept): Partial<OpenId> {
  if (byKey) return { clientAuthentication: 'private_key_jwt' };
  const by = before?.kind === 'oidc' ? before.clientAuthentication : undefined;
  return {
    ...(by === undefined || by === 'private_key_jwt' ? {} : { clientAuthentication: by }),
    ...(before !== undefined && clientSecret === '' ? {} : { clientSecret }),
  };
}

/** What somebody would have written who connected it; secrets are not told again. */
export function fieldsOf({ name, settings, provisioning, emailDomains }: Connection): Fields {
  const people: Partial<Fields> = {
    ...{ name, kind: settings.kind, domains: emailDomains.join(', ') },
    ...(provisioning.mode === 'directory' ? { admits: 'directory' } : {}),
    ...(provisioning.mode === 'just-in-time'
      ? {
          ...{ admits: 'anybody', role: provisioning.role },
          groupRoles: (provisioning.groupRoles ?? []).map(({ group, role }) => `${group} = ${role}`).join('\n'),
        }
      : {}),
  };
  if (settings.kind === 'github') return { ...blank, ...people, clientId: settings.clientId };
  if (settings.kind === 'saml')
    return {
      ...{ ...blank, ...people, emailAttribute: settings.emailAttribute ?? '' },
      ...{ groupsClaim: settings.groups?.attribute ?? '', groupsAllowed: (settings.groups?.allowed ?? []).join('\n') },
      ...{ mfa: (settings.mfaContexts ?? []).join(', '), certificates: settings.certificates.join('\n') },
      metadataCertificate: settings.metadataCertificate ?? '',
    };
  const { vendor = '', groups, clientAuthentication, singleLogout = false } = settings;
  return {
    ...{ ...blank, ...people, vendor, singleLogout, issuer: settings.issuer, clientId: settings.clientId },
    ...{ byKey: clientAuthentication === 'private_key_jwt', entraTenants: (settings.entraTenants ?? []).join(', ') },
    ...{ hostedDomains: (settings.hostedDomains ?? []).join(', '), mfa: (settings.mfaMethods ?? []).join(', ') },
    ...{ groupsClaim: groups?.claim ?? '', groupsScope: groups?.scope ?? '' },
    groupsAllowed: (groups?.allowed ?? []).join('\n'),
  };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether settings change: then a secret has to be given with them, which is not sent anywhere new unseen. */
export const changesSettings = (fields: Fields, { settings, ...rest }: Connection): boolean =>
  !same(settingsOf(fields, settings), settingsOf(fieldsOf({ settings, ...rest }), settings));

/** What a change of the fields comes to: only what is another than before. */
export function changeOf(fields: Fields, before: Connection, workspace: string): Change {
  const { id, provisioning, settings } = before;
  const place = 'workspace' in provisioning ? provisioning.workspace : workspace;
  const [was, next] = [fieldsOf(before), fields].map((each) => requestOf(each, place));
  const changed = <K extends 'name' | 'emailDomains' | 'provisioning'>(key: K) =>
    same(was?.[key], next?.[key]) ? {} : { [key]: next?.[key] ?? { mode: 'invited-only' } };
  return {
    ...{ id, ...changed('name'), ...changed('emailDomains'), ...changed('provisioning') },
    ...(changesSettings(fields, before) ? { settings: settingsOf(fields, settings) } : {}),
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
