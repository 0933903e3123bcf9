/** Dependencies a change asks for, and whether the lockfile beside the manifest knows of them. */
import type { Change } from '../change.js';
import type { Finding } from '../check.js';
import { folderOf, isFixture, isGenerated, isTestFile } from '../source/file-kind.js';
import { lockedPackages, npmRecorded } from './lockfiles.js';
import { dependenciesOf, type Ecosystem, ecosystemOf, packageName } from './manifests.js';

/** How a lockfile format keeps up with its manifest. */
interface LockRule {
  names: readonly string[];
  /** The format records what the manifest asks for, so that any change of it shows. */
  recordsRanges: boolean;
}

const lockRules: Partial<Record<Ecosystem, LockRule>> = {
  npm: {
    names: ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock'],
    recordsRanges: true,
  },
  cargo: { names: ['Cargo.lock'], recordsRanges: false },
  go: { names: ['go.sum'], recordsRanges: false },
  python: { names: ['poetry.lock', 'uv.lock', 'pdm.lock'], recordsRanges: true },
  pipenv: { names: ['Pipfile.lock'], recordsRanges: true },
  composer: { names: ['composer.lock'], recordsRanges: true },
  bundler: { names: ['Gemfile.lock'], recordsRanges: true },
};

/** A dependency whose request differs between base and head; `now` is missing when it was removed. */
interface Asked {
  name: string;
  now?: string;
  before?: string;
}

/** Manifests of the product: those of fixtures and copies install nothing. */
const isOwnManifest = (path: string): boolean =>
  ecosystemOf(path) !== undefined && !isFixture(path) && !isTestFile(path) && !isGenerated(path);

export function dependencyFindings(change: Change): Finding[] {
  const workspace = new Set(Object.values(change.context.head).map(packageName));
  return change.files
    .filter(({ path, status }) => status !== 'deleted' && isOwnManifest(path))
    .flatMap(({ path, oldPath }) => {
      const asked = changedRequests(change, path, oldPath ?? path).filter(({ name }) => !workspace.has(name));
      return [...lockFindings(change, path, asked), ...asked.flatMap((one) => addressFinding(change, path, one))];
    });
}

function changedRequests(change: Change, path: string, oldPath: string): Asked[] {
  const before = dependenciesOf(oldPath, change.context.base[oldPath]);
  const now = dependenciesOf(path, change.context.head[path]);
  const names = new Set([...before.keys(), ...now.keys()]);
  return [...names]
    .map((name) => ({ name, now: now.get(name), before: before.get(name) }))
    .filter(
      (one) =>
        one.now !== one.before &&
        !/^(?:workspace|file|link|portal|patch):|\bpath\s*=|\bworkspace\s*=\s*true/.test(one.now ?? one.before ?? ''),
    )
    .map(({ name, now: asks, before: asked }) => ({
      name,
      ...(asks === undefined ? {} : { now: asks }),
      ...(asked === undefined ? {} : { before: asked }),
    }));
}

/** 1-based line of head that names a dependency: as a key or string of its own, else as a word. */
export function lineNaming(change: Change, path: string, name: string): number {
  const lines = (change.context.head[path] ?? '').split('\n');
  const word = new RegExp(`(?<![\\w/.@-])${escaped(name)}(?![\\w/.-])`);
  const quoted = lines.findIndex((line) => line.includes(`"${name}"`));
  return Math.max(1, (quoted >= 0 ? quoted : lines.findIndex((line) => word.test(line))) + 1);
}

const escaped = (text: string): string => text.replace(/[.+*?^$(){}|[\]\\/-]/g, '\\$&');

function lockFindings(change: Change, path: string, asked: readonly Asked[]): Finding[] {
  const ecosystem = ecosystemOf(path);
  const rule = ecosystem && lockRules[ecosystem];
  const lock = rule && nearestLock(change, path, rule.names);
  const first = asked[0];
  if (!first || !lock) return [];
  const missing = asked.filter((one) => !isCovered(change, path, lock, rule, one));
  if (missing.length === 0) return [];
  const names = missing
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ');
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
  const message = `${lock} does not know what the manifest now asks for: ${names}${more}`;
  return [
    {
      path,
      line: lineNaming(change, path, missing[0]?.name ?? ''),
      rule: 'lockfile-behind',
      severity: 'error',
      message,
    },
  ];
}

