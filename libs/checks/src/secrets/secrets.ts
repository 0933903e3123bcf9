/** Credentials a change writes into the repository. A finding names the kind and the place, never the value. */
import { canonicalFindings, type Check, type Finding, type Severity } from '../check.js';
import { isDocumentation, isFixture, isGenerated, isLockfile, isTestFile } from '../source/file-kind.js';
import { addedLines, type FileView, net, removedLines, textFiles, type TouchedLine } from '../source/introduced.js';
import type { Language } from '../source/language.js';
import { isPlaceholder, looksRandom } from './entropy.js';
import { tokenShapes } from './token-shapes.js';

/** A credential on a line; the signature holds the value and stays in this module. */
interface Candidate {
  path: string;
  line: number;
  rule: string;
  what: string;
  signature: string;
  /** Strong shapes are told even in tests; weak ones only where production code would read them. */
  strong: boolean;
}

export const secrets: Check = {
  id: 'secrets',
  version: '1.0.0',
  family: 'conclave',
  title: 'Secrets',
  description: 'Finds credentials in added lines: vendor tokens, private keys, passwords in addresses and assignments.',
  limits:
    'Only shapes and assignments it knows; a secret split over lines, encoded, or in a binary is not seen. Nothing is tried against its vendor. In tests, fixtures and documentation vendor tokens and keys are warnings and mere assignments are not judged.',
  reads: ({ path, status }) => status !== 'deleted' && !isLockfile(path),
  run(change) {
    const views = textFiles(change, (path) => !isLockfile(path));
    if (!views.some((view) => view.file.hunks.some((hunk) => hunk.added.length > 0))) {
      return { applies: false, reason: 'the change adds no text' };
    }
    const added = views.flatMap((view) => addedLines(view).flatMap(candidatesOf));
    const removed = views.flatMap((view) => removedLines(view).flatMap(candidatesOf));
    return { applies: true, findings: canonicalFindings(net(added, removed).added.flatMap(findingOf)) };
  },
};

function findingOf({ path, line, rule, what, strong }: Candidate): Finding[] {
  const harmless = isTestFile(path) || isFixture(path) || isDocumentation(path);
  if (harmless && !strong) return [];
  const severity: Severity = harmless ? 'warning' : 'error';
  const advice = harmless ? 'make sure it never was a real one' : 'revoke it and read it from the environment';
  return [{ path, line, rule, severity, message: `${what} in the text: ${advice}` }];
}

function candidatesOf(line: TouchedLine): Candidate[] {
  const at = { path: line.view.path, line: line.line };
  const tokens = tokenShapes.flatMap(({ rule, what, pattern, holds }) =>
    [...line.text.matchAll(pattern)]
      .map((match) => match[1] ?? match[0])
      .filter((secret) => !isPlaceholder(secret) && (holds?.(secret) ?? true))
      .map((secret) => ({ ...at, rule, what, signature: `${rule}\0${secret}`, strong: rule !== 'jwt' })),
  );
  if (tokens.length) return tokens;
  const others = [privateKey(line), addressPassword(line), isGenerated(at.path) ? undefined : assignment(line)];
  return others.flatMap((found) => (found ? [{ ...at, ...found }] : []));
}

type Found = Omit<Candidate, 'path' | 'line'>;

