/**
 * Debian packages without root: the resolver says what is missing here, `apt-get download` fetches it with a private
 * cache, `dpkg-deb -x` unpacks it below the user's own directory, and a wrapper per program sets the library path.
 * Nothing of the system is changed; maintainer scripts do not run.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from '../processes/run.js';
import { packagesOf } from './install-apt.js';
import type { Installer } from './installer.js';
import { toolCache } from './tool-cache.js';
import { tools } from './tools.js';
import { writeWrapper } from './wrapper.js';

/** Large, and used only when PostgreSQL compiles queries, which ours does not. */
const UNUSED = /^libllvm/;

export const rootlessInstaller: Installer = {
  title: 'apt-get download',
  async offers(wanted) {
    const usable =
      (await run('apt-get', ['--version'])).code === 0 && (await run('dpkg-deb', ['--version'])).code === 0;
    return usable ? wanted : [];
  },
  async install(wanted) {
    const packages = packagesOf(wanted);
    const debs = join(toolCache(), 'debs');
    // Lists a few weeks old name files that the mirror no longer has.
    await download(packages, debs, await privateApt(toolCache())).catch(async () =>
      download(packages, debs, await privateApt(toolCache(), { fresh: true })),
    );
    const unpacked = join(toolCache(), 'debian');
    mkdirSync(unpacked, { recursive: true });
    for (const file of readdirSync(debs).filter((name) => name.endsWith('.deb')))
      await mustRun('dpkg-deb', ['-x', join(debs, file), unpacked]);
    rmSync(debs, { recursive: true });
    for (const name of wanted) for (const names of tools[name].programs) wrapFirst(unpacked, names);
  },
};

async function download(packages: readonly string[], debs: string, apt: readonly string[]): Promise<void> {
  const simulated = await mustRun('apt-get', [...apt, '-s', 'install', '--no-install-recommends', ...packages]);
  const missing = packagesToInstall(simulated);
  if (missing.length === 0) throw new Error('the version this distribution has is installed and does not do.');
  rmSync(debs, { recursive: true, force: true });
  mkdirSync(debs, { recursive: true });
  await mustRun('apt-get', [...apt, 'download', ...missing], { cwd: debs });
}

/** `name=version` of every package the simulated installation would add or upgrade. */
export function packagesToInstall(simulated: string): readonly string[] {
  const lines = simulated.matchAll(/^Inst (\S+) (?:\[[^\]]*\] )?\((\S+) /gm);
  return [...lines].flatMap(([, name = '', version = '']) => (UNUSED.test(name) ? [] : [`${name}=${version}`]));
}

/** Options that keep apt's caches, and where the machine's lists are missing or too old its lists too, below `cache`. */
async function privateApt(cache: string, { fresh = false } = {}): Promise<readonly string[]> {
  const own = join(cache, 'apt');
  for (const dir of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(own, dir), { recursive: true });
  const options = ['-q', '-o', 'Debug::NoLocking=1', '-o', `Dir::Cache=${own}/cache`];
  if (!fresh && hasLists('/var/lib/apt/lists')) return options;
  const withLists = [...options, '-o', `Dir::State::lists=${own}/lists`];
  if (fresh || !hasLists(join(own, 'lists'))) await mustRun('apt-get', [...withLists, 'update']);
  return withLists;
}

const hasLists = (dir: string) => existsSync(dir) && readdirSync(dir).some((file) => file.includes('_Packages'));

function wrapFirst(unpacked: string, names: readonly string[]): void {
  const dirs = [
    'usr/lib/chromium',
    ...below(unpacked, 'usr/lib/postgresql').map((dir) => `${dir}/bin`),
    'usr/bin',
    'usr/sbin',
  ];
  const program = names
    .flatMap((name) => dirs.map((dir) => join(unpacked, dir, name)))
    .find((file) => existsSync(file));
  if (!program) return;
  const name = names.find((candidate) => program.endsWith(`/${candidate}`)) ?? '';
  writeWrapper(join(toolCache(), 'bin', name), program, environmentOf(unpacked, name));
}

function environmentOf(unpacked: string, program: string): Readonly<Record<string, string>> {
  const architectures = ['usr/lib', 'lib']
    .flatMap((dir) => below(unpacked, dir))
    .filter((dir) => dir.includes('-linux-'));
  const libraries = architectures.flatMap((dir) => [
    dir,
    ...below(unpacked, dir).filter((sub) => hasLibraries(unpacked, sub)),
  ]);
  const gitParts = { GIT_EXEC_PATH: 'usr/lib/git-core', GIT_TEMPLATE_DIR: 'usr/share/git-core/templates' };
  return {
    LD_LIBRARY_PATH: libraries.map((dir) => join(unpacked, dir)).join(':'),
    ...(program === 'git'
      ? Object.fromEntries(Object.entries(gitParts).map(([k, dir]) => [k, join(unpacked, dir)]))
      : {}),
  };
}

const hasLibraries = (base: string, dir: string) =>
  readdirSync(join(base, dir)).some((file) => /^lib.+\.so/.test(file));

function below(base: string, dir: string): readonly string[] {
  const path = join(base, dir);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((entry) => statSync(join(path, entry), { throwIfNoEntry: false })?.isDirectory())
    .map((entry) => `${dir}/${entry}`);
}
