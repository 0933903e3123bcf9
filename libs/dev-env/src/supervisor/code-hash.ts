import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../paths.js';

/**
 * One hash over all code a process of this folder runs: its compiled output, that of the workspace packages it depends
 * on, and the lockfile for everything else. Two equal hashes mean a restart would change nothing.
 */
export function codeHash(folder: string): string {
  const hash = createHash('sha256').update(readFileSync(join(repositoryRoot, 'package-lock.json')));
  for (const part of [...closure(folder)].sort()) {
    const dist = join(repositoryRoot, part, 'dist');
    const files = existsSync(dist) ? readdirSync(dist, { recursive: true, encoding: 'utf8' }).sort() : [];
    for (const file of files.filter(isRunnable))
      hash.update(`\0${part}/${file}\0`).update(readFileSync(join(dist, file)));
  }
  return hash.digest('hex');
}

const isRunnable = (file: string) => /\.(js|html|css)$/.test(file) && !/\.i?(test|spec)\.js$/.test(file);

function closure(folder: string, seen = new Set<string>()): Set<string> {
  if (seen.has(folder)) return seen;
  seen.add(folder);
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const name of Object.keys(manifest.dependencies ?? {}))
    if (name.startsWith('@conclave/')) closure(name.replace('@conclave/', 'libs/'), seen);
  return seen;
}
