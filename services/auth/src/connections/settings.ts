/**
 * What a connection trusts, checked by the same rules when it is saved and each time somebody signs in through it: a
 * setting that is missing, blank or weak is never a reason to check less.
 */
import { X509Certificate } from 'node:crypto';
import { ConclaveError, connections, type RequestOf } from '@conclave/contracts';
import type { z } from 'zod';
import { readIdpMetadata, readSignedIdpMetadata } from '../saml/idp-metadata.js';
import { isOfManyTenants, tenantOf } from '../oidc/entra-issuers.js';
import { SamlRefusal } from '../saml/saml-refusal.js';

export type ConnectionSettings = z.output<typeof connections.connectionSettings>;
export type ConnectionKind = ConnectionSettings['kind'];
export type SettingsOf<K extends ConnectionKind> = Extract<ConnectionSettings, { kind: K }>;
export type GivenSettings = RequestOf<typeof connections.testConnection>['settings'];
export type Provisioning = z.output<typeof connections.provisioning>;

const WEAKEST_RSA_BITS = 2_048;

const invalid = (reason: string, cause?: unknown) =>
  new ConclaveError('auth.connection.invalid', { reason }, { cause });

/** @throws ConclaveError `auth.connection.invalid` unless everything that trust rests on is there and strong enough */
export function trusted(stored: unknown, origin: string): ConnectionSettings {
  const { success, data, error } = connections.connectionSettings.safeParse(stored);
  if (!success) throw invalid(`settings: ${error.issues[0]?.path.join('.')}`, error);
  const encrypted = origin.startsWith('https:');
  for (const address of addressesOf(data))
    if (encrypted && !address.startsWith('https:')) throw invalid(`${address} needs https`);
  if (data.kind === 'github' && (data.baseUrl === undefined) !== (data.apiUrl === undefined))
    throw invalid('settings: baseUrl and apiUrl belong together');
  if (data.kind === 'saml') {
    data.certificates.forEach((pem) => checkCertificate('certificates', pem));
    if (data.metadataCertificate !== undefined) checkCertificate('metadataCertificate', data.metadataCertificate);
  }
  if (data.kind === 'oidc') checkVendor(data);
  return data;
}

/** An issuer that signs in anybody's people needs the names of those whose it may. */
function checkVendor({ vendor, issuer, entraTenants, hostedDomains }: SettingsOf<'oidc'>): void {
  if (hostedDomains && vendor !== 'google') throw invalid('hostedDomains: only Google has them');
  if (vendor !== 'entra') {
    if (entraTenants) throw invalid('entraTenants: only Entra has them');
    return;
  }
  if (isOfManyTenants({ vendor, issuer })) {
    if (!entraTenants) throw invalid('entraTenants: an issuer of many tenants needs those whose people may come in');
    return;
  }
  if (tenantOf(issuer) === '') throw invalid('issuer: expected …/TENANT-ID/v2.0, or …/organizations/v2.0');
  if (entraTenants) throw invalid('entraTenants: the issuer is that of one tenant');
}

const addressesOf = (settings: ConnectionSettings): string[] =>
  settings.kind === 'saml'
    ? [settings.ssoUrl, settings.sloUrl, settings.sloResponseUrl].flatMap((address) => address ?? [])
    : [];

/** Signatures are made with RSA; whoever holds a short key's certificate can make them, too. */
function checkCertificate(member: string, pem: string): void {
  let bits: number | undefined;
  try {
    bits = new X509Certificate(pem).publicKey.asymmetricKeyDetails?.modulusLength;
  } catch (cause) {
    throw invalid(`${member}: not an X.509 certificate in PEM`, cause);
  }
  if (bits === undefined || bits < WEAKEST_RSA_BITS)
    throw invalid(`${member}: RSA of at least ${WEAKEST_RSA_BITS} bits is needed`);
}

/** Settings as they are kept, and the client's secret apart from them. @throws ConclaveError `auth.connection.invalid` */
export function settingsOf(given: GivenSettings, origin: string): { settings: ConnectionSettings; secret?: string } {
  if (given.kind === 'saml') {
    const { metadata, ...named } = given;
    const read = metadata === undefined ? {} : readMetadata(metadata, named);
    return { settings: trusted({ ...read, ...defined(named) }, origin) };
  }
  const { clientSecret, ...settings } = given;
  const byKey = settings.kind === 'oidc' && settings.clientAuthentication === 'private_key_jwt';
  if (byKey !== (clientSecret === undefined))
    throw invalid(`clientSecret: ${byKey ? 'the client proves itself by a key' : 'it is missing'}`);
  return { settings: trusted(settings, origin), secret: clientSecret };
}

const defined = (members: object): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

const said = ['idpEntityId', 'ssoUrl', 'sloUrl', 'sloResponseUrl', 'certificates'] as const;

/** What the provider publishes of itself. Nothing is said beside metadata that have to be signed of what they say. */
function readMetadata(metadata: string, named: Omit<Extract<GivenSettings, { kind: 'saml' }>, 'metadata'>): object {
  const { metadataCertificate } = named;
  try {
    if (metadataCertificate === undefined) return readIdpMetadata(metadata, Date.now());
    const twice = said.filter((member) => named[member] !== undefined);
    if (twice.length > 0) throw invalid(`settings: signed metadata say ${twice.join(', ')} themselves`);
    checkCertificate('metadataCertificate', metadataCertificate);
    return readSignedIdpMetadata(metadata, metadataCertificate, Date.now());
  } catch (error) {
    if (!(error instanceof SamlRefusal)) throw error;
    throw invalid(`metadata: ${error.reason}`, error);
  }
}

/** Where GitHub is, unless it is one's own. */
export const githubAt = ({ baseUrl, apiUrl }: SettingsOf<'github'>) => ({
  baseUrl: baseUrl ?? 'https://github.com',
  apiUrl: apiUrl ?? 'https://api.github.com',
});

/** What the names of its people mean depends on: with another provider they are other people. */
export function providerOf(settings: ConnectionSettings): string {
  if (settings.kind === 'saml') return settings.idpEntityId;
  if (settings.kind === 'github') return githubAt(settings).apiUrl;
  return settings.vendor === 'entra' ? `objects of ${settings.issuer}` : settings.issuer;
}

/** Whoever makes people at sight says whose: a provider that everybody can join must not be a way in for everybody. */
export function checkProvisioning(
  provisioning: Provisioning,
  emailDomains: readonly string[],
  settings: ConnectionSettings,
): void {
  if (provisioning.mode !== 'just-in-time') return;
  if (emailDomains.length === 0) throw invalid('emailDomains: just-in-time needs at least one');
  if (settings.kind === 'saml' && settings.emailAttribute === undefined)
    throw invalid('settings.emailAttribute: just-in-time needs the attribute that holds the address');
  if (provisioning.groupRoles && !(settings.kind !== 'github' && settings.groups))
    throw invalid('groupRoles: settings.groups says where the groups are, and GitHub tells of none');
}
