import { SignedXml } from 'xml-crypto';
import { SAMLP } from './guard.js';
import type { OwnSide } from './service-provider.js';

const MD = 'urn:oasis:names:tc:SAML:2.0:metadata';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const GCM = ['aes256-gcm', 'aes128-gcm'].map((name) => `http://www.w3.org/2009/xmlenc11#${name}`);

/** What an identity provider has to know of us, signed with the key it names. Only what we accept is offered. */
export function spMetadata({ entityId, acs, privateKey, certificate }: OwnSide, id: string): string {
  const base64 = certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  const key = (use: string, methods: readonly string[] = []): string =>
    `<KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="${DS}"><ds:X509Data><ds:X509Certificate>${base64}` +
    `</ds:X509Certificate></ds:X509Data></ds:KeyInfo>${methods
      .map((method) => `<EncryptionMethod Algorithm="${method}"></EncryptionMethod>`)
      .join('')}</KeyDescriptor>`;
  const xml =
    `<EntityDescriptor xmlns="${MD}" ID="${id}" entityID="${escaped(entityId)}">` +
    `<SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="${SAMLP}">` +
    key('signing') +
    key('encryption', GCM) +
    `<AssertionConsumerService Binding="${POST}" Location="${escaped(acs)}" index="0" isDefault="true"></AssertionConsumerService>` +
    '</SPSSODescriptor></EntityDescriptor>';
  return signed(xml, privateKey);
}

function signed(xml: string, privateKey: string): string {
  const signature = new SignedXml({
    privateKey,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  signature.addReference({
    xpath: "//*[local-name(.)='EntityDescriptor']",
    transforms: [`${DS}enveloped-signature`, EXCLUSIVE],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  });
  signature.computeSignature(xml, { location: { reference: '/*', action: 'prepend' } });
  return signature.getSignedXml();
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
