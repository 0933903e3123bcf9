import { createWriteStream } from 'node:fs';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { RequestOf, runtime } from '@conclave/contracts';
import type { Change } from '@conclave/checks';
import { openBundle, readChange } from '@conclave/connectors';
import { CONFIG, type BlobStore } from '@conclave/nest-kit';
import type { RuntimeConfig } from '../config.js';
import { BLOBS } from '../uploads/blobs.js';

const REMEMBERED = 4;

export interface ReviewOfRun {
  readonly tenantId: string;
  readonly runId: string;
  readonly review: RequestOf<typeof runtime.createReview>;
}

/** A change with the bare repository it was read from. */
export interface OpenChange {
  readonly repository: string;
  readonly change: Change;
}

/**
 * The changes under review, read from their uploaded bundles. A repository on disk is a cache: any worker rebuilds it
 * from the blob, and it appears under its name only once it is whole.
 */
@Injectable()
export class Changes {
  private readonly open_ = new Map<string, Promise<OpenChange>>();

  constructor(
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(CONFIG) private readonly config: RuntimeConfig,
  ) {}

  /** @throws GitError when the bundle or the change in it is not usable */
  open(of: ReviewOfRun): Promise<OpenChange> {
    const known = this.open_.get(of.runId);
    if (known) return known;
    const opening = this.read(of);
    this.open_.set(of.runId, opening);
    opening.catch(() => this.open_.delete(of.runId));
    for (const oldest of [...this.open_.keys()].slice(0, -REMEMBERED)) this.open_.delete(oldest);
    return opening;
  }

  /** Forgets a run that has nothing left to do, on disk too. */
  async close(runId: string): Promise<void> {
    this.open_.delete(runId);
    await rm(this.folderOf(runId), { recursive: true, force: true });
  }

  /** The runs that something is kept for on disk. */
  onDisk(): Promise<string[]> {
    return readdir(this.root).catch(() => []);
  }

  private get root(): string {
    return join(this.config.DATA_DIR, 'runs');
  }

  private folderOf(runId: string): string {
    return join(this.root, runId);
  }

  private async read(of: ReviewOfRun): Promise<OpenChange> {
    const repository = await this.repositoryOf(of);
    const { base, head, intent } = of.review;
    return {
      repository,
      change: await readChange(repository, { base, head, ...(intent === undefined ? {} : { intent }) }),
    };
  }

  private async repositoryOf({ tenantId, runId, review }: ReviewOfRun): Promise<string> {
    const repository = join(this.folderOf(runId), 'repository.git');
    if (await exists(repository)) return repository;
    const building = join(this.folderOf(runId), `building-${process.pid}-${Date.now()}`);
    await mkdir(building, { recursive: true });
    try {
      const bundle = join(building, 'bundle');
      await pipeline(await this.blobs.get(tenantId, review.bundle), createWriteStream(bundle));
      await openBundle(bundle, join(building, 'repository.git'), review.shallow);
      await rename(join(building, 'repository.git'), repository).catch(async (error: unknown) => {
        if (!(await exists(repository))) throw error;
      });
      return repository;
    } finally {
      await rm(building, { recursive: true, force: true });
    }
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
