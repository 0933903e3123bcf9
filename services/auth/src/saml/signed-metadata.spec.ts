import { X509Certificate, createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { testIdp } from '@conclave/dev-env/testing';
import { selfSignedCertificate } from '@conclave/nest-kit';
import { mutants } from '../testing/hostile-responses.js';
import { signedBytes } from './bindings.js';
import { readIdpMetadata, readSignedIdpMetadata } from './idp-metadata.js';
import { SamlRefusal } from './saml-refusal.js';
import { spMetadata } from './sp-metadata.js';

const idp = testIdp();
/** Who signs metadata need not be who signs responses. */
const publisher = testIdp('https://federation.example.com/metadata');
const stranger = testIdp(idp.entityId);

const plain = idp.metadata.replace(/<!--.*-->/, '').replace('<md:EntityDescriptor ', '<md:EntityDescriptor ID="_md" ');
const signed = publisher.sign(plain, 'EntityDescriptor');
const body = (xml: string): string => xml.replace(/^<\?xml[^>]*>\s*/, '');
const evil = body(plain).replaceAll(idp.ssoUrl, 'https://evil.example.com/sso');
const signature = /<ds:Signature .*<\/ds:Signature>/s.exec(signed)![0];
const base64Of = (pem: string): string => new X509Certificate(pem).raw.toString('base64');
const withKeyInfo = (xml: string, pem: string): string =>
  xml.replace(
    '</ds:Signature>',
    `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64Of(pem)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`,
  );

/** Why it was refused; anything but a refusal of ours fails the test. */
function fateOf(xml: string, certificate = publisher.certificate): string {
  try {
    return `read: ${readSignedIdpMetadata(xml, certificate, Date.now()).ssoUrl}`;
  } catch (error) {
    if (error instanceof SamlRefusal) return error.reason;
    throw error;
  }
}

describe('metadata that have to be signed', () => {
  it('are read when that certificate signed them, whatever they say of their signer', () => {
    const read = readIdpMetadata(idp.metadata, Date.now());
    for (const xml of [signed, withKeyInfo(signed, publisher.certificate), withKeyInfo(signed, stranger.certificate)])
      expect(readSignedIdpMetadata(xml, publisher.certificate, Date.now())).toEqual(read);
    expect(fateOf(idp.sign(plain, 'EntityDescriptor'), idp.certificate)).toBe(`read: ${idp.ssoUrl}`);
  });

  const NOT_SIGNED = 'it is not signed as a whole';
  const NOT_BY_IT = 'metadataCertificate did not sign it as it is';
  it.each<[what: string, xml: string, reason: string]>([
    ['unsigned', plain, NOT_SIGNED],
    ['signed by a stranger', stranger.sign(plain, 'EntityDescriptor'), NOT_BY_IT],
    [
      'signed by a stranger who is named',
      withKeyInfo(stranger.sign(plain, 'EntityDescriptor'), stranger.certificate),
      NOT_BY_IT,
    ],
    ['signed by the provider itself', idp.sign(plain, 'EntityDescriptor'), NOT_BY_IT],
    ['changed', signed.replace(idp.ssoUrl, 'https://evil.example.com/sso'), NOT_BY_IT],
    ['signed twice', stranger.sign(signed, 'EntityDescriptor'), 'one signature'],
    [
      'within others',
      `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${body(signed)}</md:EntitiesDescriptor>`,
      NOT_SIGNED,
    ],
    [
      'around its original',
      evil
        .replace('ID="_md"', 'ID="_evil"')
        .replace(
          '>',
          `>${signature.replace('</ds:Signature>', `<ds:Object>${body(plain)}</ds:Object></ds:Signature>`)}`,
        ),
      'members of Signature',
    ],
    [
      'beside its original',
      evil.replace('ID="_md"', 'ID="_evil"').replace('>', `>${signature}<md:Extensions>${body(plain)}</md:Extensions>`),
      'reference',
    ],
    ['called as its original', evil.replace('>', `>${signature}<md:Extensions>${body(plain)}</md:Extensions>`), 'ids'],
    [
      'around what is signed',
      evil.replace('ID="_md"', 'ID="_evil"').replace('>', `><md:Extensions>${body(signed)}</md:Extensions>`),
      NOT_SIGNED,
    ],
    ['with a reference to the whole document', signed.replace('URI="#_md"', 'URI=""'), 'reference'],
    ['by SHA-1', signed.replace('2001/04/xmldsig-more#rsa-sha256', '2000/09/xmldsig#rsa-sha1'), 'signature algorithm'],
    [
      'with a comment',
      signed.replace('</md:IDPSSODescriptor>', '<!-- --></md:IDPSSODescriptor>'),
      'signed metadata have no document type, comments or processing instructions',
    ],
    [
      'expired',
      publisher.sign(plain.replace(' entityID', ' validUntil="2020-01-01T00:00:00Z" entityID'), 'EntityDescriptor'),
      'expired',
    ],
  ])('are refused %s', (_, xml, reason) => {
    expect(xml).not.toBe(signed);
    expect(fateOf(xml)).toBe(reason);
  });

  it('are refused changed in any one place: every element, attribute and text', () => {
    const all = [...mutants(signed, 'EntityDescriptor')];
    expect(all.length).toBeGreaterThan(60);
    expect(all.filter((xml) => fateOf(xml).startsWith('read'))).toEqual([]);
  });
});

describe('metadata of ours', () => {
  const ownSide = () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    return {
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      certificate: selfSignedCertificate(privateKey, 'conclave', new Date(), 10),
    };
  };
  const base = 'https://conclave.example.com/auth/saml/con_1';
  const [own, standby] = [ownSide(), ownSide()];
  const xml = spMetadata(
    { entityId: `${base}/metadata`, acs: `${base}/acs`, slo: `${base}/slo`, ...own, standby },
    '_md',
  );

  it('are signed as a whole with the key they name first, and hold no longer when anything is changed', () => {
    expect(signedBytes(xml, [own.certificate])).toContain(`entityID="${base}/metadata"`);
    expect([...xml.matchAll(/<ds:X509Certificate>([^<]+)/g)].map(([, base64]) => base64)).toEqual(
      [own, standby, own, standby].map(({ certificate }) => base64Of(certificate)),
    );
    expect(() => signedBytes(xml, [standby.certificate])).toThrow(SamlRefusal);
    const believed = [...mutants(xml, 'EntityDescriptor')].filter((mutant) => {
      try {
        return signedBytes(mutant, [own.certificate]) !== '';
      } catch (error) {
        if (error instanceof SamlRefusal) return false;
        throw error;
      }
    });
    expect(believed).toEqual([]);
  });

  it('are signed by the arithmetic of RSA over what stands in them, also without the library that signed', () => {
    const info = /<SignedInfo>.*<\/SignedInfo>/.exec(xml)![0];
    const canonical = info
      .replace('<SignedInfo>', '<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#">')
      .replaceAll(/<(\w+)([^>]*)\/>/g, '<$1$2></$1>');
    const [, value = ''] = /<SignatureValue>([^<]+)/.exec(xml)!;
    expect(createVerify('RSA-SHA256').update(canonical).verify(own.certificate, value, 'base64')).toBe(true);
  });
});
