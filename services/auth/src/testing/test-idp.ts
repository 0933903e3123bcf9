/** An identity provider of our own: signs and encrypts real SAML responses, good ones and, where told to, others. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { SignedXml } from 'xml-crypto';
import { encrypt } from 'xml-encryption';
import { selfSignedCertificate } from '../saml/self-signed-certificate.js';

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const at = (ms: number): string => new Date(Date.now() + ms).toISOString();

export interface Said {
  /** What the service provider is called and where it listens. */
  readonly entityId: string;
  readonly acs: string;
  readonly requestId?: string | undefined;
  readonly nameId?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly destination?: string;
  readonly recipient?: string;
  readonly audience?: string;
  readonly issuer?: string;
  readonly assertionIssuer?: string;
  readonly status?: string;
  readonly assertionId?: string;
  readonly validForMs?: number;
  readonly nameIdFormat?: string;
  readonly signed?: 'assertion' | 'response' | 'both' | 'none';
  readonly algorithms?: 'sha1' | 'sha256';
  /** Encrypts for this certificate. */
  readonly encryptFor?: string;
  readonly cipher?: 'aes256-gcm' | 'aes128-cbc';
  /** Rewrites the assertion before it is signed. */
  readonly assertion?: (xml: string) => string;
  /** Rewrites the response before it is signed. */
  readonly response?: (xml: string) => string;
}

export interface TestIdp {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly certificate: string;
  readonly metadata: string;
  /** The response as XML. */
  respond(said: Said): Promise<string>;
}

export function testIdp(name = 'https://idp.example.com/metadata'): TestIdp {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const certificate = selfSignedCertificate(privateKey, 'idp', new Date(), 10);
  const ssoUrl = new URL('/sso', name).href;
  return {
    entityId: name,
    ssoUrl,
    certificate,
    metadata: metadataOf(name, ssoUrl, certificate),
    respond: (said) => respond(name, key, said),
  };
}

async function respond(idp: string, key: string, said: Said): Promise<string> {
  const { signed = 'both', algorithms = 'sha256' } = said;
  const asserted = (said.assertion ?? same)(assertionOf(idp, said));
  const own =
    signed === 'assertion' || signed === 'both' ? sign(asserted, key, algorithms, 'Assertion', 'Issuer') : asserted;
  const inner = said.encryptFor ? await encryptedFor(said.encryptFor, own, said.cipher ?? 'aes256-gcm') : own;
  const whole = (said.response ?? same)(responseOf(idp, said, inner));
  return signed === 'response' || signed === 'both' ? sign(whole, key, algorithms, 'Response', 'Issuer') : whole;
}

const same = (xml: string): string => xml;

function assertionOf(idp: string, said: Said): string {
  const request = said.requestId === undefined ? '' : ` InResponseTo="${said.requestId}"`;
  const end = at(said.validForMs ?? 5 * 60_000);
  const attributes = Object.entries(said.attributes ?? {}).map(
    ([name, value]) =>
      `<saml:Attribute Name="${name}"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute>`,
  );
  return (
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0" ID="${said.assertionId ?? `_${randomUUID()}`}" IssueInstant="${at(0)}">` +
    `<saml:Issuer>${said.assertionIssuer ?? idp}</saml:Issuer>` +
    `<saml:Subject><saml:NameID Format="${said.nameIdFormat ?? 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'}">${said.nameId ?? 'ada'}</saml:NameID>` +
    `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">` +
    `<saml:SubjectConfirmationData Recipient="${said.recipient ?? said.acs}" NotOnOrAfter="${end}"${request}/></saml:SubjectConfirmation></saml:Subject>` +
    `<saml:Conditions NotBefore="${at(-30_000)}" NotOnOrAfter="${end}"><saml:AudienceRestriction>` +
    `<saml:Audience>${said.audience ?? said.entityId}</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
    `<saml:AuthnStatement AuthnInstant="${at(0)}" SessionIndex="_session-1"><saml:AuthnContext>` +
    `<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
    (attributes.length > 0 ? `<saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement>` : '') +
    `</saml:Assertion>`
  );
}

function responseOf(idp: string, said: Said, assertion: string): string {
  const request = said.requestId === undefined ? '' : ` InResponseTo="${said.requestId}"`;
  return (
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0" ID="_${randomUUID()}" IssueInstant="${at(0)}" Destination="${said.destination ?? said.acs}"${request}>` +
    `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${said.issuer ?? idp}</saml:Issuer>` +
    `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${said.status ?? 'Success'}"/></samlp:Status>` +
    `${assertion}</samlp:Response>`
  );
}

function sign(xml: string, privateKey: string, hash: 'sha1' | 'sha256', name: string, after: string): string {
  const [signature, digest] =
    hash === 'sha1'
      ? ['http://www.w3.org/2000/09/xmldsig#rsa-sha1', 'http://www.w3.org/2000/09/xmldsig#sha1']
      : ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmlenc#sha256'];
  const signer = new SignedXml({ privateKey, signatureAlgorithm: signature as never, canonicalizationAlgorithm: EXCLUSIVE });
  signer.addReference({
    xpath: `/*[local-name(.)='${name}']`,
    transforms: [ENVELOPED, EXCLUSIVE],
    digestAlgorithm: digest!,
  });
  signer.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `/*/*[local-name(.)='${after}']`, action: 'after' },
  });
  return signer.getSignedXml();
}

async function encryptedFor(certificate: string, xml: string, cipher: string): Promise<string> {
  const seal = promisify<string, object, string>(encrypt as never);
  const data = await seal(xml, {
    rsa_pub: certificate,
    pem: certificate,
    encryptionAlgorithm: cipher.endsWith('gcm')
      ? `http://www.w3.org/2009/xmlenc11#${cipher}`
      : `http://www.w3.org/2001/04/xmlenc#${cipher}`,
    keyEncryptionAlgorithm: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
    warnInsecureAlgorithm: false,
  });
  return `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${data}</saml:EncryptedAssertion>`;
}

const metadataOf = (entityId: string, ssoUrl: string, certificate: string): string => `<?xml version="1.0"?>
<!-- published by the provider -->
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>${certificate.replaceAll(/-----[A-Z ]+-----/g, '')}</ds:X509Certificate>
    </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${ssoUrl}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>`;
