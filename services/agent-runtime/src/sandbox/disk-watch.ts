import { type DiskUse, diskFreeAt, diskUseOf } from './disk-use.js';

/** The part of the time that goes into measuring a folder when nothing calls for it. */
const IDLE_SHARE = 1 / 20;

/**
 * Watches how much a command adds to its folder.
 *
 * What is free on the disk is asked each time, which costs nothing; the folder itself is measured when that shrank by
 * more than the command may take, for others write to the disk as well, and now and then, for others free some. When no
 * more is left than one command may take, nobody is measured: files that were removed while open are in no folder.
 */
export class DiskWatch {
  private readonly start: Promise<{ readonly free: DiskUse; readonly use: DiskUse }>;
  private dueAt = 0;

  constructor(
    private readonly folder: string,
    private readonly limit: DiskUse,
  ) {
    this.start = this.begin();
    this.start.catch(() => undefined);
  }

  /** Why the command must stop, if it must: for what it took since the watch began, or because the disk is nearly full. */
  async check(): Promise<'too-much' | 'disk-full' | undefined> {
    const { limit } = this;
    const start = await this.start;
    const free = await diskFreeAt(this.folder);
    const more = (now: DiskUse, before: DiskUse): boolean =>
      now.bytes - before.bytes > limit.bytes || now.files - before.files > limit.files;
    const shrank = more(start.free, free);
    if (!shrank && performance.now() < this.dueAt) return undefined;
    if (more(await this.measure(), start.use)) return 'too-much';
    return shrank && free.bytes < limit.bytes ? 'disk-full' : undefined;
  }

  private async begin() {
    return { free: await diskFreeAt(this.folder), use: await this.measure() };
  }

  private async measure(): Promise<DiskUse> {
    const from = performance.now();
    const use = await diskUseOf(this.folder);
    const until = performance.now();
    this.dueAt = until + (until - from) / IDLE_SHARE;
    return use;
  }
}
