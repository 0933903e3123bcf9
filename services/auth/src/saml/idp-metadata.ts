import { signedBytes } from './bindings.js';
import { checkIds, instantOf } from './guard.js';
import { SamlRefusal, insist } from './saml-refusal.js';
import { attributeOf, childrenNamed, elementsOf, isNamed, parseMetadata, parseStrictXml } from './strict-xml.js';

const MD = 'urn:oasis:names:tc:SAML:2.0:metadata';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';

export interface IdpMetadata {
  readonly idpEntityId: string;
  readonly ssoUrl: string;
  readonly sloUrl?: string;
  readonly sloResponseUrl?: string;
  readonly certificates: string[];
}

/** What verification finds, for whoever handed the document over. */
const reasons: Readonly<Record<string, string>> = {
  unsigned: 'it is not signed as a whole',
  markup: 'signed metadata have no document type, comments or processing instructions',
  signature: 'metadataCertificate did not sign it as it is',
};

/**
 * What metadata say that this certificate's key signed as a whole, read out of the bytes that were verified; a signature
 * anywhere else, or a second one, makes it another document.
 *
 * @throws SamlRefusal
 */
export function readSignedIdpMetadata(xml: string, certificate: string, now: number): IdpMetadata {
  try {
    checkIds(elementsOf(parseStrictXml(xml)));
    return readIdpMetadata(signedBytes(xml, [certificate]), now);
  } catch (cause) {
    const reason = cause instanceof SamlRefusal ? reasons[cause.reason] : undefined;
    throw reason === undefined ? cause : new SamlRefusal(reason, { cause });
  }
}

/**
 * What an identity provider's metadata says of it: name, addresses, and every key it signs with; none once it has expired.
 *
 * @throws SamlRefusal
 */
export function readIdpMetadata(xml: string, now: number): IdpMetadata {
  const root = parseMetadata(xml);
  const entities = elementsOf(root).filter(
    (element) => isNamed(element, MD, 'EntityDescriptor') && childrenNamed(element, MD, 'IDPSSODescriptor').length > 0,
  );
  insist(entities.length === 1, 'metadata of one identity provider');
  const [entity] = entities as [Element];
  const [idp, ...more] = childrenNamed(entity, MD, 'IDPSSODescriptor') as [Element];
  insist(more.length === 0, 'metadata of one identity provider');
  insist(
    [root, entity, idp].every((element) => isGood(element, now)),
    'expired',
  );
  const idpEntityId = attributeOf(entity, 'entityID');
  const ssoUrl = endpointOf(idp, 'SingleSignOnService').location;
  const { location: sloUrl, responseLocation: sloResponseUrl } = endpointOf(idp, 'SingleLogoutService');
  const certificates = childrenNamed(idp, MD, 'KeyDescriptor')
    .filter((key) => (attributeOf(key, 'use') ?? 'signing') === 'signing')
    .flatMap(elementsOf)
    .filter((element) => isNamed(element, DS, 'X509Certificate'))
    .map(({ textContent }) => pemOf(textContent ?? ''));
  insist(idpEntityId && ssoUrl && certificates.length > 0, 'entity id, redirect address and signing certificate');
  return {
    ...{ idpEntityId, ssoUrl, certificates: [...new Set(certificates)] },
    ...(sloUrl === undefined ? {} : { sloUrl }),
    ...(sloUrl === undefined || sloResponseUrl === undefined ? {} : { sloResponseUrl }),
  };
}

function isGood(element: Element, now: number): boolean {
  const until = attributeOf(element, 'validUntil');
  return until === undefined || instantOf(until) > now;
}

function endpointOf(
  idp: Element,
  service: string,
): { location?: string | undefined; responseLocation?: string | undefined } {
  const found = childrenNamed(idp, MD, service).find((element) => attributeOf(element, 'Binding') === REDIRECT);
  if (!found) return {};
  return { location: attributeOf(found, 'Location'), responseLocation: attributeOf(found, 'ResponseLocation') };
}

function pemOf(base64: string): string {
  const lines = base64.replaceAll(/\s+/g, '').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
