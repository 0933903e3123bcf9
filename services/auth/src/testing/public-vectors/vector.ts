/**
 * Defects that others keep files of, each to be built into what is otherwise perfect and freshly signed, with the reason
 * why it has to be refused. As they stand, most of the files would be refused for being old and signed with SHA-1;
 * `public-corpora.nightly` reads those.
 */
import type { Said, TestIdp } from '@conclave/dev-env/testing';

export interface Parts {
  readonly idp: TestIdp;
  /** Calls itself the same, and has another key. */
  readonly stranger: TestIdp;
  readonly said: Said;
  /** Whom assertions are encrypted for. */
  readonly ownCertificate: string;
}

/** One defect. */
export interface Vector {
  /** The files that have it, or what the attack is known by. */
  readonly of: readonly string[];
  readonly defect: string;
  /** What the provider says; as the assertion, the response and both are signed, unless told. */
  readonly says?: Partial<Said>;
  /** What is done to it after it was signed. */
  readonly then?: (xml: string) => string;
  /** Where that does not suffice: all of it. */
  readonly builds?: (parts: Parts) => Promise<string>;
  /** How the reason begins, and after a colon what the verifier said. */
  readonly refused: string;
}

export const replaced = (from: string | RegExp, to: string) => (xml: string) => xml.replace(from, to);
export const AGO = new Date(Date.now() - 3_600_000).toISOString();
export const LATER = new Date(Date.now() + 3_600_000).toISOString();
export const statement = (members: string) =>
  replaced('</saml:Assertion>', `<saml:AttributeStatement>${members}</saml:AttributeStatement></saml:Assertion>`);
export const attribute = '<saml:Attribute Name="uid"><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute>';
export const encrypted = (name: string, method = '') =>
  `<saml:${name}><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">${method}<xenc:CipherData>` +
  `<xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:${name}>`;
export const aes = '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/>';
export const nameId = /<saml:NameID.*<\/saml:NameID>/;
export const tampered = replaced('>ada<', '>eve<');
