/**
 * XML as SAML needs it: elements, attributes and text. Document types, comments, processing instructions and CDATA are
 * what parsers disagree about, and are refused before one runs. The parser is the one that verification uses, so
 * both see the same document.
 */
import { inflateRawSync } from 'node:zlib';
import { connections } from '@conclave/contracts';
import { DOMParser } from '@xmldom/xmldom';
import { SamlRefusal, insist } from './saml-refusal.js';
import { checkNamespaces, checkWellFormed } from './well-formed.js';

const MAX_DEPTH = 40;
const ELEMENT = 1;
const TEXT = 3;

/** Strict base64 of strict UTF-8. @throws SamlRefusal */
export function decodeMessage(base64: string): string {
  return utf8Of(bytesOf(base64));
}

/**
 * What a redirect carries: raw deflate, then base64. A message that unpacks to more than it may be is not unpacked.
 *
 * @throws SamlRefusal
 */
export function inflateMessage(base64: string): string {
  const packed = bytesOf(base64);
  try {
    return utf8Of(inflateRawSync(packed, { maxOutputLength: connections.SAML_LIMIT_BYTES }));
  } catch (cause) {
    throw cause instanceof SamlRefusal ? cause : new SamlRefusal('deflate', { cause });
  }
}

function bytesOf(base64: string): Buffer {
  insist(base64.length <= connections.SAML_LIMIT_BYTES, 'size');
  const text = base64.replaceAll(/[\r\n]/g, '');
  insist(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) && text !== '', 'base64');
  return Buffer.from(text, 'base64');
}

function utf8Of(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SamlRefusal('utf-8', { cause });
  }
}

/** The document's element. @throws SamlRefusal */
export function parseStrictXml(text: string): Element {
  insist(Buffer.byteLength(text) <= connections.SAML_LIMIT_BYTES, 'size');
  const body = text.replace(
    /^<\?xml version=["']1\.0["'](?: encoding=["']utf-8["'])?(?: standalone=["'](?:yes|no)["'])?\s*\?>/i,
    '',
  );
  insist(!body.includes('<!') && !body.includes('<?'), 'markup');
  insist(!/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(body), 'characters');
  checkWellFormed(body);
  const root = parse(body.trim());
  insist(depthOf(root) <= MAX_DEPTH, 'depth');
  checkNamespaces(elementsOf(root));
  return root;
}

/** Metadata that an administrator hands over, where comments and the like do no harm; document types still do. */
export function parseMetadata(text: string): Element {
  insist(Buffer.byteLength(text) <= connections.SAML_LIMIT_BYTES, 'size');
  insist(!/<!(?!--)/.test(text), 'markup');
  checkWellFormed(text.replaceAll(/<!--[^]*?-->|<\?[^]*?\?>/g, ''));
  return parse(text.trim());
}

function parse(text: string): Element {
  const refuse = (message: string): never => {
    throw new SamlRefusal('malformed', { cause: message });
  };
  const parser = new DOMParser({ locator: {}, errorHandler: { warning: refuse, error: refuse, fatalError: refuse } });
  let root: Element | null;
  try {
    root = parser.parseFromString(text, 'text/xml').documentElement;
  } catch (cause) {
    throw cause instanceof SamlRefusal ? cause : new SamlRefusal('malformed', { cause });
  }
  insist(root, 'malformed');
  const siblings = nodesOf(root.parentNode!).filter(
    (node) => node !== root && node.nodeType !== 7 && node.nodeType !== 8,
  );
  insist(
    siblings.every((node) => node.nodeType === TEXT && (node.nodeValue ?? '').trim() === ''),
    'malformed',
  );
  return root;
}

const nodesOf = (node: Node): Node[] => Array.from(node.childNodes);

function depthOf(root: Element): number {
  let level: Element[] = [root];
  let depth = 0;
  while (level.length > 0 && depth <= MAX_DEPTH) {
    level = level.flatMap(childrenOf);
    depth += 1;
  }
  return depth;
}

export const childrenOf = (element: Element): Element[] =>
  nodesOf(element).filter((node): node is Element => node.nodeType === ELEMENT);

/** The element and everything below it, in document order. */
export const elementsOf = (element: Element): Element[] => [element, ...childrenOf(element).flatMap(elementsOf)];

export const isNamed = (element: Element, namespace: string, name: string): boolean =>
  element.namespaceURI === namespace && element.localName === name;

export const childrenNamed = (element: Element, namespace: string, name: string): Element[] =>
  childrenOf(element).filter((child) => isNamed(child, namespace, name));

/** The only child of that name. @throws SamlRefusal */
export function onlyChild(element: Element, namespace: string, name: string): Element {
  const [child, ...more] = childrenNamed(element, namespace, name);
  insist(child && more.length === 0, `one ${name}`);
  return child;
}

/** The text of an element that holds nothing else. @throws SamlRefusal when there is none */
export function textOf(element: Element): string {
  insist(
    nodesOf(element).every(({ nodeType }) => nodeType === TEXT),
    `text of ${element.localName}`,
  );
  const text = (element.textContent ?? '').trim();
  insist(text !== '', `text of ${element.localName}`);
  return text;
}

/** An attribute's value, if it is there and says something. */
export const attributeOf = (element: Element, name: string): string | undefined =>
  element.getAttribute(name) || undefined;
