/** Attacks on SAML that were found in others' code, by the name of one finding each: built on ours, and refused. */
import { createHash } from 'node:crypto';
import { wrappings } from '../hostile-responses.js';
import { replaced, tampered, type Parts, type Vector } from './vector.js';

const DS = 'http://www.w3.org/2000/09/xmldsig#';
const digestIn = (xml: string): string => /<ds:DigestValue>(.*?)<\/ds:DigestValue>/.exec(xml)![1]!;
const signatureIn = (xml: string): string => /<ds:Signature .*?<\/ds:Signature>/.exec(xml)![0];
const infoIn = (xml: string): string => /<ds:SignedInfo>.*?<\/ds:SignedInfo>/.exec(xml)![0];
const EMPTY_DIGEST = createHash('sha256').update('').digest('base64');

/** A good response with a signed assertion, and the same that a stranger made of somebody else: of the same ID. */
async function pair({ idp, stranger, said }: Parts): Promise<{ good: string; forged: string }> {
  const one = { ...said, signed: 'assertion', assertionId: '_one' } as const;
  return { good: await idp.respond(one), forged: await stranger.respond({ ...one, nameId: 'eve' }) };
}

export const knownAttacks: readonly Vector[] = [
  {
    of: ['CVE-2024-45409 ruby-saml', 'CVE-2016-5697 ruby-saml'],
    defect: 'the digest of a forged assertion is smuggled in before the signed one',
    builds: async (parts) => {
      const { good, forged } = await pair(parts);
      const digest = `<ds:DigestValue xmlns:ds="${DS}">${digestIn(forged)}</ds:DigestValue>`;
      const detail = `<samlp:StatusDetail>${digest}</samlp:StatusDetail></samlp:Status>`;
      return forged.replace(signatureIn(forged), signatureIn(good)).replace('</samlp:Status>', detail);
    },
    refused: 'signature: Invalid',
  },
  {
    of: ['CVE-2025-29774 xml-crypto'],
    defect: 'two SignedInfo: one that was signed, one of the forgery',
    builds: async (parts) => {
      const { good, forged } = await pair(parts);
      const both = signatureIn(good).replace(infoIn(good), infoIn(forged) + infoIn(good));
      return forged.replace(signatureIn(forged), both);
    },
    refused: 'members of Signature',
  },
  {
    of: ['CVE-2025-29774 xml-crypto'],
    defect: 'two SignedInfo, the other way round',
    builds: async (parts) => {
      const { good, forged } = await pair(parts);
      const both = signatureIn(good).replace(infoIn(good), infoIn(good) + infoIn(forged));
      return forged.replace(signatureIn(forged), both);
    },
    refused: 'members of Signature',
  },
  {
    of: ['CVE-2025-29775 xml-crypto', 'CVE-2025-54369 node-saml'],
    defect: 'a comment in the digest: one digest for each reader',
    builds: async (parts) => {
      const { good, forged } = await pair(parts);
      const commented = signatureIn(good).replace('<ds:DigestValue>', `<ds:DigestValue><!--${digestIn(forged)}-->`);
      return forged.replace(signatureIn(forged), commented);
    },
    refused: 'markup',
  },
  {
    of: ['CVE-2025-54419 node-saml'],
    defect: 'a letter of the name is taken away, and the signature left',
    then: replaced('>ada<', '>da<'),
    refused: 'signature: Invalid',
  },
  {
    of: ['CVE-2025-47949 samlify', 'CVE-2022-41912 crewjam/saml', 'CVE-2025-46572 passport-wsfed-saml2'],
    defect: 'a second assertion, unsigned, before the signed one',
    says: { signed: 'assertion' },
    then: (xml) => wrappings['XSW3']!(xml, xml),
    refused: 'one assertion',
  },
  {
    of: ['CVE-2025-47949 samlify'],
    defect: 'the whole signed response in the extensions of another',
    says: { signed: 'response' },
    then: (xml) => {
      const evil = tampered(xml.replace(signatureIn(xml), '')).replace(/ ID="_/, ' ID="_evil');
      return evil.replace('<samlp:Status>', `<samlp:Extensions>${xml}</samlp:Extensions><samlp:Status>`);
    },
    refused: 'ids',
  },
  {
    of: ['CVE-2025-25291 ruby-saml'],
    defect: 'a document type that one parser reads and another does not',
    then: (xml) => `<!DOCTYPE r [<!ENTITY x "--><samlp:Evil/><!--">]>${xml}`,
    refused: 'markup',
  },
  {
    of: ['CVE-2025-25292 ruby-saml', 'CVE-2025-66567 ruby-saml'],
    defect: 'a signature in another namespace beside the one that was made',
    builds: async (parts) => {
      const { good, forged } = await pair(parts);
      const other = signatureIn(forged).replaceAll('ds:', 'x:').replace(`xmlns:ds="${DS}"`, 'xmlns:x="urn:x"');
      return good.replace(signatureIn(good), other + signatureIn(good));
    },
    refused: 'one signature',
  },
  {
    of: ['CVE-2025-66568 ruby-saml', 'CVE-2025-66475 xmlseclibs'],
    defect: 'a namespace that keeps a canonicalizer from running, and the digest of nothing',
    then: (xml) =>
      tampered(xml)
        .replace('<saml:Assertion ', '<saml:Assertion xmlns:v="1" ')
        .replaceAll(/<ds:DigestValue>.*?</g, `<ds:DigestValue>${EMPTY_DIGEST}<`),
    refused: 'namespaces',
  },
  {
    of: ['The Fragile Lock'],
    defect: 'an ID in two namespaces',
    says: { signed: 'assertion' },
    then: (xml) => xml.replace(/(<saml:Assertion [^>]*? ID=")([^"]*)"/, '$1_evil" saml:ID="$2"'),
    refused: 'reference',
  },
  {
    of: ['CVE-2022-39299 passport-saml', 'CVE-2022-39353 xmldom'],
    defect: 'two roots, the forged one first',
    then: (xml) => tampered(xml.replaceAll(' ID="_', ' ID="_evil')) + xml,
    refused: 'malformed',
  },
  {
    of: ['xmldom 0.8'],
    defect: 'an end tag that ends nothing',
    then: replaced('</saml:Subject>', '</saml:Subject></saml:Evil>'),
    refused: 'malformed',
  },
  {
    of: ['CVE-2020-29509 encoding/xml', 'CVE-2020-15216 goxmldsig'],
    defect: 'an attribute whose prefix is empty',
    then: replaced('<saml:Assertion ', '<saml:Assertion :ID="_evil" '),
    refused: 'malformed',
  },
  {
    of: ['CVE-2020-29510 encoding/xml', 'CVE-2020-27846 crewjam/saml'],
    defect: 'a directive within a directive',
    then: (xml) => `<!x <!-- --> >${xml}`,
    refused: 'markup',
  },
  {
    of: ['CVE-2020-29511 encoding/xml'],
    defect: 'an element of two colons',
    then: replaced('<saml:Subject>', '<saml::evil/><saml:Subject>'),
    refused: 'malformed',
  },
  {
    of: ['CVE-2019-3465 xmlseclibs'],
    defect: 'two signature methods',
    then: (xml) => xml.replaceAll(/(<ds:SignatureMethod [^>]*\/>)/g, '$1$1'),
    refused: 'members of SignedInfo',
  },
  {
    of: ['CVE-2016-5364 SimpleSAMLphp'],
    defect: 'a second reference, to what is forged',
    then: (xml) =>
      xml.replaceAll(/(<ds:Reference .*?<\/ds:Reference>)/g, (one) => one + one.replace(/URI="[^"]*"/, 'URI="#_evil"')),
    refused: 'members of SignedInfo',
  },
  {
    of: ['CVE-2018-7644 SimpleSAMLphp'],
    defect: 'an algorithm that the key is not for, whose failing is no refusal',
    then: (xml) => xml.replaceAll('2001/04/xmldsig-more#rsa-sha256', '2009/xmldsig11#dsa-sha256'),
    refused: 'signature algorithm',
  },
  {
    of: ['CVE-2017-11427 python-saml', 'CVE-2018-0489 Shibboleth', 'CVE-2017-11430 omniauth-saml'],
    defect: 'a comment ends the name',
    says: { nameId: 'ada<!-- -->.evil.example.com' },
    refused: 'markup',
  },
  {
    of: ['CVE-2024-4985 GitHub', 'CVE-2024-9487 GitHub'],
    defect: 'an encrypted assertion that nobody signed, for our key, which is public',
    builds: ({ idp, said, ownCertificate }) => idp.respond({ ...said, signed: 'none', encryptFor: ownCertificate }),
    refused: 'signature: Invalid',
  },
  {
    of: ['CVE-2024-4985 GitHub'],
    defect: 'an encrypted assertion that a stranger signed',
    builds: ({ stranger, said, ownCertificate }) =>
      stranger.respond({ ...said, signed: 'assertion', encryptFor: ownCertificate }),
    refused: 'signature: Invalid',
  },
  {
    of: ['CVE-2022-21449', 'key confusion'],
    defect: 'an HMAC, whose key would be the certificate',
    then: (xml) => xml.replaceAll('2001/04/xmldsig-more#rsa-sha256', '2001/04/xmldsig-more#hmac-sha256'),
    refused: 'signature algorithm',
  },
  {
    of: ['CVE-2022-34716 .NET', 'CVE-2021-40690 Santuario'],
    defect: 'a reference to elsewhere',
    then: (xml) => xml.replaceAll(/ URI="#[^"]*"/g, ' URI="file:///etc/passwd"'),
    refused: 'reference',
  },
  {
    of: ['CVE-2021-40690 Santuario'],
    defect: 'a reference by XPointer',
    then: (xml) => xml.replaceAll(/ URI="#([^"]*)"/g, ` URI="#xpointer(id('$1'))"`),
    refused: 'reference',
  },
  {
    of: ['CVE-2013-2461 Santuario'],
    defect: 'a transform that is a program',
    then: (xml) =>
      xml.replaceAll(
        /<ds:Transform Algorithm="[^"]*enveloped-signature"\/>/g,
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
      ),
    refused: 'transforms',
  },
  {
    of: ['CVE-2013-2153 Santuario'],
    defect: 'no reference',
    then: (xml) => xml.replaceAll(/<ds:Reference .*?<\/ds:Reference>/g, ''),
    refused: 'members of SignedInfo',
  },
  {
    of: ['XSW by transform'],
    defect: 'other transforms, under the digest that was made',
    then: (xml) => xml.replaceAll(/<ds:Transforms>.*?<\/ds:Transforms>/g, '<ds:Transforms/>'),
    refused: 'transforms',
  },
  {
    of: ['another coding'],
    defect: 'a declaration of UTF-7',
    then: (xml) => `<?xml version="1.0" encoding="UTF-7"?>${xml}`,
    refused: 'markup',
  },
  {
    of: ['a character that is none'],
    defect: 'a reference to the zero character in the name',
    says: { nameId: 'ada&#0;eve' },
    refused: 'characters',
  },
];
