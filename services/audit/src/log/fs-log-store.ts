/** Logs as files below a directory: written beside their place, flushed, and renamed into it. */
import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushDir, makeDir } from '@conclave/nest-kit';
import type { LogStore } from './log-store.js';

/** Any number of writers: a reader sees a file whole, or not yet. */
export function fsLogStore(root: string): LogStore {
  return {
    async keep(path, bytes) {
      const place = join(root, path);
      if (!(await sameFile(place, bytes))) await write(place, bytes);
    },
    publish: (path, note) => write(join(root, path), Buffer.from(note)),
    read: (path) => readFile(join(root, path)).catch(unlessMissing),
    forgetPartial: (path) => rm(`${join(root, path)}.p`, { recursive: true, force: true }),
  };
}

async function sameFile(place: string, bytes: Uint8Array): Promise<boolean> {
  return (await readFile(place).catch(unlessMissing))?.equals(bytes) ?? false;
}

async function write(place: string, bytes: Uint8Array): Promise<void> {
  const dir = dirname(place);
  await makeDir(dir);
  const temporary = join(dir, `.${randomUUID()}`);
  try {
    const file = await open(temporary, 'wx', 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, place);
  } finally {
    await rm(temporary, { force: true });
  }
  await flushDir(dir);
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
