/**
 * The one shape a signature may have, whatever else a verifier would understand: it stands where it belongs, covers its
 * own parent as a whole, and is made with SHA-2. Then what was signed and what is read are the same element.
 */
import { insist } from './saml-refusal.js';
import { attributeOf, childrenOf, isNamed, onlyChild, textOf } from './strict-xml.js';

const DS = 'http://www.w3.org/2000/09/xmldsig#';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = `${DS}enveloped-signature`;

const signatures: ReadonlySet<string | undefined> = new Set([
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
]);
const digests: ReadonlySet<string | undefined> = new Set([
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
]);

const isSignature = (element: Element): boolean => element.localName === 'Signature';

/** Whether the element is signed. @throws SamlRefusal for a signature of any other shape */
export function isSigned(parent: Element): boolean {
  const [signature, ...more] = childrenOf(parent).filter(isSignature);
  if (!signature) return false;
  insist(more.length === 0, 'one signature');
  checkShape(signature, attributeOf(parent, 'ID'));
  return true;
}

/** @throws SamlRefusal when a signature stands anywhere but directly below one of the elements */
export function checkPlaces(all: readonly Element[], ...parents: readonly (Element | undefined)[]): void {
  insist(
    all.filter(isSignature).every(({ parentNode }) => parents.some((parent) => parent === parentNode)),
    'place of a signature',
  );
}

function checkShape(signature: Element, id: string | undefined): void {
  insist(isNamed(signature, DS, 'Signature'), 'namespace of a signature');
  checkMembers(signature, ['SignedInfo', 'SignatureValue'], ['KeyInfo']);
  const info = onlyChild(signature, DS, 'SignedInfo');
  checkMembers(info, ['CanonicalizationMethod', 'SignatureMethod', 'Reference']);
  const method = (element: Element, name: string) => attributeOf(onlyChild(element, DS, name), 'Algorithm');
  insist(method(info, 'CanonicalizationMethod') === EXCLUSIVE, 'canonicalization');
  insist(signatures.has(method(info, 'SignatureMethod')), 'signature algorithm');
  const reference = onlyChild(info, DS, 'Reference');
  checkMembers(reference, ['Transforms', 'DigestMethod', 'DigestValue']);
  insist(id !== undefined && attributeOf(reference, 'URI') === `#${id}`, 'reference');
  insist(digests.has(method(reference, 'DigestMethod')), 'digest algorithm');
  const transforms = childrenOf(onlyChild(reference, DS, 'Transforms'));
  insist(
    transforms.every((transform) => isNamed(transform, DS, 'Transform')) &&
      transforms.map((transform) => attributeOf(transform, 'Algorithm')).join(' ') === `${ENVELOPED} ${EXCLUSIVE}` &&
      childrenOf(transforms[0]!).length === 0 &&
      childrenOf(transforms[1]!).every((child) => isNamed(child, EXCLUSIVE, 'InclusiveNamespaces')),
    'transforms',
  );
  textOf(onlyChild(reference, DS, 'DigestValue'));
  textOf(onlyChild(signature, DS, 'SignatureValue'));
}

/** Exactly these children, in this order, and perhaps those after them. */
function checkMembers(element: Element, names: readonly string[], optional: readonly string[] = []): void {
  const found = childrenOf(element);
  insist(
    found.length >= names.length &&
      found.length <= names.length + optional.length &&
      found.every((child, i) => isNamed(child, DS, [...names, ...optional][i]!)),
    `members of ${element.localName}`,
  );
}
