/** The invalid files below `test/static` of node-saml, by their defects. */
import { LATER, replaced, tampered, type Parts, type Vector } from './vector.js';

/** An advice, after SAML's schema, that holds other assertions. */
const advice = (count: number, signature = '') => {
  const inner = `<saml:Assertion Version="2.0" ID="_a" IssueInstant="${LATER}">${signature}<saml:Issuer>x</saml:Issuer></saml:Assertion>`;
  const all = Array.from({ length: count }, (_, n) => inner.replace('"_a"', `"_advice${n}"`)).join('');
  return replaced('</saml:Conditions>', `</saml:Conditions><saml:Advice>${all}</saml:Advice>`);
};
const SIGNATURE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo/></ds:Signature>';
const secondTransform = replaced(
  '</ds:Transforms>',
  '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>',
);

const [signedRoot, unsignedRoot] = ['response.root-signed.', 'response.root-unsigned.'];
/** In its folder `signatures/invalid`. */
export const invalid: readonly Vector[] = [
  {
    of: [`${signedRoot}assertion-signed.xml`],
    defect: 'all signed, and changed',
    says: { signed: 'both' },
    then: tampered,
    refused: 'signature: Invalid',
  },
  {
    of: [`${signedRoot}assertion-unsigned.xml`],
    defect: 'the response signed, and changed',
    says: { signed: 'response' },
    then: tampered,
    refused: 'signature: Invalid',
  },
  {
    of: [`${unsignedRoot}assertion-signed.xml`],
    defect: 'the assertion signed, and changed',
    says: { signed: 'assertion' },
    then: tampered,
    refused: 'signature: Invalid',
  },
  {
    of: [`${unsignedRoot}assertion-unsigned.xml`],
    defect: 'nobody signed it',
    says: { signed: 'none' },
    refused: 'unsigned',
  },
  {
    of: [`${signedRoot}assertion-invalidly-signed.xml`],
    defect: 'the response is signed over an assertion whose signature is not good',
    says: { signed: 'both', response: tampered },
    refused: 'signature: Invalid',
  },
  {
    of: [`${signedRoot}assertion-invalidly-signed-encrypted.xml`],
    defect: 'the response is signed over an encrypted assertion whose signature is not good',
    builds: async ({ idp, stranger, said, ownCertificate }) => {
      const hidden = /<saml:EncryptedAssertion [^]*<\/saml:EncryptedAssertion>/;
      const [theirs] = hidden.exec(
        await stranger.respond({ ...said, signed: 'assertion', encryptFor: ownCertificate }),
      )!;
      const response = (xml: string) => xml.replace(hidden, theirs);
      return idp.respond({ ...said, signed: 'both', encryptFor: ownCertificate, response });
    },
    refused: 'signature: Invalid',
  },
  {
    of: ['response.root-signed-transforms.assertion-unsigned.xml'],
    defect: 'the response’s signature has a transform too many',
    says: { signed: 'response' },
    then: secondTransform,
    refused: 'transforms',
  },
  {
    of: [`${unsignedRoot}assertion-signed-transforms.xml`],
    defect: 'the assertion’s signature has a transform too many',
    says: { signed: 'assertion' },
    then: secondTransform,
    refused: 'transforms',
  },
  {
    of: ['response.root-resigned-by-attacker-assertion-unsigned-attackers-cert-at-keyinfo.xml'],
    defect: 'a stranger signed it, and put a certificate of its own beside',
    builds: signedByStranger,
    refused: 'signature: Invalid',
  },
  {
    of: [`${signedRoot}multiple-root-elements.xml`],
    defect: 'a second root',
    then: (xml) => xml + xml,
    refused: 'malformed',
  },
  ...(
    [
      ['both', 1, true],
      ['both', 1, false],
      ['both', 2, true],
      ['both', 2, false],
      ['response', 1, false],
      ['response', 2, false],
      ['assertion', 1, true],
      ['assertion', 1, false],
      ['none', 1, false],
      ['none', 2, false],
    ] as const
  ).map(([signed, count, isAdviceSigned]) => ({
    of: [
      (signed === 'both' || signed === 'response' ? signedRoot : unsignedRoot) +
        (signed === 'both' || signed === 'assertion' ? 'assertion-signed.' : 'assertion-unsigned.') +
        `${count}advice-${isAdviceSigned ? 'signed' : 'unsigned'}.xml`,
    ],
    defect: 'an advice holds other assertions',
    says: { signed, assertion: advice(count, isAdviceSigned ? SIGNATURE : '') },
    refused: 'one assertion',
  })),
];

/** What node-saml keeps beside its invalid ones, and refuses unless told not to. */
export const others: readonly Vector[] = [
  {
    of: ['response.root-signed.message-signed-double-subjectconfirmation.xml'],
    defect: 'two confirmations, for two addresses',
    says: {
      assertion: (xml) =>
        xml.replace(
          /<saml:SubjectConfirmation .*<\/saml:SubjectConfirmation>/,
          (one) => one.replace(/Recipient="[^"]*"/, 'Recipient="https://other.example.com/acs"') + one,
        ),
    },
    refused: 'one SubjectConfirmation',
  },
  {
    of: ['response.root-signed.message-signed-empty-subjectconfirmation.xml'],
    defect: 'the confirmation is empty',
    says: {
      assertion: replaced(/<saml:SubjectConfirmation .*<\/saml:SubjectConfirmation>/, '<saml:SubjectConfirmation/>'),
    },
    refused: 'confirmation',
  },
  {
    of: ['response.root-signed.message-signed-no-subjectconfirmation.xml'],
    defect: 'nothing is confirmed',
    says: { assertion: replaced(/<saml:SubjectConfirmation .*<\/saml:SubjectConfirmation>/, '') },
    refused: 'one SubjectConfirmation',
  },
];

async function signedByStranger({ stranger, said }: Parts): Promise<string> {
  const certificate = stranger.certificate.replaceAll(/-----[A-Z ]+-----/g, '').trim();
  const key = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
  const xml = await stranger.respond({ ...said, signed: 'response' });
  return xml.replace('</ds:SignatureValue>', `</ds:SignatureValue>${key}`);
}
