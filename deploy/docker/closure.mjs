/**
 * Copies to a folder what the image's processes need at run time and nothing else: the workspaces behind the entries,
 * the packages reachable from their `dependencies` (npm's own pruning keeps every workspace's), the migrations and the
 * console's files. The layout stays the repository's, so module resolution stays the tested one.
 *
 *     node deploy/docker/closure.mjs /app
 */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const out = resolve(process.argv[2] ?? 'out');
const roots = ['gateway', 'auth', 'agent-runtime', 'consensus', 'audit', 'metrics', 'marketplace'];
const plain = [
  'deploy/docker',
  'deploy/nats',
  'deploy/secrets',
  'helm/conclave/files',
  'migrations',
  'services/console/dist',
  'package.json',
  'LICENSE',
];

/** Development leftovers inside packages and workspaces; licences stay. */
const dropped = [
  /\.(map|ts|mts|cts|tsbuildinfo)$/,
  /\.(spec|itest)\.js$/,
  /(^|\/)(readme|changelog|history)[^/]*\.(md|markdown|txt)$/i,
];
const workspaceOnly = /^(src|test|tests|bin|node_modules|tsconfig.*|README\.md|fixtures)$/;

const seen = new Set();

/** Where a package asked for by the module in `from` lies: the nearest `node_modules` up the tree, as Node looks. */
function locate(name, from) {
  for (let dir = from; ; dir = dirname(dir)) {
    const candidate = join(dir, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (dir === root) return undefined;
  }
}

function visit(dir) {
  const path = realpathSync(dir);
  if (seen.has(path)) return;
  seen.add(path);
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  copyPackage(path);
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const mustHave = (name) => name in dependencies && !(name in optionalDependencies);
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
    if (peerDependenciesMeta[name]?.optional && !mustHave(name)) continue;
    const found = locate(name, path);
    if (found) link(found);
    else if (mustHave(name)) throw new Error(`${manifest.name} needs ${name}, which is not installed`);
  }
}

/** A workspace stands in `node_modules` as a link, which is kept as one. */
function link(found) {
  visit(found);
  const target = join(out, relative(root, found));
  if (!lstatSync(found).isSymbolicLink() || existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(readlinkSync(found), target);
}

function copyPackage(path) {
  const inWorkspace = !path.includes('node_modules');
  cpSync(path, join(out, relative(root, path)), {
    recursive: true,
    filter: (source) => {
      const inside = relative(path, source);
      if (inWorkspace ? workspaceOnly.test(inside) : basename(inside) === 'node_modules') return false;
      return !dropped.some((pattern) => pattern.test(inside));
    },
  });
}

for (const name of roots) visit(join(root, 'services', name));
visit(join(root, 'libs', 'postgres-kit'));
for (const path of plain) cpSync(join(root, path), join(out, path), { recursive: true });
console.log(`${seen.size} packages copied to ${out}`);
