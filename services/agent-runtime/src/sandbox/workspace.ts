import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportTree } from '@conclave/connectors';
import { isRoot } from './bubblewrap.js';

const run = promisify(execFile);
/** Users nobody is, one per copy in turn: the kernel counts processes by user, and copies must not count for each other. */
const users = { first: 2_000_000, count: 100_000 };
let next = process.pid % users.count;

/** A fresh copy of one commit that a sandboxed command may write to, removed afterwards. */
export const withWorkspace = <T>(
  root: string,
  repository: string,
  commit: string,
  work: (dir: string) => Promise<T>,
): Promise<T> => withFolder(root, (dir) => exportTree(repository, commit, dir), work);

/**
 * A fresh folder for a sandboxed command, filled by `fill` and removed afterwards; reachable by the sandbox's user alone.
 */
export async function withFolder<T>(
  root: string,
  fill: (dir: string) => Promise<unknown>,
  work: (dir: string) => Promise<T>,
): Promise<T> {
  await mkdir(root, { recursive: true, mode: 0o711 });
  const place = await mkdtemp(join(root, 'w-'));
  const dir = join(place, 'work');
  try {
    await mkdir(dir);
    await fill(dir);
    if (isRoot) {
      const uid = users.first + (next++ % users.count);
      await run('chown', ['-hR', `${uid}:${uid}`, place]);
    }
    return await work(dir);
  } finally {
    await remove(place);
  }
}

/** Removes copies whose process was killed before it could. */
export async function removeWorkspacesOlderThan(root: string, ageMs: number): Promise<void> {
  const names = await readdir(root).catch(() => []);
  for (const name of names.filter((one) => one.startsWith('w-'))) {
    const made = await stat(join(root, name)).catch(() => undefined);
    if (made && made.mtimeMs < Date.now() - ageMs) await remove(join(root, name));
  }
}

/** A command may have taken away its owner's own rights to a folder; an ordinary user must give them back first. */
async function remove(place: string): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 3 } as const;
  await rm(place, options).catch(async () => {
    await run('chmod', ['-R', 'u+rwX', place]);
    await rm(place, options);
  });
}
