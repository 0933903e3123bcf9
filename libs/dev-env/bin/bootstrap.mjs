/**
 * From a bare checkout to compiled code: runs on Node 20 with nothing installed, and leaves the rest to Node 24, which
 * npm brings as a package. Registry, proxy and certificates are whatever the user's npm is configured with.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { oneFileOf } from '../../cli/bin/one-file.mjs';
import { alone } from './alone.mjs';
import { phase } from './phase.mjs';

export const root = resolve(fileURLToPath(import.meta.url), '../../../..');
const stateDir = process.env.CONCLAVE_STATE_DIR ?? join(root, '.conclave');
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.conclave-lock');
const brought = join(modules, '.bin', 'node');
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
const textOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** A failure whose message is all the user needs; printed without a stack. */
export class Refusal extends Error {}

/** Runs a bin file's work; a failure becomes one readable message and exit code 1. */
export async function command(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    process.stderr.write(`\n${error instanceof Refusal ? error.message : (error?.stack ?? error)}\n`);
    process.exitCode = 1;
  }
}

/** Installs and builds what is missing or stale; says nothing long when nothing is. */
export async function prepare({ projects = [], console: withConsole = true } = {}) {
  checkHost();
  const onWait = (holder) =>
    process.stdout.write(`  · Waiting for another command that is installing or building (${holder}) …\n`);
  await alone(join(stateDir, 'cache', 'prepare.lock'), onWait, async () => {
    await installPackages();
    await build(projects);
    await bundleCommand();
    if (withConsole) await buildConsole();
  });
}

/** Runs a compiled entry point under Node 24 in the foreground; resolves to its exit code. */
export async function handOver(entry, args, env = {}) {
  const child = spawn(runtime(), [join(root, entry), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CONCLAVE_STATE_DIR: stateDir, ...env },
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => undefined); // a terminal sends it to the child as well; we wait for what the child makes of it
  return new Promise((done) => child.on('close', (code, signal) => done(code ?? (signal === 'SIGINT' ? 130 : 143))));
}

function checkHost() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) throw new Refusal(`Node 20 or newer is needed; this is ${process.version}.`);
  if (process.platform !== 'linux' && process.platform !== 'darwin')
    throw new Refusal('Linux or macOS is needed (on Windows: inside WSL).');
}

async function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = sha256(lock);
  if (textOf(stampFile) !== stamp && !installedAsLocked(JSON.parse(lock)))
    await phase('Packages', async (say) => {
      say('npm ci');
      await npmCi();
      say('installed');
    });
  writeFileSync(stampFile, stamp);
  runtime();
}

/** Whether npm's own record of node_modules holds every locked package; other platforms' binaries may be missing. */
export function installedAsLocked(lock, record = textOf(join(modules, '.package-lock.json'))) {
  const installed = record ? JSON.parse(record).packages : {};
  return Object.entries(lock.packages).every(([path, wanted]) => {
    const found = installed[path];
    if (!found) return path === '' || wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** npm runs on the host's own Node, because `ci` replaces the one below node_modules. */
async function npmCi() {
  const path = (process.env.PATH ?? '').split(delimiter).filter((dir) => !dir.startsWith(modules));
  const env = { ...process.env, PATH: path.join(delimiter) };
  const version = await run('npm', ['--version'], { env }).catch(() => '');
  if (Number(version.split('.')[0]) < 9 || !version) throw new Refusal('npm 9 or newer is needed.');
  try {
    await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], { env, log: 'npm-ci.log' });
  } catch (error) {
    throw new Refusal(
      `npm ci failed. Registry, proxy and certificates come from npm's own configuration.\n${error.message}`,
    );
  }
}

/** The Node that runs everything: the one npm brought, or the host's when that is new enough. */
function runtime() {
  if (existsSync(brought)) return brought;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 9)) return process.execPath;
  throw new Refusal(
    `The package node@24 is there without its program: npm was told not to run install scripts.\n` +
      `Allow them for "node" (npm config set ignore-scripts false), remove node_modules and try again, or use Node 24.9 or newer.`,
  );
}

