/** The code services run: bundled once per build, with what V8 compiled of it kept beside. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../paths.js';

/** In the checkout, wherever its state is kept: some packages look for others at run time, in the folders above them. */
const cacheDir = join(repositoryRoot, '.conclave', 'cache');

/** `NODE_COMPILE_CACHE` of every service. */
export const compileCacheDir = join(cacheDir, 'compiled');

const ours: BundleHome = {
  services: join(repositoryRoot, 'services'),
  bundles: join(cacheDir, 'bundles'),
  compiled: compileCacheDir,
  kept: 20,
};

interface BundleHome {
  readonly services: string;
  readonly bundles: string;
  readonly compiled: string;
  /** So many of the newest stay: a service that crashes starts again from its own, whatever was tested since. */
  readonly kept: number;
}

/**
 * The directory with the bundled code of the build that `hash` names, one entry per folder of `services/`.
 *
 * @throws Error with what the bundler said
 */
export async function bundled(hash: string, home: BundleHome = ours): Promise<string> {
  const dir = join(home.bundles, hash.slice(0, 16));
  if (!existsSync(dir)) {
    mkdirSync(home.bundles, { recursive: true });
    for (const old of byAge(home.bundles).slice(home.kept - 1)) rmSync(old, { recursive: true, force: true });
    await bundle(dir, home);
  }
  return dir;
}

function bundle(dir: string, { services, compiled }: BundleHome): Promise<void> {
  const args = [join(repositoryRoot, 'libs/dev-env/bin/bundle.mjs'), dir, services];
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compiled };
  const bundler = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  bundler.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((done, refuse) => {
    bundler.once('error', refuse);
    bundler.once('close', (code) => {
      if (code === 0) done();
      else refuse(new Error(`The services could not be bundled (${code}):\n${said.trim()}`));
    });
  });
}

/** Newest first; what another bundler renames meanwhile is the newest. */
function byAge(dir: string): readonly string[] {
  const aged = readdirSync(dir).map((name) => {
    const path = join(dir, name);
    return { path, at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity };
  });
  return aged.sort((a, b) => (a.at === b.at ? 0 : b.at - a.at)).map(({ path }) => path);
}
