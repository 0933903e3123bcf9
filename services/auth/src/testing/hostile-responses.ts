/**
 * Responses nobody may believe. The wrapping shapes are XSW1-8 of SAML Raider, where `evil` names somebody else; the
 * others are one lie each, properly signed where that is what makes it dangerous.
 */
import { DOMParser, XMLSerializer } from '@xmldom/xmldom';
import type { Said, TestIdp } from '@conclave/dev-env/testing';

const parse = (xml: string): Document => new DOMParser().parseFromString(xml, 'text/xml');
const print = (document: Document): string => new XMLSerializer().serializeToString(document);
const named = (root: Document | Element, name: string): Element[] =>
  Array.from(root.getElementsByTagName('*')).filter(({ localName }) => localName === name);
const signatureOf = (parent: Element): Element =>
  Array.from(parent.childNodes).find((node) => (node as Element).localName === 'Signature') as Element;

function evilTwin(element: Element, id: string): Element {
  const twin = element.cloneNode(true) as Element;
  twin.setAttribute('ID', id);
  for (const nameId of named(twin, 'NameID')) nameId.textContent = 'evil';
  return twin;
}

/** A response that signs itself as a whole, with another one around. */
function wrapResponse(xml: string, place: (evil: Element, original: Element, signature: Element) => void): string {
  const document = parse(xml);
  const original = document.documentElement;
  const evil = evilTwin(original, '_evil');
  const signature = signatureOf(evil);
  document.replaceChild(evil, original);
  original.removeChild(signatureOf(original));
  place(evil, original, signature);
  return print(document);
}

/** A response with a signed assertion, and another assertion somewhere. */
function wrapAssertion(
  xml: string,
  place: (parts: { document: Document; response: Element; original: Element; evil: Element }) => void,
): string {
  const document = parse(xml);
  const response = document.documentElement;
  const [original] = named(document, 'Assertion') as [Element];
  const evil = evilTwin(original, '_evil');
  place({ document, response, original, evil });
  return print(document);
}

const without = (element: Element): Element => {
  element.removeChild(signatureOf(element));
  return element;
};

const DS = 'http://www.w3.org/2000/09/xmldsig#';

