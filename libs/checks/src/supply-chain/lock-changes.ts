/** What a lockfile pins differently: other hosts, other bytes under the same version, code that runs on install. */
import type { Change } from '../change.js';
import type { Finding } from '../check.js';
import { isFixture, isLockfile, isTestFile } from '../source/file-kind.js';
import { hostOf, type Locked, lockedPackages } from './lockfiles.js';

const registries = new Set([
  'registry.npmjs.org',
  'registry.yarnpkg.com',
  'pypi.org',
  'files.pythonhosted.org',
  'github.com',
  'index.crates.io',
  'static.crates.io',
  'proxy.golang.org',
  'rubygems.org',
  'api.github.com',
  'codeload.github.com',
  'gitlab.com',
]);
const maxPerRule = 20;

/** Whether an address is one everybody installs from. */
export const isPublicRegistry = (host: string): boolean => registries.has(host);

export function lockFindings(change: Change): Finding[] {
  return change.files
    .filter(({ path, status }) => status !== 'deleted' && isLockfile(path) && !isFixture(path) && !isTestFile(path))
    .flatMap(({ path, oldPath }) => {
      const before = lockedPackages(path, change.context.base[oldPath ?? path]);
      const now = lockedPackages(path, change.context.head[path]);
      const finder = lineFinder(change.context.head[path] ?? '');
      return [
        ...otherHosts(path, before, now, finder),
        ...otherBytes(path, before, now, finder),
        ...newScripts(path, before, now, finder),
      ];
    });
}

type LineFinder = (text: string) => number;

function lineFinder(text: string): LineFinder {
  const lines = text.split('\n');
  return (wanted) => Math.max(1, lines.findIndex((line) => line.includes(wanted)) + 1);
}

function otherHosts(path: string, before: readonly Locked[], now: readonly Locked[], lineOf: LineFinder): Finding[] {
  const known = new Set(before.map(({ source }) => hostOf(source ?? '')));
  const findings: Finding[] = [];
  for (const { name, source } of now) {
    const host = hostOf(source ?? '');
    if (!source || !host || known.has(host) || (before.length === 0 && isPublicRegistry(host))) continue;
    known.add(host);
    const at = { path, line: lineOf(source), rule: 'lockfile-host' };
    const severity = before.length === 0 || isPublicRegistry(host) ? 'warning' : 'error';
    findings.push({ ...at, severity, message: `${name} is now fetched from ${host}, where nothing came from before` });
  }
  const plain = now.find(({ source }) => source?.startsWith('http://') && !before.some((one) => one.source === source));
  if (plain?.source) {
    findings.push({
      path,
      line: lineOf(plain.source),
      rule: 'lockfile-host',
      severity: 'error',
      message: `${plain.name} is fetched over an unprotected connection`,
    });
  }
  return findings;
}

/** A published version never changes its bytes; one that does was replaced or is another package. */
function otherBytes(path: string, before: readonly Locked[], now: readonly Locked[], lineOf: LineFinder): Finding[] {
  const key = ({ name, version }: Locked): string => `${name}@${version}`;
  const pins = Map.groupBy(
    before.filter(({ integrity }) => integrity),
    key,
  );
  const findings = now.flatMap((one): Finding[] => {
    const old = pins.get(key(one));
    if (!old) return [];
    if (!one.integrity) {
      return [
        {
          path,
          line: lineOf(one.name),
          rule: 'lockfile-integrity',
          severity: 'error',
          message: `${key(one)} lost its checksum`,
        },
      ];
    }
    const comparable = old.some(({ integrity }) => algorithm(integrity) === algorithm(one.integrity));
    if (!comparable || old.some(({ integrity }) => integrity === one.integrity)) return [];
    return [
      {
        path,
        line: lineOf(one.integrity),
        rule: 'lockfile-integrity',
        severity: 'error',
        message: `${key(one)} is pinned to other bytes under the same version`,
      },
    ];
  });
  return findings.slice(0, maxPerRule);
}

const algorithm = (integrity: string | undefined): string =>
  /^(sha\d+|h1|10c0|\d+)[-:/]/.exec(integrity ?? '')?.[1] ?? `${integrity?.length ?? 0}`;

function newScripts(path: string, before: readonly Locked[], now: readonly Locked[], lineOf: LineFinder): Finding[] {
  const known = new Set(before.filter(({ script }) => script).map(({ name }) => name));
  return now
    .filter(({ name, script }) => script && !known.has(name))
    .slice(0, maxPerRule)
    .map(({ name }) => ({
      path,
      line: lineOf(`/${name}"`),
      rule: 'install-script',
      severity: 'warning',
      message: `the new dependency ${name} runs code when it is installed`,
    }));
}
