/** What lockfiles pin: versions, where they come from and what they must hash to. */
import { shortLines } from '../source/introduced.js';
import { nameOf } from '../source/file-kind.js';
import { jsonObject, objectOf, stringsOf } from './json-value.js';

/** One pinned package. */
export interface Locked {
  name: string;
  version: string;
  /** `algorithm-hash`, or whatever the format has; absent for what has none. */
  integrity?: string;
  /** The address it is fetched from, when the lockfile says so. */
  source?: string;
  /** It runs code when it is installed. */
  script?: boolean;
}

/** The pinned packages of a lockfile, in its order; empty for formats that are not read. */
export function lockedPackages(path: string, content: string | undefined): Locked[] {
  if (content === undefined) return [];
  const name = nameOf(path);
  if (name === 'package-lock.json' || name === 'npm-shrinkwrap.json') return npmLocked(content);
  if (name === 'composer.lock') return composerLocked(content);
  const text = shortLines(content);
  if (name === 'yarn.lock') return yarnLocked(text);
  if (name === 'pnpm-lock.yaml') return pnpmLocked(text);
  if (name === 'Cargo.lock' || name === 'poetry.lock' || name === 'uv.lock') return tomlLocked(text);
  if (name === 'go.sum') return goLocked(text);
  if (name === 'Gemfile.lock') return gemfileLocked(text);
  return [];
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function locked(
  name: string,
  version: unknown,
  rest: { integrity?: unknown; source?: unknown; script?: unknown },
): Locked {
  const integrity = textOf(rest.integrity);
  const source = textOf(rest.source);
  return {
    name,
    version: textOf(version) ?? '',
    ...(integrity ? { integrity } : {}),
    ...(source ? { source } : {}),
    ...(rest.script === true ? { script: true } : {}),
  };
}

function npmLocked(json: string): Locked[] {
  const lock = jsonObject(json);
  const packages = Object.entries(objectOf(lock?.['packages']) ?? objectOf(lock?.['dependencies']) ?? {});
  return packages.flatMap(([path, value]) => {
    const entry = objectOf(value);
    if (
      !entry ||
      path === '' ||
      entry['link'] === true ||
      (entry['inBundle'] === true && entry['resolved'] === undefined) ||
      (objectOf(lock?.['packages']) && !path.includes('node_modules/'))
    )
      return [];
    const name = path.split('node_modules/').at(-1) ?? path;
    return [
      locked(name, entry['version'], {
        integrity: entry['integrity'],
        source: entry['resolved'],
        script: entry['hasInstallScript'],
      }),
    ];
  });
}

/** The dependencies npm recorded for one folder of a workspace; nothing for lockfiles older than npm 7. */
export function npmRecorded(json: string | undefined, folder: string): Map<string, string> | undefined {
  const packages = objectOf(jsonObject(json)?.['packages']);
  const entry = objectOf(packages?.[folder.replace(/\/$/, '')]);
  if (!entry) return undefined;
  return new Map(
    ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((table) => [...stringsOf(entry[table])]),
  );
}

function yarnLocked(yaml: string): Locked[] {
  return yaml.split(/\n(?=\S)/).flatMap((block) => {
    const [, name] = /^"?((?:@[^@/"\s]+\/)?[^@"\s,]+)@[^\n]*:\s*\n/.exec(block) ?? [];
    if (!name || name.startsWith('#')) return [];
    const field = (pattern: RegExp): string | undefined => pattern.exec(block)?.[1];
    return [
      locked(name, field(/^\s+version:?\s+"?([^"\n]+)"?/m), {
        integrity: field(/^\s+(?:integrity|checksum:)\s+(\S+)/m),
        source: field(/^\s+resolved\s+"([^"\n]+)"/m),
      }),
    ];
  });
}

function pnpmLocked(yaml: string): Locked[] {
  return [
    ...yaml.matchAll(
      /^ {2}['"]?\/?((?:@[^@/'"\s]+\/)?[^@/'"\s]+)[@/]([^'"(:\s]+)[^\n]*:\n {4}resolution:\s*\{([^}\n]*)\}/gm,
    ),
  ].map(([, name = '', version, resolution = '']) =>
    locked(name, version, {
      integrity: /integrity:\s*([^,\s}]+)/.exec(resolution)?.[1],
      source: /tarball:\s*([^,\s}]+)/.exec(resolution)?.[1],
    }),
  );
}

function tomlLocked(toml: string): Locked[] {
  return toml
    .split(/^\[\[package\]\]\s*$/m)
    .slice(1)
    .map((block) => {
      const field = (key: string): string | undefined => new RegExp(`^${key} = "([^"]*)"`, 'm').exec(block)?.[1];
      const source = field('source') ?? /^source = \{ (?:registry|url|git) = "([^"]*)"/m.exec(block)?.[1];
      return locked(field('name') ?? '', field('version'), {
        integrity: field('checksum'),
        source: source?.replace(/^(?:registry|sparse)\+/, ''),
      });
    });
}

function goLocked(sums: string): Locked[] {
  return sums.split('\n').flatMap((line) => {
    const [name, version, integrity] = line.trim().split(/\s+/);
    return name && version ? [locked(name, version, { integrity })] : [];
  });
}

function composerLocked(json: string): Locked[] {
  const lock = jsonObject(json);
  return ['packages', 'packages-dev'].flatMap((table) => {
    const list = lock?.[table];
    return (Array.isArray(list) ? list : []).flatMap((value: unknown) => {
      const entry = objectOf(value);
      const dist = objectOf(entry?.['dist']);
      return entry
        ? [
            locked(textOf(entry['name']) ?? '', entry['version'], {
              integrity: dist?.['shasum'],
              source: dist?.['url'],
            }),
          ]
        : [];
    });
  });
}

function gemfileLocked(lock: string): Locked[] {
  return lock.split(/\n(?=[A-Z])/).flatMap((block) => {
    const source = /^\s{2}remote:\s*(\S+)/m.exec(block)?.[1];
    return [...block.matchAll(/^ {4}(\S+) \(([^)]+)\)/gm)].map(([, name = '', version]) =>
      locked(name, version, { source }),
    );
  });
}

/** The host an address is fetched from, without scheme and user. */
export const hostOf = (source: string): string | undefined =>
  /^(?:[a-z+]+:)?\/\/(?:[^@/]*@)?([^/:?#]+)/i.exec(source)?.[1]?.toLowerCase();
