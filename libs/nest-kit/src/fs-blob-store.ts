/** Blobs as files: `<root>/<tenant>/<first two digits>/<digest>`, written beside it and renamed into place. */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { access, link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { idOf } from '@conclave/contracts';
import { BlobError, type BlobRef, type BlobStore, type PutOptions, type SweepOptions } from './blob-store.js';
import { flushDir, makeDir } from './durable-dir.js';

const DEFAULT_LIMIT_BYTES = 1_073_741_824;
const SWEEP_BATCH = 500;
/** Unfinished writes; no digest has this name. */
const INCOMING = 'incoming';

export interface FsBlobStoreOptions {
  readonly limitBytes?: number;
}

/** A store below `root`, which is created on first use. One writer or many: every step is safe beside the others. */
export function fsBlobStore(root: string, options: FsBlobStoreOptions = {}): BlobStore {
  return new FsBlobStore(root, options.limitBytes ?? DEFAULT_LIMIT_BYTES);
}

class FsBlobStore implements BlobStore {
  constructor(
    private readonly root: string,
    private readonly limitBytes: number,
  ) {}

  async put(
    tenantId: string,
    content: Uint8Array | AsyncIterable<Uint8Array>,
    { limitBytes = this.limitBytes }: PutOptions = {},
  ): Promise<BlobRef> {
    const incoming = join(this.tenantDir(tenantId), INCOMING);
    await makeDir(incoming);
    const temporary = join(incoming, randomUUID());
    try {
      const blob = await writeFlushed(temporary, content, limitBytes);
      const dir = join(this.tenantDir(tenantId), blob.sha256.slice(0, 2));
      await makeDir(dir);
      await rename(temporary, join(dir, blob.sha256));
      await flushDir(dir);
      return blob;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async get(tenantId: string, sha256: string): Promise<Readable> {
    const file = createReadStream(this.pathOf(tenantId, sha256));
    try {
      await once(file, 'open');
    } catch (error) {
      throw isMissing(error) ? new BlobError('missing', { sha256 }) : error;
    }
    const content = Readable.from(verified(file, sha256), { objectMode: false });
    // A generator that was never asked does not end its source.
    return content.once('close', () => file.destroy());
  }

  has(tenantId: string, sha256: string): Promise<boolean> {
    return access(this.pathOf(tenantId, sha256)).then(
      () => true,
      () => false,
    );
  }

  async sweep({ graceMs, referenced }: SweepOptions): Promise<{ removed: number; removedBytes: number }> {
    const before = Date.now() - graceMs;
    const total = { removed: 0, removedBytes: 0 };
    for (const tenantId of await names(this.root)) {
      // A volume has files of its own, such as `lost+found`.
      if (!tenantSchema.safeParse(tenantId).success) continue;
      await this.removeUnfinished(tenantId, before);
      const old = await this.olderThan(tenantId, before);
      for (let i = 0; i < old.length; i += SWEEP_BATCH) {
        const batch = old.slice(i, i + SWEEP_BATCH);
        const kept = await referenced(tenantId, batch);
        for (const sha256 of batch) {
          const removedBytes = kept.has(sha256) ? undefined : await this.remove(tenantId, sha256, before);
          if (removedBytes === undefined) continue;
          total.removed += 1;
          total.removedBytes += removedBytes;
        }
      }
    }
    return total;
  }

  forget(tenantId: string): Promise<void> {
    return rm(this.tenantDir(tenantId), { recursive: true, force: true });
  }

  private async olderThan(tenantId: string, before: number): Promise<string[]> {
    const found: string[] = [];
    for (const prefix of await names(this.tenantDir(tenantId))) {
      if (prefix === INCOMING) continue;
      for (const sha256 of await names(join(this.tenantDir(tenantId), prefix))) {
        const file = await statOf(this.pathOf(tenantId, sha256));
        if (file && file.mtimeMs < before) found.push(sha256);
      }
    }
    return found;
  }

  /**
   * Looks at the file's age again, before and after it took it away: a `put` of the same content may have renewed it
   * since the rows were asked, and then it stays, or goes back.
   */
  private async remove(tenantId: string, sha256: string, before: number): Promise<number | undefined> {
    const path = this.pathOf(tenantId, sha256);
    const file = await statOf(path);
    if (!file || file.mtimeMs >= before) return undefined;
    const taken = join(this.tenantDir(tenantId), INCOMING, randomUUID());
    try {
      await rename(path, taken);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    const { mtimeMs, size } = await stat(taken);
    const renewed = mtimeMs >= before;
    if (renewed) await link(taken, path).catch(unlessExists);
    await rm(taken);
    return renewed ? undefined : size;
  }

  private async removeUnfinished(tenantId: string, before: number): Promise<void> {
    const dir = join(this.tenantDir(tenantId), INCOMING);
    for (const name of await names(dir)) {
      const file = await statOf(join(dir, name));
      if (file && file.mtimeMs < before) await rm(join(dir, name), { force: true });
    }
  }

  /** Ids and digests come from requests: only their exact shape may become part of a path. */
  private tenantDir(tenantId: string): string {
    return join(this.root, tenantSchema.parse(tenantId));
  }

  private pathOf(tenantId: string, sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new BlobError('missing', { sha256 });
    return join(this.tenantDir(tenantId), sha256.slice(0, 2), sha256);
  }
}

const tenantSchema = idOf('tenant');

async function writeFlushed(
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<BlobRef> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  // Opened first: a stream that fails early would still make the file after the caller removed it.
  const file = await open(path, 'wx', 0o600);
  await pipeline(
    content instanceof Uint8Array ? [content] : content,
    async function* (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
      for await (const chunk of chunks) {
        sizeBytes += chunk.length;
        if (sizeBytes > limitBytes) throw new BlobError('too-large', { limitBytes });
        hash.update(chunk);
        yield chunk;
      }
    },
    file.createWriteStream({ flush: true }),
  );
  return { sha256: hash.digest('hex'), sizeBytes };
}

async function* verified(chunks: AsyncIterable<Buffer>, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== sha256) throw new BlobError('corrupt', { sha256 });
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

function unlessExists(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

const names = (dir: string): Promise<string[]> =>
  readdir(dir).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });

const statOf = (path: string) =>
  stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
