/** The code services run: bundled once per build, with what V8 compiled of it kept beside. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../paths.js';

/** In the checkout, wherever its state is kept: some packages look for others at run time, in the folders above them. */
const cacheDir = join(repositoryRoot, '.conclave', 'cache');

/** `NODE_COMPILE_CACHE` of every service. */
export const compileCacheDir = join(cacheDir, 'compiled');

/** The newest ones stay: a service of an earlier build that crashes starts again from its own. */
const KEPT = 3;

const ours: BundleHome = {
  services: join(repositoryRoot, 'services'),
  bundles: join(cacheDir, 'bundles'),
  compiled: compileCacheDir,
};

interface BundleHome {
  readonly services: string;
  readonly bundles: string;
  readonly compiled: string;
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
    for (const old of byAge(home.bundles).slice(KEPT - 1)) rmSync(old, { recursive: true, force: true });
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

/** Newest first. */
function byAge(dir: string): readonly string[] {
  const paths = readdirSync(dir).map((name) => join(dir, name));
  return paths.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}
