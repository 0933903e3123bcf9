/**
 * How a sign-out travels: in the query of a redirect with a detached signature over the text as it is written (SAML 2.0
 * bindings §3.4.4.1), or in a form, where the message signs itself. Both end in XML that one of the provider's keys signed;
 * nothing that is not is ever given back.
 */
import { createSign, createVerify } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { SignedXml } from 'xml-crypto';
import { SamlRefusal, insist } from './saml-refusal.js';
import { checkPlaces, isSigned } from './signature-shape.js';
import { decodeMessage, elementsOf, inflateMessage, parseStrictXml } from './strict-xml.js';

export type SamlMessage =
  | { readonly binding: 'redirect'; readonly query: string }
  | { readonly binding: 'post'; readonly message: string; readonly relayState?: string | undefined };

export interface Signed {
  readonly xml: string;
  readonly relayState: string | undefined;
}

const SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const hashes: ReadonlyMap<string | undefined, string> = new Map([
  [SHA256, 'RSA-SHA256'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha384', 'RSA-SHA384'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'RSA-SHA512'],
]);
const DEFLATE = 'urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE';

/** What a provider's key signed. @throws SamlRefusal when none did */
export const openMessage = (
  message: SamlMessage,
  member: 'SAMLRequest' | 'SAMLResponse',
  certificates: readonly string[],
): Signed =>
  message.binding === 'redirect' ? fromQuery(message.query, member, certificates) : fromForm(message, certificates);

function fromQuery(query: string, member: string, certificates: readonly string[]): Signed {
  const parts = partsOf(query);
  const known = new Set([member, 'RelayState', 'SigAlg', 'Signature', 'SAMLEncoding']);
  insist(
    [...parts.keys()].every((name) => known.has(name)),
    'query',
  );
  const encoding = parts.get('SAMLEncoding');
  insist(encoding === undefined || textOf(encoding) === DEFLATE, 'encoding');
  const [message, algorithm, signature] = [parts.get(member), parts.get('SigAlg'), parts.get('Signature')];
  insist(message !== undefined && algorithm !== undefined && signature !== undefined, 'unsigned');
  const hash = hashes.get(textOf(algorithm));
  insist(hash, 'signature algorithm');
  const relayState = parts.get('RelayState');
  const text = [
    `${member}=${message}`,
    ...(relayState === undefined ? [] : [`RelayState=${relayState}`]),
    `SigAlg=${algorithm}`,
  ].join('&');
  const bytes = textOf(signature);
  insist(/^[A-Za-z0-9+/]+={0,2}$/.test(bytes) && isWhole(bytes), 'signature');
  const isBy = (certificate: string) => createVerify(hash).update(text).verify(certificate, bytes, 'base64');
  insist(certificates.some(isBy), 'signature');
  return {
    xml: inflateMessage(textOf(message)),
    relayState: relayState === undefined ? undefined : textOf(relayState),
  };
}

/** Whether base64 has no bits that stand for nothing: they would be a second spelling of the same bytes. */
const isWhole = (base64: string): boolean =>
  Buffer.from(base64, 'base64').toString('base64').startsWith(base64.replace(/=+$/, ''));

/** The members of a query as they are written, each once. */
function partsOf(query: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of query.split('&')) {
    const at = part.indexOf('=');
    insist(at > 0 && !parts.has(part.slice(0, at)), 'query');
    parts.set(part.slice(0, at), part.slice(at + 1));
  }
  return parts;
}

function textOf(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch (cause) {
    throw new SamlRefusal('query', { cause });
  }
}

function fromForm(
  { message, relayState }: { message: string; relayState?: string | undefined },
  certificates: readonly string[],
): Signed {
  return { xml: signedBytes(decodeMessage(message), certificates), relayState };
}

/** What of a message that signs itself as a whole, and holds no other signature, is signed. @throws SamlRefusal */
export function signedBytes(xml: string, certificates: readonly string[]): string {
  const root = parseStrictXml(xml);
  insist(isSigned(root), 'unsigned');
  checkPlaces(elementsOf(root), root);
  const verified = certificates.map((certificate) => verifiedBy(certificate, xml)).find((bytes) => bytes !== undefined);
  insist(verified, 'signature');
  return verified;
}

/** The bytes that the signature covers, as the verifier saw them; undefined when the key did not make it. */
function verifiedBy(certificate: string, xml: string): string | undefined {
  const [signature] = elementsOf(parseStrictXml(xml)).filter(({ localName }) => localName === 'Signature');
  const verifier = new SignedXml({ publicCert: certificate, getCertFromKeyInfo: () => null });
  try {
    verifier.loadSignature(signature as never);
    return verifier.checkSignature(xml) ? verifier.getSignedReferences()[0] : undefined;
  } catch {
    // However a verifier fails, the signature is not good under this key.
    return undefined;
  }
}

/** Where to send a browser with a message of ours. */
export function signedRedirect(
  to: string,
  member: 'SAMLRequest' | 'SAMLResponse',
  { xml, relayState }: Signed,
  privateKey: string,
): string {
  const members = [
    [member, deflateRawSync(xml).toString('base64')],
    ...(relayState === undefined ? [] : [['RelayState', relayState]]),
    ['SigAlg', SHA256],
  ] as [string, string][];
  const text = members.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const signature = createSign('RSA-SHA256').update(text).sign(privateKey, 'base64');
  return `${to}${to.includes('?') ? '&' : '?'}${text}&Signature=${encodeURIComponent(signature)}`;
}
