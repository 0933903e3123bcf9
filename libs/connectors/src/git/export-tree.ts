/**
 * Writes the files of a commit into a folder, by our own hand.
 *
 * No checkout: that would run smudge filters, hooks and line-ending conversion of the repository's choosing. Regular
 * files come first, each created anew and never through a symlink, symlinks last, so that no entry can write through
 * another. An entry that would leave the folder or plant a `.git` is skipped and reported.
 */
import { type FileHandle, mkdir, open, symlink } from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname, posix } from 'node:path';
import { blobChunks, readBlobs } from './blobs.js';
import { GitError } from './git-error.js';
import { pathText } from './git-path.js';
import { gitRecords } from './git-process.js';
import { resolveCommit } from './repository.js';

/** Bounds of an export; beyond one of them the code is `too-large` and the folder is incomplete. */
export interface ExportLimits {
  files: number;
  totalBytes: number;
}

/** What holds unless the caller says otherwise. */
export const defaultExportLimits: Readonly<ExportLimits> = { files: 500_000, totalBytes: 4 * 1024 * 1024 * 1024 };

/** What was written, and what was not. */
export interface ExportedTree {
  files: number;
  bytes: number;
  skipped: { path: string; reason: 'unsafe-name' | 'symlink-outside' | 'submodule' }[];
}

interface Entry {
  name: Buffer;
  mode: string;
  id: string;
  size: number;
}

/** @throws GitError `unknown-ref` | `too-large` | `timeout` | `not-a-repository` | `git-missing` */
export async function exportTree(
  repository: string,
  commit: string,
  dir: string,
  limits: Partial<ExportLimits> = {},
): Promise<ExportedTree> {
  const bounds = { ...defaultExportLimits, ...limits };
  const result: ExportedTree = { files: 0, bytes: 0, skipped: [] };
  const { files, links } = await listEntries(repository, commit, bounds, result);
  await mkdir(dir, { recursive: true });
  const folders = new Set(['.', ...[...files, ...links].map(({ name }) => dirname(latin1(name)))]);
  for (const folder of folders) await mkdir(inside(dir, Buffer.from(folder, 'latin1')), { recursive: true });
  await writeFiles(repository, dir, files);
  const targets = await readBlobs(
    repository,
    links.map(({ id }) => id),
  );
  for (const { name, id } of links) {
    const target = targets.get(id) ?? Buffer.alloc(0);
    const end = posix.join(posix.dirname(latin1(name)), latin1(target));
    const leaves = target.length === 0 || target.includes(0) || target[0] === 0x2f || /^\.\.(\/|$)/.test(end);
    if (leaves) result.skipped.push({ path: pathText(name), reason: 'symlink-outside' });
    else await symlink(target, inside(dir, name));
  }
  result.files = files.length + links.length - result.skipped.filter((s) => s.reason === 'symlink-outside').length;
  return result;
}

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');
const inside = (dir: string, name: Buffer): Buffer => Buffer.concat([Buffer.from(`${dir}/`), name]);

async function listEntries(
  repository: string,
  commit: string,
  bounds: ExportLimits,
  result: ExportedTree,
): Promise<{ files: Entry[]; links: Entry[] }> {
  const id = await resolveCommit(repository, commit);
  const files: Entry[] = [];
  const links: Entry[] = [];
  for await (const record of gitRecords(repository, ['ls-tree', '-r', '-z', '-l', '--full-tree', id])) {
    const tab = record.indexOf(9);
    const [, mode = '', blob = '', size] =
      /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)$/.exec(latin1(record.subarray(0, tab))) ?? [];
    const name = Buffer.from(record.subarray(tab + 1));
    const entry = { name, mode, id: blob, size: Number(size) || 0 };
    const reason = unsafeName(name) ? 'unsafe-name' : mode === '160000' ? 'submodule' : undefined;
    if (reason) {
      result.skipped.push({ path: pathText(name), reason });
      continue;
    }
    result.bytes += entry.size;
    (mode === '120000' ? links : files).push(entry);
    if (files.length + links.length > bounds.files) {
      throw new GitError('too-large', `the tree has more than ${bounds.files} files`);
    }
    if (result.bytes > bounds.totalBytes) {
      throw new GitError('too-large', `the tree has more than ${bounds.totalBytes} bytes`);
    }
    if (mode === '120000' && entry.size > 4096) throw new GitError('too-large', 'a symlink target is above 4096 bytes');
  }
  return { files, links };
}

/** Whether a segment climbs, is empty, or is what some file system takes for `.git` (case, trailing dots, 8.3, HFS marks). */
function unsafeName(name: Buffer): boolean {
  return name
    .toString('utf8')
    .split('/')
    .some((segment) => {
      const plain = segment.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '').toLowerCase();
      return ['', '.', '..'].includes(segment) || /^(\.git|git~1)[ .]*(:.*)?$/.test(plain);
    });
}

async function writeFiles(repository: string, dir: string, files: readonly Entry[]): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  let handle: FileHandle | undefined;
  try {
    for await (const { index, chunk, last } of blobChunks(
      repository,
      files.map(({ id }) => id),
    )) {
      const entry = files[index];
      if (!entry) continue;
      handle ??= await open(inside(dir, entry.name), flags, entry.mode === '100755' ? 0o755 : 0o644);
      await handle.write(chunk);
      if (!last) continue;
      await handle.close();
      handle = undefined;
    }
  } finally {
    await handle?.close();
  }
}
