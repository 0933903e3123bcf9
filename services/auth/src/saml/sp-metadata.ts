import { SignedXml } from 'xml-crypto';
import { SAMLP } from './guard.js';
import type { OwnSide } from './service-provider.js';

const MD = 'urn:oasis:names:tc:SAML:2.0:metadata';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const GCM = ['aes256-gcm', 'aes128-gcm'].map((name) => `http://www.w3.org/2009/xmlenc11#${name}`);

/**
 * What an identity provider has to know of us, signed with the first key it names. Only what we accept is offered. While
 * one key follows another both are named: whichever signs, whoever read this knows it.
 */
export function spMetadata(own: OwnSide, id: string): string {
  const { entityId, acs, slo, privateKey, certificate, standby } = own;
  const certificates = [certificate, ...(standby ? [standby.certificate] : [])];
  const keys = (use: string, methods: readonly string[] = []): string =>
    certificates.map((pem) => keyDescriptor(pem, use, methods)).join('');
  const xml =
    `<EntityDescriptor xmlns="${MD}" ID="${id}" entityID="${escaped(entityId)}">` +
    `<SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="${SAMLP}">` +
    keys('signing') +
    keys('encryption', GCM) +
    [REDIRECT, POST]
      .map((binding) => `<SingleLogoutService Binding="${binding}" Location="${escaped(slo)}"></SingleLogoutService>`)
      .join('') +
    `<AssertionConsumerService Binding="${POST}" Location="${escaped(acs)}" index="0" isDefault="true"></AssertionConsumerService>` +
    '</SPSSODescriptor></EntityDescriptor>';
  return signed(xml, privateKey);
}

const keyDescriptor = (pem: string, use: string, methods: readonly string[]): string =>
  `<KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="${DS}"><ds:X509Data><ds:X509Certificate>` +
  `${pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` +
  `${methods.map((method) => `<EncryptionMethod Algorithm="${method}"></EncryptionMethod>`).join('')}</KeyDescriptor>`;

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

/** Text as an attribute's value or an element's content. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
