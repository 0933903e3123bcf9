import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type BlobStore } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import type { RuntimeConfig } from '../config.js';
import { unsettled } from '../engine/postgres-turns.js';
import { Changes } from '../reviews/changes.js';
import { PostgresRuns } from '../runs/postgres-runs.js';
import { removeWorkspacesOlderThan } from '../sandbox/workspace.js';
import { BLOBS } from '../uploads/blobs.js';

/** An upload is named by its row at once; this is for the time between. */
const BLOB_GRACE_MS = 24 * 3_600_000;

/**
 * Gives disk back that nobody gave back himself: repositories of runs that were canceled or whose worker died at their
 * end, working copies of processes that were killed, blobs no row names.
 */
@Injectable()
export class Housekeeping {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(Changes) private readonly changes: Changes,
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(CONFIG) private readonly config: RuntimeConfig,
  ) {}

  /** Does all that can be done. @returns what failed, which is left for the next time */
  async run(): Promise<unknown[]> {
    const done = await Promise.allSettled([this.repositories(), this.copies(), this.unnamedBlobs()]);
    return done.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  }

  private async repositories(): Promise<void> {
    const kept = await this.changes.onDisk();
    const busy = await this.db.system((tx) => unsettled(tx, kept));
    for (const runId of kept) if (!busy.has(runId)) await this.changes.close(runId);
  }

  /** A program ends with its decision at the latest: a copy that is older is nobody's. */
  private copies(): Promise<void> {
    return removeWorkspacesOlderThan(this.config.SANDBOX_DIR, 2 * this.config.REVIEW_DEADLINE_MS);
  }

  private async unnamedBlobs(): Promise<void> {
    await this.blobs.sweep({
      graceMs: BLOB_GRACE_MS,
      referenced: (tenantId, sha256s) => this.runs.namedBlobs(tenantId, sha256s),
    });
  }
}
