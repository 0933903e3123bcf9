/** The files of node-saml and python3-saml as they stand, in a folder that `SAML_CORPUS` names, and what each is about. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { DOMParser, XMLSerializer } from '@xmldom/xmldom';
import type { TestIdp } from '@conclave/dev-env/testing';

/** A message in a file. */
export interface Sample {
  /** Below the folder of its project's samples. */
  readonly file: string;
  readonly xml: string;
}

export const folders = { node: 'node-saml/test/static', python: 'python3-saml/tests/data' } as const;

/** Every file below a folder of a project. */
export function samplesIn(corpus: string, project: keyof typeof folders, under = '.'): Sample[] {
  const root = join(corpus, folders[project]);
  return readdirSync(join(root, under), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(xml|xm\.base64|xml\.base64)$/.test(entry.name))
    .map(({ parentPath, name }) => {
      const text = readFileSync(join(parentPath, name), 'utf8');
      return { file: join(parentPath, name).slice(root.length + 1), xml: xmlIn(text) };
    })
    .sort((a, b) => a.file.localeCompare(b.file));
}

function xmlIn(text: string): string {
  if (text.trimStart().startsWith('<')) return text;
  const bytes = Buffer.from(text, 'base64');
  return /^[\s\ufeff]*</.test(bytes.toString()) ? bytes.toString() : inflateRawSync(bytes).toString();
}

/** Certificates that python3-saml's settings trust. */
export function certificatesOf(corpus: string): string[] {
  const folder = join(corpus, 'python3-saml/tests/settings');
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const found = texts.flatMap((text) => [...text.matchAll(/"x509cert": *"([^"]+)"/g)].map(([, one]) => one!));
  return [...new Set(found.map((one) => pemOf(one.replaceAll(/\\n|-----[A-Z ]+-----/g, ''))))];
}

/** The certificates in a message: whoever they are of. */
export const certificatesIn = (xml: string): string[] =>
  [...xml.matchAll(/X509Certificate>([^<]{200,})</g)].map(([, one]) => pemOf(one!.replaceAll(/&#\w+;/g, '')));

const pemOf = (base64: string): string => {
  const lines = base64.replaceAll(/\s+/g, '').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
};

/** Who speaks to whom in it, when: by what it says of itself. */
export function settingOf(xml: string) {
  const first = (pattern: RegExp): string | undefined => pattern.exec(xml)?.[1]?.trim();
  return {
    issuer: first(/<(?:\w+:)?Issuer[^>]*>([^<]*)</) || 'nobody',
    audience: first(/<(?:\w+:)?Audience>([^<]*)</) || 'nobody',
    address: first(/Destination="([^"]+)"/) ?? first(/Recipient="([^"]+)"/) ?? 'nowhere',
    requestId: first(/InResponseTo="([^"]+)"/),
    instants: [...new Set([...xml.matchAll(/IssueInstant="([^"]+)"/g)].map(([, at]) => Date.parse(at!)))],
  };
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)/g;
const LONG_MS = 30 * 60_000;

/**
 * The same response of today, without its signatures, and signed as a whole by a provider of ours. Many of python3-saml's
 * have a name for another service, which is none of their point.
 */
export function signedAnew(xml: string, idp: TestIdp): string {
  const began = Math.max(...settingOf(xml).instants);
  const now = Date.now();
  const moved = xml
    .replaceAll('SPNameQualifier="hello.com"', `SPNameQualifier="${settingOf(xml).audience}"`)
    .replaceAll(/IssueInstant="[^"]*"/g, `IssueInstant="${new Date(began).toISOString()}"`)
    .replaceAll(TIME, (time) => new Date(now + Math.min(LONG_MS, Date.parse(time) - began)).toISOString());
  const document = new DOMParser({ errorHandler: () => undefined }).parseFromString(moved.trim(), 'text/xml');
  for (const element of Array.from(document.getElementsByTagName('*')))
    if (element.localName === 'Signature') element.parentNode!.removeChild(element);
  return idp.sign(new XMLSerializer().serializeToString(document), 'Response');
}