const keyHeader = /-----BEGIN ((?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY|PGP PRIVATE KEY BLOCK)-----(.*)$/;
const keyBody = /^[\s"'`+\\n]*([A-Za-z0-9+/=]{40,})/;

/** The header counts only with a body after it: parsers and prose name the header alone. */
function privateKey(line: TouchedLine): Found | undefined {
  const [, kind, rest = ''] = keyHeader.exec(line.text) ?? [];
  if (!kind) return undefined;
  const follows = followingLines(line, 8).map(({ text }) => text);
  const body = [rest.replace(/^\\n/, ''), ...follows].map((text) => keyBody.exec(text)?.[1]).find(Boolean);
  if (!body || isPlaceholder(body.slice(0, 60)) || kind.startsWith('ENCRYPTED')) return undefined;
  return { rule: 'private-key', what: `${kind.toLowerCase()}`, signature: `private-key\0${body}`, strong: true };
}

function followingLines(line: TouchedLine, count: number): FileView['after'] {
  const { view, number } = line;
  const side = view.after[number - 1]?.text === line.text ? view.after : view.before;
  return side.slice(number, number + count);
}

const address = /\b([a-z][a-z0-9+.-]{1,20}):\/\/([^\s:@/"'`]{1,64}):([^\s@/"'`]{3,128})@([^\s/:"'`?#]+)/gi;
const localHost =
  /^(localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker\.internal|[a-z][a-z0-9_-]*$)|\.(local|test|example|invalid|internal)$|example\.(com|org|net)$/i;

/** `scheme://user:password@host`; a password for one's own machine or for a compose neighbour opens no door. */
function addressPassword(line: TouchedLine): Found | undefined {
  for (const [, , user = '', password = '', host = ''] of line.text.matchAll(address)) {
    if (localHost.test(host) || isPlaceholder(password) || password === user) continue;
    if (/^(pass(word)?|pwd|secret|postgres|root|admin|user|guest|token)$/i.test(password) || /^[<{[%$*]/.test(password))
      continue;
    return {
      rule: 'address-password',
      what: 'password in an address',
      signature: `address\0${password}`,
      strong: false,
    };
  }
  return undefined;
}

const keyName = `[\\w.-]{0,40}(?:secret|token|passw(?:or)?d|passphrase|pwd|api[_-]?key|apikey|access[_-]?key|private[_-]?key|auth[_-]?key|encryption[_-]?key|signing[_-]?key|credential)s?[\\w-]{0,20}`;
const quoted = new RegExp(
  `(?<![\\w.-])(${keyName})["'\`]?\\s*(?::=|=>|[:=])\\s*[bruf]?(["'\`])([^"'\`\\s]{8,256})\\2`,
  'gi',
);
const bare = new RegExp(`^\\s*(?:export\\s+|ENV\\s+|-\\s+)?(${keyName})\\s*[:=]\\s*([^\\s"'\`#]{8,256})\\s*$`, 'i');
const bareLanguages: readonly (Language | undefined)[] = ['ini', 'yaml', 'shell', 'dockerfile', 'make'];
const aboutSecrets =
  /(name|type|field|label|_?ids?|path|file|dir|ur[il]|endpoint|header|prefix|suffix|hint|regex|pattern|selector|length|size|expir\w*|ttl|timeout|event|action|error|message|title|version|class|column|param|env|var|hash|digest|sha\d*|checksum|policy|scope|status|count|limit|provider|manager|service|store|public\w*|addr(?:ess(?:es)?)?|contract)$/i;

/** A name that promises a secret, set to a value that looks generated. */
function assignment(line: TouchedLine): Found | undefined {
  const pairs = [...line.text.matchAll(quoted)].map(([, name = '', , value = '']) => ({ name, value }));
  const [, bareName, bareValue] = bareLanguages.includes(line.view.language) ? (bare.exec(line.text) ?? []) : [];
  if (bareName && bareValue) pairs.push({ name: bareName, value: bareValue });
  for (const { name, value } of pairs) {
    if (aboutSecrets.test(name) || !isSecretValue(name, value)) continue;
    return {
      rule: 'assigned-secret',
      what: `a value that looks secret is assigned to "${name}"`,
      signature: `assigned\0${value}`,
      strong: false,
    };
  }
  return undefined;
}

function isSecretValue(name: string, value: string): boolean {
  if (isPlaceholder(value) || /^(https?:|\/|\.\/|file:|arn:|projects\/)/.test(value)) return false;
  if (/^[a-z]+([._:/-][a-z]+)*$|^[A-Z][A-Z_]*$|^[a-z]+([A-Z][a-z]+)+$|[()[\]{};,]/.test(value)) return false;
  if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$|^0x[0-9a-f]{40}$/i.test(value)) return false;
  const password = /pass|pwd/i.test(name);
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  return password && value.length < 16 ? value.length >= 10 && classes >= 3 : value.length >= 16 && looksRandom(value);
}
