import { type DiskUse, diskFreeAt, diskUseOf } from './disk-use.js';

/**
 * Watches how much a command adds to its folder.
 *
 * What is free on the disk is asked each time, which costs nothing; only when that shrank by more than the command may
 * take is the folder itself measured, for others write to the disk as well. When no more is left than one command may
 * take, nobody is measured: files that were removed while open are in no folder.
 */
export class DiskWatch {
  private start: { readonly free: DiskUse; readonly use: DiskUse } | undefined;

  constructor(
    private readonly folder: string,
    private readonly limit: DiskUse,
  ) {}

  /** Why the command must stop, if it must: for what it took since the first check, or because the disk is nearly full. */
  async check(): Promise<'too-much' | 'disk-full' | undefined> {
    const { limit } = this;
    const free = await diskFreeAt(this.folder);
    const start = (this.start ??= { free, use: await diskUseOf(this.folder) });
    const more = (now: DiskUse, before: DiskUse): boolean =>
      now.bytes - before.bytes > limit.bytes || now.files - before.files > limit.files;
    if (!more(start.free, free)) return undefined;
    if (more(await diskUseOf(this.folder), start.use)) return 'too-much';
    return free.bytes < limit.bytes ? 'disk-full' : undefined;
  }
}
