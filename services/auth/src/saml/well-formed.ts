/**
 * What every parser has to refuse (XML 1.0 §2-4, Namespaces in XML §6), and ours takes: end tags that end nothing, bare
 * ampersands, references to characters that are none, prefixes that stand for nothing. Where one parser is lenient, two
 * read different documents; and a namespace that is no absolute address keeps some canonicalizers from running at all.
 */
import { insist } from './saml-refusal.js';

const TAG = /<(\/?)([^\s<>/"'=&]+)((?:\s+[^\s<>/"'=&]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const REFERENCE = /&(?:(?:amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\da-fA-F]{1,6}));/y;

/** Of a text without comments, instructions and the like: one element, tags in pairs. @throws SamlRefusal */
export function checkWellFormed(text: string): void {
  const open: string[] = [];
  let roots = 0;
  for (let at = 0; at < text.length;) {
    const next = text.indexOf('<', at);
    const between = text.slice(at, next === -1 ? text.length : next);
    insist(!between.includes(']]>') && (open.length > 0 || /^[\s\ufeff]*$/.test(between)), 'malformed');
    if (next === -1) break;
    TAG.lastIndex = next;
    const [tag, end, name, attributes, empty] = TAG.exec(text) ?? [];
    insist(tag !== undefined && name !== undefined, 'malformed');
    if (end) insist(open.pop() === name && !attributes && !empty, 'malformed');
    else {
      if (open.length === 0) roots += 1;
      if (!empty) open.push(name);
    }
    at = next + tag.length;
  }
  insist(open.length === 0 && roots === 1, 'malformed');
  checkReferences(text);
}

function checkReferences(text: string): void {
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) {
    REFERENCE.lastIndex = at;
    const [reference, decimal, hex] = REFERENCE.exec(text) ?? [];
    insist(reference !== undefined, 'malformed');
    if (decimal !== undefined || hex !== undefined)
      insist(isCharacter(decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal)), 'characters');
  }
}

const isCharacter = (code: number): boolean =>
  code === 0x9 ||
  code === 0xa ||
  code === 0xd ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  (code >= 0x1_0000 && code <= 0x10_ffff);

/** Every prefix stands for an absolute address, and no attribute is there twice under two prefixes. @throws SamlRefusal */
export function checkNamespaces(elements: readonly Element[]): void {
  for (const element of elements) {
    const names = new Set<string>();
    insist(!element.prefix || element.namespaceURI, 'namespaces');
    for (const { name, prefix, localName, namespaceURI, value } of Array.from(element.attributes)) {
      if (name === 'xmlns') insist(value === '' || isAbsolute(value), 'namespaces');
      else if (prefix === 'xmlns') insist(isAbsolute(value) && localName !== 'xmlns', 'namespaces');
      else if (prefix) insist(namespaceURI, 'namespaces');
      const expanded = prefix ? `{${namespaceURI}}${localName}` : name;
      insist(!names.has(expanded), 'namespaces');
      names.add(expanded);
    }
  }
}

const isAbsolute = (uri: string): boolean => /^[A-Za-z][\w+.-]*:/.test(uri);