async function build(projects) {
  const wanted = projects.length ? projects : compiledProjects();
  await phase('Build', async (say) => {
    removeOrphans(wanted);
    const tsc = join(modules, 'typescript-native', 'bin', 'tsc');
    try {
      await run(runtime(), [tsc, '-b', ...(projects.length ? projects : ['tsconfig.json'])], { log: 'build.log' });
    } catch (error) {
      throw new Refusal(error.message);
    }
    say(projects.length ? projects.join(' ') : `${wanted.length} projects`);
  });
}

/** The command in one file; a command under way has loaded all of its own. */
async function bundleCommand() {
  const program = join(root, 'libs/cli/dist/index.js');
  const dir = dirname(oneFileOf(root));
  if (!existsSync(program) || existsSync(dir)) return;
  rmSync(dirname(dir), { recursive: true, force: true });
  const env = { ...process.env, NODE_COMPILE_CACHE: join(root, '.conclave/cache/compiled') };
  await run(runtime(), [join(root, 'libs/dev-env/bin/bundle.mjs'), dir, program], { env, log: 'command.log' });
}

/** All that is compiled and tested. */
export const compiledProjects = () =>
  JSON.parse(textOf(join(root, 'tsconfig.json'))).references.map(({ path }) => path.replace(/^\.\//, ''));

/** What tsc writes of which directory of a project; in the console `dist` is vite's, and holds no declarations. */
const outputs = [
  ['dist', 'src'],
  ['compiled/dist', ''],
];

/** tsc leaves the output of deleted sources behind; stale code must be neither run nor tested. */
export function removeOrphans(projects, base = root) {
  for (const project of projects)
    for (const [output, sources] of outputs) removeOrphansOf(join(base, project, output), join(base, project, sources));
}

function removeOrphansOf(dist, sources) {
  for (const file of filesBelow(dist)) {
    if (!file.endsWith('.d.ts')) continue;
    const stem = relative(dist, file).slice(0, -'.d.ts'.length);
    if (['.ts', '.tsx'].some((end) => existsSync(join(sources, stem + end)))) continue;
    for (const end of ['.js', '.js.map', '.d.ts']) rmSync(join(dist, stem + end), { force: true });
  }
}

/** Everything that can end up in the console's bundle. */
const consoleSources = [
  'services/console',
  ...['contracts', 'sdk', 'verify', 'audit-core', 'consensus-core'].map((l) => `libs/${l}/src`),
];

async function buildConsole() {
  const stampOfConsole = join(stateDir, 'cache', 'console.stamp');
  const stamp = treeHash(
    consoleSources.map((dir) => join(root, dir)),
    textOf(join(root, 'package-lock.json')),
  );
  if (textOf(stampOfConsole) === stamp && existsSync(join(root, 'services/console/dist/index.html'))) return;
  await phase('Console', async (say) => {
    const env = { ...process.env, PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter) };
    await run('npm', ['run', '-s', 'build', '-w', '@conclave/console'], { env, log: 'console.log' });
    writeFileSync(stampOfConsole, stamp);
    say('built');
  });
}

/** One hash over the names and bytes of all files below the directories. */
export function treeHash(dirs, salt = '') {
  const files = dirs.flatMap((dir) =>
    filesBelow(dir, ['dist', 'node_modules']).map((file) => [relative(root, file), file]),
  );
  return sha256(salt, ...files.sort().flatMap(([name, file]) => [`\0${name}\0`, readFileSync(file)]));
}

function filesBelow(dir, skipped = []) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.includes(entry.name)) return [];
    const path = join(dir, entry.name);
    return entry.isDirectory() ? filesBelow(path, skipped) : entry.isFile() ? [path] : [];
  });
}

/** Runs a program to its end; resolves to its trimmed output, refuses with the tail of it. */
function run(file, args, { env = process.env, log } = {}) {
  return new Promise((done, refuse) => {
    const chunks = [];
    const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', refuse);
    child.on('close', (code) => {
      const output = Buffer.concat(chunks).toString('utf8').trim();
      if (code === 0) return done(output);
      const kept = log && join(stateDir, 'logs', log);
      if (kept) {
        mkdirSync(join(stateDir, 'logs'), { recursive: true });
        writeFileSync(kept, output);
      }
      const tail = output.split('\n').slice(-40).join('\n');
      refuse(
        new Error(
          `${tail}\n\n${file} ${args.join(' ')} ended with code ${code}.${kept ? ` Everything it said: ${kept}` : ''}`,
        ),
      );
    });
  });
}