export const wrappings: Readonly<Record<string, (signedResponse: string, signedAssertion: string) => string>> = {
  XSW1: (response) => wrapResponse(response, (_evil, original, signature) => signature.appendChild(original)),
  XSW2: (response) => wrapResponse(response, (evil, original, signature) => evil.insertBefore(original, signature)),
  XSW3: (_, assertion) =>
    wrapAssertion(assertion, ({ response, original, evil }) => response.insertBefore(without(evil), original)),
  XSW4: (_, assertion) =>
    wrapAssertion(assertion, ({ response, original, evil }) => {
      response.replaceChild(without(evil), original);
      evil.appendChild(original);
    }),
  XSW5: (_, assertion) =>
    wrapAssertion(assertion, ({ response, original, evil }) => {
      response.replaceChild(evil, original);
      response.appendChild(without(original));
    }),
  XSW6: (_, assertion) =>
    wrapAssertion(assertion, ({ response, original, evil }) => {
      response.replaceChild(evil, original);
      signatureOf(evil).appendChild(without(original));
    }),
  XSW7: (_, assertion) =>
    wrapAssertion(assertion, ({ document, response, original, evil }) => {
      const extensions = document.createElementNS('urn:oasis:names:tc:SAML:2.0:protocol', 'samlp:Extensions');
      extensions.appendChild(without(evil));
      response.insertBefore(extensions, original);
    }),
  XSW8: (_, assertion) =>
    wrapAssertion(assertion, ({ document, response, original, evil }) => {
      const object = document.createElementNS(DS, 'ds:Object');
      response.replaceChild(evil, original);
      object.appendChild(without(original));
      signatureOf(evil).appendChild(object);
    }),
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TEN_YEARS = 10 * 365 * 24 * HOUR;
const replaced = (from: string | RegExp, to: string) => (xml: string) => xml.replace(from, to);

/** Moves the end of one element alone. */
const goodFor = (name: string, ms: number) => (xml: string) =>
  xml.replace(
    new RegExp(`(<saml:${name} [^>]*NotOnOrAfter=")[^"]*`),
    (_, before: string) => before + new Date(Date.now() + ms).toISOString(),
  );

/** One lie each. */
export const lies: Readonly<Record<string, Partial<Said>>> = {
  'signs nothing': { signed: 'none' },
  'is for another address': { destination: 'https://other.example.com/acs' },
  'names no address': { response: replaced(/ Destination="[^"]*"/, '') },
  'has another recipient': { recipient: 'https://other.example.com/acs' },
  'has no recipient': { assertion: replaced(/ Recipient="[^"]*"/, '') },
  'is for another audience': { audience: 'https://other.example.com' },
  'is for no audience': { assertion: replaced(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, '') },
  'has no conditions': { assertion: replaced(/<saml:Conditions.*<\/saml:Conditions>/, '') },
  'has a condition nobody knows': { assertion: replaced('</saml:Conditions>', '<saml:Condition/></saml:Conditions>') },
  'comes from another issuer': { issuer: 'https://evil.example.com' },
  'has an assertion of another issuer': { assertionIssuer: 'https://evil.example.com' },
  'has an assertion of nobody': { assertion: replaced(/<saml:Issuer>[^<]*<\/saml:Issuer>/, '<saml:Issuer/>') },
  'answers another request': { requestId: '_another' },
  'answers no request': { requestId: undefined },
  'is made with SHA-1': { algorithms: 'sha1' },
  'says that it failed': { status: 'Responder' },
  'is good for ten years': { validForMs: TEN_YEARS },
  'is good for five minutes more than two hours': { validForMs: 2 * HOUR + 5 * MINUTE },
  'is confirmed for longer than two hours': { assertion: goodFor('SubjectConfirmationData', 2 * HOUR + 5 * MINUTE) },
  'has conditions for longer than two hours': { assertion: goodFor('Conditions', 2 * HOUR + 5 * MINUTE) },
  'has expired': { validForMs: -2 * MINUTE },
  'is good for ever': { assertion: replaced(/ NotOnOrAfter="[^"]*"/g, '') },
  'begins tomorrow': {
    assertion: replaced(/NotBefore="[^"]*"/, `NotBefore="${new Date(Date.now() + 1_440 * MINUTE).toISOString()}"`),
  },
  'has no subject': { assertion: replaced(/<saml:Subject>.*<\/saml:Subject>/, '') },
  'has a blank subject': { nameId: ' ' },
  'has a subject for one time': { nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' },
  'has a comment in the subject': { nameId: 'ada<!-- -->.evil' },
  'has CDATA in the subject': { nameId: '<![CDATA[ada]]>' },
  'confirms by key': { assertion: replaced('cm:bearer', 'cm:holder-of-key') },
  'nobody authenticated': { assertion: replaced(/<saml:AuthnStatement.*<\/saml:AuthnStatement>/, '') },
  'is SAML 1.1': { assertion: replaced('Version="2.0"', 'Version="1.1"') },
};

/** What is done to a good response on its way. */
export const manglings: Readonly<Record<string, (xml: string) => string>> = {
  'a document type': (xml) => `<!DOCTYPE x [<!ENTITY e "evil">]>${xml}`,
  'a processing instruction': (xml) => xml.replace('<saml:Subject>', '<?x y?><saml:Subject>'),
  'a comment between': (xml) => xml.replace('<saml:Subject>', '<!-- --><saml:Subject>'),
  'another subject': (xml) => xml.replace('>ada<', '>evil<'),
  'no signature any more': (xml) => xml.replaceAll(/<ds:Signature .*?<\/ds:Signature>/g, ''),
  'an empty signature value': (xml) =>
    xml.replaceAll(/<ds:SignatureValue>[^<]*<\/ds:SignatureValue>/g, '<ds:SignatureValue></ds:SignatureValue>'),
  'signed by HMAC': (xml) => xml.replaceAll('2001/04/xmldsig-more#rsa-sha256', '2000/09/xmldsig#hmac-sha1'),
  'a reference to the whole document': (xml) => xml.replaceAll(/URI="#[^"]*"/g, 'URI=""'),
  'an XSLT transform': (xml) =>
    xml.replaceAll('http://www.w3.org/2001/10/xml-exc-c14n#', 'http://www.w3.org/TR/1999/REC-xslt-19991116'),
  'inclusive canonicalization': (xml) =>
    xml.replaceAll('http://www.w3.org/2001/10/xml-exc-c14n#', 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'),
  'text after the end': (xml) => `${xml}evil`,
  'a second document': (xml) => xml + xml,
  'an id twice': (xml) => {
    const [id] = /ID="[^"]*"/.exec(xml)!;
    return xml.replace('<saml:Subject>', `<saml:Subject ${id}>`);
  },
  'two digests': (xml) => xml.replace(/<ds:DigestValue>/, '<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>'),
  'an assertion in another namespace': (xml) =>
    xml.replace('</samlp:Response>', '<Assertion xmlns="urn:x"/></samlp:Response>'),
  'more than may be': (xml) => xml.replace('</samlp:Response>', `${' '.repeat(262_144)}</samlp:Response>`),
};

/** Two assertions of one provider, each good alone. */
export async function twoAssertions(idp: TestIdp, said: Said): Promise<string> {
  const [first, second] = [
    await idp.respond({ ...said, signed: 'assertion' }),
    await idp.respond({ ...said, signed: 'assertion' }),
  ];
  const [, more = ''] = /(<saml:Assertion .*<\/saml:Assertion>)/.exec(second) ?? [];
  return first.replace('</samlp:Response>', `${more}</samlp:Response>`);
}

/** The signed element changed in one place each: every element gone, doubled, copied, renamed; every attribute and text other. */
export function* mutants(
  xml: string,
  signed: 'Response' | 'Assertion' | 'LogoutRequest' | 'EntityDescriptor',
): Generator<string> {
  const all = Array.from(parse(xml).getElementsByTagName('*'));
  const first = all.findIndex(({ localName }) => localName === signed);
  for (let i = first; i < all.length; i++) yield* mutantsOf(xml, i);
}

function* mutantsOf(xml: string, index: number): Generator<string> {
  const changed = (change: (element: Element) => void): string => {
    const document = parse(xml);
    change(document.getElementsByTagName('*')[index]!);
    return print(document);
  };
  const element = parse(xml).getElementsByTagName('*')[index]!;
  const isRoot = index === 0;
  if (!isRoot) {
    yield changed((it) => it.parentNode!.removeChild(it));
    yield changed((it) => it.parentNode!.insertBefore(it.cloneNode(true), it));
    yield changed((it) => it.ownerDocument.documentElement.appendChild(it.cloneNode(true)));
    yield changed((it) => {
      const other = it.ownerDocument.createElementNS('urn:other', it.localName);
      while (it.firstChild) other.appendChild(it.firstChild);
      it.parentNode!.replaceChild(other, it);
    });
  }
  for (const { name, value } of Array.from(element.attributes)) {
    if (name.startsWith('xmlns')) continue;
    yield changed((it) => it.removeAttribute(name));
    yield changed((it) => it.setAttribute(name, `${value}x`));
    yield changed((it) => it.setAttribute(name, ''));
  }
  if (element.childNodes.length === 1 && element.firstChild!.nodeType === 3) {
    yield changed((it) => (it.textContent = `A${it.textContent}`));
    yield changed((it) => (it.textContent = ''));
  }
}
