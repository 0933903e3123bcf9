import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';

export interface DiskUse {
  readonly bytes: number;
  readonly files: number;
}

/** What a folder takes on disk. What goes away, or cannot be looked at, while it is being read counts for nothing. */
export async function diskUseOf(folder: string): Promise<DiskUse> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  let [bytes, files] = [0, entries.length];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const below = entry.isDirectory() ? await diskUseOf(path) : { bytes: 0, files: 0 };
    const blocks = await lstat(path).then(
      (stats) => stats.blocks,
      () => 0,
    );
    bytes += 512 * blocks + below.bytes;
    files += below.files;
  }
  return { bytes, files };
}

/** What is free where a folder lies: one cheap call, however much lies there. */
export async function diskFreeAt(folder: string): Promise<DiskUse> {
  const { bsize, bavail, ffree } = await statfs(folder);
  return { bytes: bsize * bavail, files: ffree };
}
