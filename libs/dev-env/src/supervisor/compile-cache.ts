/**
 * Compiled code kept on disk saves each service a quarter of its start. It is written here, once per build and by one
 * process: services that start together on an empty cache would each write all of it as they end, which takes seconds.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot, stateDir } from '../paths.js';

/** `NODE_COMPILE_CACHE` of every service. */
export const compileCacheDir = join(stateDir, 'cache', 'compiled');

const FLUSH = `
for (const url of process.argv.slice(1)) await import(url);
(await import('node:module')).flushCompileCache();
process.exit(0);
`;

/** Fills the cache for the build that `hash` names, unless it was. Without it services start all the same, later. */
export function fillCompileCache(folders: readonly string[], hash: string): Promise<void> {
  const stamp = join(compileCacheDir, 'filled');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return Promise.resolve();
  const modules = folders.flatMap((folder) => modulesOf(join(repositoryRoot, 'services', folder, 'dist')));
  const args = ['--input-type=module', '-e', FLUSH, ...modules.map((file) => pathToFileURL(file).href)];
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCacheDir };
  const filler = spawn(process.execPath, args, { env, stdio: 'ignore' });
  return new Promise((done) => {
    filler.once('error', () => done());
    filler.once('exit', (code) => {
      if (code === 0) writeFileSync(stamp, hash);
      done();
    });
  });
}

/** A service's Nest module leads to all of its code and runs none of it. */
function modulesOf(dist: string): readonly string[] {
  if (!existsSync(dist)) return [];
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.module.js')).map((file) => join(dist, file));
}