/** The lockfile in the manifest's folder or the next one above that has any. */
function nearestLock(change: Change, path: string, names: readonly string[]): string | undefined {
  for (let folder = folderOf(path); ; folder = folderOf(folder.slice(0, -1))) {
    const found = names.map((name) => folder + name).find((candidate) => Object.hasOwn(change.context.head, candidate));
    if (found || folder === '') return found;
  }
}

function isCovered(change: Change, path: string, lock: string, rule: LockRule, { name, now }: Asked): boolean {
  const text = change.context.head[lock];
  if (text === undefined) return true;
  if (lock.endsWith('package-lock.json') || lock.endsWith('npm-shrinkwrap.json')) {
    const recorded = npmRecorded(text, folderOf(path).slice(folderOf(lock).length));
    if (recorded) return recorded.get(name) === now;
  }
  if (lock.endsWith('go.sum'))
    return now === undefined || text.includes(`${name} ${now} h1:`) || isReplaced(change, path, name);
  if (rule.recordsRanges) return change.files.some((file) => file.path === lock);
  if (now === undefined) return true;
  const wanted = /\bpackage\s*=\s*"([^"]+)"/.exec(now)?.[1] ?? name;
  return lockedPackages(lock, text).some((one) => one.name === wanted && satisfies(one.version, now));
}

const isReplaced = (change: Change, path: string, module: string): boolean =>
  new RegExp(`^\\s*(?:replace\\s+)?${escaped(module)}(?:\\s+v\\S+)?\\s+=>`, 'm').test(change.context.head[path] ?? '');

/** Whether a locked version fits a caret requirement, as far as numbers tell; unread forms count as fitting. */
function satisfies(version: string, declared: string): boolean {
  const asked = declared.includes('=') ? (/\bversion\s*=\s*"([^"]*)"/.exec(declared)?.[1] ?? '') : declared;
  const wanted = /^\s*\^?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(asked);
  const has = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (!wanted || !has || /[<>=~*,]/.test(asked)) return true;
  const [major = 0, minor, patch] = wanted.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const [hasMajor = 0, hasMinor = 0, hasPatch = 0] = has.slice(1).map(Number);
  if (hasMajor !== major || (major === 0 && minor !== undefined && hasMinor !== minor)) return false;
  return hasMinor > (minor ?? 0) || (hasMinor === (minor ?? 0) && hasPatch >= (patch ?? 0));
}

const plainAddress = /\b(?:http|git):\/\//;
const address =
  /^(?:git\+|git@|github:|gitlab:|bitbucket:|https?:|ssh:)|^[\w.-]+\/[\w.-]+(?:#.*)?$|\bgit\s*[=:]\s*["']|\b(?:github|gist|bitbucket):\s*["']|@\s*(?:git\+|https?:)|\burl\s*=\s*["']/;
const pinned = /#[0-9a-f]{40}\b|@[0-9a-f]{40}\b|\brev\s*=\s*["'][0-9a-f]{7,40}|\bref:\s*["'][0-9a-f]{7,40}/;

function addressFinding(change: Change, path: string, { name, now, before }: Asked): Finding[] {
  if (now === undefined || !address.test(now) || (before !== undefined && address.test(before))) return [];
  const at = { path, line: lineNaming(change, path, name), rule: 'dependency-address' };
  if (plainAddress.test(now))
    return [{ ...at, severity: 'error', message: `${name} is fetched over an unprotected connection` }];
  const how = pinned.test(now)
    ? 'from an address, not from the registry'
    : 'from an address that is not pinned to a commit';
  return [{ ...at, severity: 'warning', message: `${name} is fetched ${how}` }];
}
