import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportTree } from '@conclave/connectors';
import { SANDBOX_UID } from './sandbox.js';

const run = promisify(execFile);

/**
 * A fresh copy of one commit that a sandboxed command may write to, removed afterwards. Its folder is reachable by the
 * sandbox's user alone.
 */
export async function withWorkspace<T>(
  root: string,
  repository: string,
  commit: string,
  work: (dir: string) => Promise<T>,
): Promise<T> {
  await mkdir(root, { recursive: true, mode: 0o711 });
  const place = await mkdtemp(join(root, 'w-'));
  const dir = join(place, 'work');
  try {
    await exportTree(repository, commit, dir);
    if (process.getuid?.() === 0) {
      await run('chown', ['-hR', `${SANDBOX_UID}:${SANDBOX_UID}`, dir]);
      await chown(place, SANDBOX_UID, SANDBOX_UID);
    }
    await chmod(place, 0o700);
    return await work(dir);
  } finally {
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
  }
}
