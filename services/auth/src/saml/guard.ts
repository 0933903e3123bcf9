/**
 * What a SAML response has to be before and after its signature is verified. Source: SAML 2.0 core, profiles §4.1.4.2-3;
 * the wrapping attacks of "On Breaking SAML" (Somorovsky et al., USENIX Security 2012).
 *
 * `readEnvelope` admits documents of one shape only: one response with one assertion, nothing twice, nothing beside it,
 * signatures only where `signature-shape` wants them. `readAssertion` reads the assertion out of the bytes that were
 * verified, never out of the document they came in. Both are pure: times and expectations are arguments.
 */
import { insist } from './saml-refusal.js';
import { checkPlaces, isSigned } from './signature-shape.js';
import {
  attributeOf,
  childrenNamed,
  childrenOf,
  decodeMessage,
  elementsOf,
  isNamed,
  onlyChild,
  parseStrictXml,
  textOf,
} from './strict-xml.js';

export const SAMLP = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';

/**
 * Whether the cipher notices what is changed. With CBC a decryptor answers questions about the plain text to whoever may
 * change what it decrypts ("How to Break XML Encryption", Jager and Somorovsky, CCS 2011): so that has to be signed.
 */
const ciphers: ReadonlyMap<string | undefined, 'authenticated' | 'malleable'> = new Map([
  ['http://www.w3.org/2009/xmlenc11#aes128-gcm', 'authenticated'],
  ['http://www.w3.org/2009/xmlenc11#aes256-gcm', 'authenticated'],
  [`${XENC}aes128-cbc`, 'malleable'],
  [`${XENC}aes256-cbc`, 'malleable'],
]);
const keyTransports: ReadonlySet<string | undefined> = new Set(['http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p']);

/** Clocks may differ by this much. */
export const LEEWAY_MS = 60_000;
/** An assertion that says it is good for longer is not taken. */
const LONGEST_MS = 2 * 60 * 60_000;

export interface Expected {
  readonly idpEntityId: string;
  readonly entityId: string;
  readonly acs: string;
  /** The request this has to answer; none when the provider may begin. */
  readonly requestId: string | undefined;
  readonly now: number;
}

export interface Envelope {
  readonly xml: string;
  readonly signed: { readonly response: boolean; readonly assertion: boolean };
  readonly encrypted: boolean;
}

/** A provider's name for somebody, with all that tells it from other names of the same spelling. */
export interface NameId {
  readonly value: string;
  readonly format?: string | undefined;
  readonly nameQualifier?: string | undefined;
  readonly spNameQualifier?: string | undefined;
}

