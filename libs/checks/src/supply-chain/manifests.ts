/** The dependencies a manifest declares, by ecosystem. */
import { nameOf } from '../source/file-kind.js';
import { shortLines } from '../source/introduced.js';
import { jsonObject, objectOf, stringsOf } from './json-value.js';

export type Ecosystem = 'npm' | 'cargo' | 'go' | 'python' | 'pip' | 'pipenv' | 'composer' | 'bundler';

/** Names with what is asked of them: a range, an address, or the raw declaration. */
export type Dependencies = Map<string, string>;

const manifests: readonly (readonly [RegExp, Ecosystem])[] = [
  [/^package\.json$/, 'npm'],
  [/^Cargo\.toml$/, 'cargo'],
  [/^go\.mod$/, 'go'],
  [/^pyproject\.toml$/, 'python'],
  [/^requirements[^/]*\.(in|txt)$/, 'pip'],
  [/^Pipfile$/, 'pipenv'],
  [/^composer\.json$/, 'composer'],
  [/^Gemfile$/, 'bundler'],
];

/** Which ecosystem a manifest belongs to. */
export const ecosystemOf = (path: string): Ecosystem | undefined =>
  manifests.find(([name]) => name.test(nameOf(path)))?.[1];

/** What a manifest asks for; empty when it cannot be read. */
export function dependenciesOf(path: string, text: string | undefined): Dependencies {
  const readers: Record<Ecosystem, (text: string) => Dependencies> = {
    npm: npmDependencies,
    cargo: (toml) => tomlTables(toml, /^(?:target\..*\.)?(?:workspace\.)?(?:dev-|build-)?dependencies$/),
    go: goRequirements,
    python: pythonDependencies,
    pip: requirements,
    pipenv: (toml) => tomlTables(toml, /^(?:dev-)?packages$/),
    composer: composerRequirements,
    bundler: gems,
  };
  const ecosystem = ecosystemOf(path);
  return ecosystem && text !== undefined ? readers[ecosystem](shortLines(text)) : new Map<string, string>();
}

const npmTables = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

function npmDependencies(text: string): Dependencies {
  const manifest = jsonObject(text);
  return new Map<string, string>(npmTables.flatMap((table) => [...stringsOf(manifest?.[table])]));
}

function composerRequirements(text: string): Dependencies {
  const manifest = jsonObject(text);
  const all = ['require', 'require-dev'].flatMap((table) => [...stringsOf(manifest?.[table])]);
  return new Map(all.filter(([name]) => name.includes('/')));
}

/** `[table]` sections of TOML with their `key = value` lines; `[table.key]` sections count as one value. */
function tomlTables(text: string, wanted: RegExp): Dependencies {
  const found: Dependencies = new Map();
  let table = '';
  for (const line of text.split('\n')) {
    const header = /^\s*\[+\s*([^\]]+?)\s*\]+/.exec(line)?.[1];
    if (header !== undefined) table = header.replace(/["']/g, '');
    const cut = table.lastIndexOf('.');
    const [, key, value] = /^\s*["']?([\w.-]+)["']?\s*=\s*(.*?)\s*(?:#.*)?$/.exec(line) ?? [];
    if (header !== undefined || !key || value === undefined) continue;
    if (wanted.test(table)) found.set(key, value.replace(/^["']|["']$/g, ''));
    else if (wanted.test(table.slice(0, cut))) {
      const name = table.slice(cut + 1);
      found.set(name, `${found.get(name) ?? ''}${key} = ${value} `);
    }
  }
  return found;
}

/** The name at the start of a requirement (PEP 508), normalised as PEP 503 says. */
function requirement(text: string): readonly [string, string] | undefined {
  const [, name, rest = ''] = /^\s*([A-Za-z0-9][\w.-]*)\s*(.*)$/.exec(text) ?? [];
  return name ? [name.toLowerCase().replace(/[-_.]+/g, '-'), rest.replace(/\s+/g, '')] : undefined;
}

function pythonDependencies(text: string): Dependencies {
  const poetry = tomlTables(text, /^tool\.poetry\.(?:dev-dependencies|dependencies|group\.[\w-]+\.dependencies)$/);
  poetry.delete('python');
  const listed = tomlLists(
    text,
    /^(?:project\.dependencies|project\.optional-dependencies\..*|dependency-groups\..*)$/,
  );
  return new Map([...poetry, ...listed.map(requirement).filter((one) => one !== undefined)]);
}

/** The quoted items of lists whose `table.key` is wanted. */
function tomlLists(text: string, wanted: RegExp): string[] {
  const items: string[] = [];
  let table = '';
  let open = false;
  for (const line of text.split('\n')) {
    table = open ? table : (/^\s*\[+\s*([^\]]+?)\s*\]+\s*$/.exec(line)?.[1] ?? table);
    const opening = open ? null : /^\s*["']?([\w-]+)["']?\s*=\s*\[(.*)$/.exec(line);
    const start: string = opening?.[2] ?? line;
    const key = opening?.[1] ?? '';
    if (!open && !(opening && wanted.test(`${table}.${key}`))) continue;
    items.push(...[...start.matchAll(/"([^"]+)"|'([^']+)'/g)].map(([, double, single]) => double ?? single ?? ''));
    open = !start.replace(/"[^"]*"|'[^']*'|#.*$/g, '').includes(']');
  }
  return items;
}

function requirements(text: string): Dependencies {
  const lines = text.split('\n').map((line) => line.replace(/\s+#.*$|^#.*$/, '').trim());
  const named = lines.map((line) => {
    const address = /^(?:-e\s+)?((?:git\+|https?:)\S+?)(?:#egg=([\w.-]+))?$/.exec(line);
    return address
      ? ([address[2] ?? address[1] ?? '', address[1] ?? ''] as const)
      : line.startsWith('-')
        ? undefined
        : requirement(line);
  });
  return new Map(named.filter((one) => one !== undefined));
}

function goRequirements(text: string): Dependencies {
  const blocks = [...text.matchAll(/^require\s*\(([^)]*)\)/gm)].flatMap(([, block = '']) => block.split('\n'));
  const single = [...text.matchAll(/^require\s+([^(\n]+)$/gm)].map(([, line = '']) => line);
  const named = [...blocks, ...single].map((line) => /^\s*(\S+)\s+(v\S+)/.exec(line));
  return new Map(named.flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? ''] as const] : [])));
}

function gems(text: string): Dependencies {
  const lines = text.split('\n').map((line) => /^\s*gem\s+["']([^"']+)["']\s*,?\s*(.*?)\s*(?:#.*)?$/.exec(line));
  return new Map(lines.flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? ''] as const] : [])));
}

/** The name a package of a workspace goes by. */
export const packageName = (text: string): string | undefined => {
  const name = objectOf(jsonObject(text))?.['name'];
  return typeof name === 'string' ? name : undefined;
};
