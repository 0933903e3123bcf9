import { buffer } from 'node:stream/consumers';
import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore, RequestContext } from '@conclave/nest-kit';
import type { DiffView } from '../reviews/diff-view.js';
import { PREPARE, type Prepared } from '../reviews/prepared.js';
import { BLOBS } from '../uploads/blobs.js';
import { PostgresRuns, noResult } from './postgres-runs.js';

/** The change as the panel saw it; written when the review was prepared. */
@Injectable()
export class ReadDiff {
  constructor(
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(BLOBS) private readonly blobs: BlobStore,
  ) {}

  /** @throws ConclaveError `runtime.run.not-found`; `runtime.run.no-result` or `.without-result` when the change was not read */
  async run(ctx: RequestContext, id: string): Promise<DiffView> {
    const run = await this.runs.get(ctx, id);
    const prepared = await this.runs.rootStep<Prepared>(ctx, id, PREPARE);
    if (!prepared) throw noResult(run);
    const bytes = await buffer(await this.blobs.get(ctx.tenantId, prepared.diffSha256));
    return JSON.parse(bytes.toString('utf8')) as DiffView;
  }
}
