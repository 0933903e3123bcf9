/** Logs as files below a directory: written beside their place, flushed, and renamed into it. */
import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { flushDir, makeDir } from '@conclave/nest-kit';
import type { LogStore } from './log-store.js';

/** What was read of a file, and as which one: another one has another inode or time. */
interface Remembered {
  readonly state: string;
  readonly bytes: Buffer;
}

/** Checkpoints that are remembered, some hundred bytes each. */
const REMEMBERED = 10_000;

/**
 * Any number of writers: a reader sees a file whole, or not yet. A checkpoint is asked for whenever its log grows: what
 * was read of it is looked at again only when the file is another one.
 */
export function fsLogStore(root: string): LogStore {
  const checkpoints = new Map<string, Remembered>();
  const readAgain = async (place: string): Promise<Buffer | undefined> => {
    const state = await stateOf(place);
    const known = checkpoints.get(place);
    if (known && known.state === state) return known.bytes;
    const bytes = await readFile(place).catch(unlessMissing);
    checkpoints.delete(place);
    // One that came after the look is read again the next time.
    if (bytes && state !== undefined) checkpoints.set(place, { state, bytes });
    if (checkpoints.size > REMEMBERED) checkpoints.delete(checkpoints.keys().next().value!);
    return bytes;
  };
  return {
    // Whoever kept it before wrote the same: files follow from the log.
    keep: (path, bytes) => write(join(root, path), bytes),
    publish: (path, note) => write(join(root, path), Buffer.from(note)),
    read: (path) =>
      basename(path) === 'checkpoint' ? readAgain(join(root, path)) : readFile(join(root, path)).catch(unlessMissing),
    forgetPartial: (path) => rm(`${join(root, path)}.p`, { recursive: true, force: true }),
  };
}

async function stateOf(place: string): Promise<string | undefined> {
  const found = await stat(place, { bigint: true }).catch(unlessMissing);
  return found && [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}

async function write(place: string, bytes: Uint8Array): Promise<void> {
  const dir = dirname(place);
  const temporary = join(dir, `.${randomUUID()}`);
  const file = await create(temporary, dir);
  try {
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, place);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushDir(dir);
}

/** Most have their directory already. */
async function create(place: string, dir: string): Promise<FileHandle> {
  const file = await open(place, 'wx', 0o644).catch(unlessMissing);
  if (file) return file;
  await makeDir(dir);
  return open(place, 'wx', 0o644);
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