export interface Asserted {
  readonly id: string;
  /** After this nobody would take it again. */
  readonly expiresAt: Date;
  readonly subject: string;
  readonly nameId: NameId;
  readonly sessionIndex: string | undefined;
  /** When the provider wants the sign-in to end. */
  readonly sessionEnd: Date | undefined;
  /** When the provider last knew the person, and what it names of how. */
  readonly authenticatedAt: Date;
  readonly contexts: readonly string[];
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

/** The response's outside. @throws SamlRefusal */
export function readEnvelope(base64: string, expected: Expected): Envelope {
  const xml = decodeMessage(base64);
  const response = parseStrictXml(xml);
  insist(isNamed(response, SAMLP, 'Response'), 'root');
  insist(attributeOf(response, 'Version') === '2.0', 'version');
  insist(attributeOf(response, 'ID'), 'ids');
  const all = elementsOf(response);
  checkIds(all);
  const { assertion, encryption } = payloadOf(response, all);
  checkPlaces(all, response, assertion);
  insist(attributeOf(response, 'Destination') === expected.acs, 'destination');
  insist(attributeOf(response, 'InResponseTo') === expected.requestId, 'request');
  insist(textOf(onlyChild(response, SAML, 'Issuer')) === expected.idpEntityId, 'issuer');
  checkInstant(attributeOf(response, 'IssueInstant'), expected.now);
  const status = onlyChild(response, SAMLP, 'Status');
  insist(attributeOf(onlyChild(status, SAMLP, 'StatusCode'), 'Value') === SUCCESS, 'status');
  const signed = { response: isSigned(response), assertion: assertion !== undefined && isSigned(assertion) };
  const encrypted = encryption !== undefined;
  insist(encrypted || signed.response || signed.assertion, 'unsigned');
  insist(encryption !== 'malleable' || signed.response, 'encrypted by CBC in an unsigned response');
  return { xml, signed, encrypted };
}

/** The decrypted assertion's outside: what `readEnvelope` could not see. @returns whether it is signed itself */
export function checkDecrypted(xml: string): boolean {
  const assertion = parseStrictXml(xml);
  insist(isNamed(assertion, SAML, 'Assertion'), 'root');
  const all = elementsOf(assertion);
  checkIds(all);
  checkPlaces(all, assertion);
  insist(all.filter(isPayload).length === 1, 'one assertion');
  return isSigned(assertion);
}

export const isPayload = ({ localName }: Element): boolean =>
  /^(Response|Assertion|EncryptedAssertion|LogoutRequest|LogoutResponse)$/i.test(localName);

/** Whatever calls itself an assertion counts, in any namespace. */
function payloadOf(response: Element, all: readonly Element[]) {
  const [root, payload, ...more] = all.filter(isPayload);
  insist(root === response && payload && more.length === 0 && payload.parentNode === response, 'one assertion');
  const members = new Set(['Issuer', 'Signature', 'Status', payload.localName]);
  insist(
    childrenOf(response).every(({ localName }) => members.has(localName)),
    'members',
  );
  const encrypted = isNamed(payload, SAML, 'EncryptedAssertion');
  insist(encrypted || isNamed(payload, SAML, 'Assertion'), 'one assertion');
  return encrypted
    ? { assertion: undefined, encryption: encryptionOf(payload) }
    : { assertion: payload, encryption: undefined };
}

function encryptionOf(payload: Element): 'authenticated' | 'malleable' {
  const all = elementsOf(payload);
  const algorithmOf = (name: string): string | undefined => {
    const [only, ...more] = all.filter((element) => element.localName === name);
    insist(only && more.length === 0 && isNamed(only, XENC, name), 'encryption');
    return attributeOf(onlyChild(only, XENC, 'EncryptionMethod'), 'Algorithm');
  };
  const cipher = ciphers.get(algorithmOf('EncryptedData'));
  insist(cipher && keyTransports.has(algorithmOf('EncryptedKey')), 'encryption');
  return cipher;
}

/** Every spelling of an id counts: verifiers differ in which they look for. */
export function checkIds(all: readonly Element[]): void {
  const ids = all.flatMap(({ attributes }) =>
    Array.from(attributes).flatMap(({ localName, name, value }) => (/^id$/i.test(localName ?? name) ? [value] : [])),
  );
  insist(
    ids.every((id) => /^[A-Za-z_][\w.-]{0,199}$/.test(id)),
    'ids',
  );
  insist(new Set(ids).size === ids.length, 'ids');
}

/** What the verified bytes say. @throws SamlRefusal */
export function readAssertion(verified: string, expected: Expected): Asserted {
  const assertion = parseStrictXml(verified);
  insist(isNamed(assertion, SAML, 'Assertion') && attributeOf(assertion, 'Version') === '2.0', 'assertion');
  const id = attributeOf(assertion, 'ID');
  insist(id, 'ids');
  insist(textOf(onlyChild(assertion, SAML, 'Issuer')) === expected.idpEntityId, 'issuer');
  checkInstant(attributeOf(assertion, 'IssueInstant'), expected.now);
  const subject = onlyChild(assertion, SAML, 'Subject');
  const nameId = onlyChild(subject, SAML, 'NameID');
  insist(attributeOf(nameId, 'Format') !== TRANSIENT, 'transient subject');
  const madeFor = attributeOf(nameId, 'SPNameQualifier');
  insist(madeFor === undefined || madeFor === expected.entityId, 'name for another');
  const ends = [endOfConfirmation(subject, expected), endOfConditions(assertion, expected)];
  return {
    id,
    expiresAt: new Date(Math.max(...ends) + LEEWAY_MS),
    subject: boundedText(nameId),
    nameId: nameIdOf(nameId),
    ...sessionOf(assertion, expected.now),
    attributes: attributesOf(assertion),
  };
}

export const nameIdOf = (element: Element): NameId => ({
  value: boundedText(element),
  format: attributeOf(element, 'Format'),
  nameQualifier: attributeOf(element, 'NameQualifier'),
  spNameQualifier: attributeOf(element, 'SPNameQualifier'),
});

export function boundedText(element: Element): string {
  const text = textOf(element);
  insist(text.length <= 500 && !/[\u0000-\u001f\u007f]/.test(text), 'subject');
  return text;
}

function endOfConfirmation(subject: Element, { acs, requestId, now }: Expected): number {
  const confirmation = onlyChild(subject, SAML, 'SubjectConfirmation');
  insist(attributeOf(confirmation, 'Method') === BEARER, 'confirmation');
  const data = onlyChild(confirmation, SAML, 'SubjectConfirmationData');
  insist(attributeOf(data, 'Recipient') === acs, 'recipient');
  insist(attributeOf(data, 'InResponseTo') === requestId, 'request');
  insist(!data.hasAttribute('NotBefore'), 'confirmation');
  return endOf(data, now);
}

const conditions = new Set(['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']);

/** A condition nobody knows cannot be kept, so it does not hold. */
function endOfConditions(assertion: Element, { entityId, now }: Expected): number {
  const element = onlyChild(assertion, SAML, 'Conditions');
  insist(
    childrenOf(element).every((child) => child.namespaceURI === SAML && conditions.has(child.localName)),
    'conditions',
  );
  const restrictions = childrenNamed(element, SAML, 'AudienceRestriction');
  const audiences = restrictions.map((restriction) => childrenNamed(restriction, SAML, 'Audience').map(textOf));
  insist(audiences.length > 0 && audiences.every((names) => names.includes(entityId)), 'audience');
  const from = attributeOf(element, 'NotBefore');
  insist(from === undefined || instantOf(from) <= now + LEEWAY_MS, 'too early');
  return endOf(element, now);
}

function endOf(element: Element, now: number): number {
  const end = instantOf(attributeOf(element, 'NotOnOrAfter'));
  insist(end > now - LEEWAY_MS, 'expired');
  insist(end <= now + LONGEST_MS, 'validity');
  return end;
}

type Session = Pick<Asserted, 'sessionIndex' | 'sessionEnd' | 'authenticatedAt' | 'contexts'>;

function sessionOf(assertion: Element, now: number): Session {
  const statement = onlyChild(assertion, SAML, 'AuthnStatement');
  const instant = instantOf(attributeOf(statement, 'AuthnInstant'));
  insist(instant <= now + LEEWAY_MS, 'too early');
  const contexts = childrenNamed(statement, SAML, 'AuthnContext').flatMap((context) =>
    childrenNamed(context, SAML, 'AuthnContextClassRef').map(textOf),
  );
  const end = attributeOf(statement, 'SessionNotOnOrAfter');
  const sessionEnd = end === undefined ? undefined : new Date(instantOf(end));
  insist(sessionEnd === undefined || sessionEnd.getTime() > now, 'expired');
  const authenticatedAt = new Date(Math.min(instant, now));
  return { sessionIndex: attributeOf(statement, 'SessionIndex'), sessionEnd, authenticatedAt, contexts };
}

function attributesOf(assertion: Element): Map<string, string[]> {
  const found = childrenNamed(assertion, SAML, 'AttributeStatement').flatMap(childrenOf);
  // What is encrypted by itself would be said, and read by nobody.
  insist(
    found.every((attribute) => isNamed(attribute, SAML, 'Attribute')),
    'attributes',
  );
  const attributes = new Map<string, string[]>();
  for (const attribute of found) {
    const name = attributeOf(attribute, 'Name');
    insist(name !== undefined && !attributes.has(name), 'attributes');
    const values = childrenNamed(attribute, SAML, 'AttributeValue');
    attributes.set(
      name,
      values.flatMap((value) => (childrenOf(value).length === 0 ? [(value.textContent ?? '').trim()] : [])),
    );
  }
  return attributes;
}

export function checkInstant(issued: string | undefined, now: number, longestMs = LONGEST_MS): void {
  const instant = instantOf(issued);
  insist(instant <= now + LEEWAY_MS, 'too early');
  insist(instant > now - longestMs, 'too old');
}

/** SAML writes times in UTC, with a Z. */
export function instantOf(text: string | undefined): number {
  insist(text !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text), 'time');
  const instant = Date.parse(text);
  insist(!Number.isNaN(instant), 'time');
  return instant;
}
