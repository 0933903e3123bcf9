import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, type ReplyOf, type RequestOf, type runtime } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Changes } from '../reviews/changes.js';
import { PostgresRuns } from './postgres-runs.js';

const MAX_LINES = 5_000;
type Diff = ReplyOf<typeof runtime.getRunDiff>;

/** The change as the panel saw it, for a diff view; long ones are cut and say so. */
@Injectable()
export class ReadDiff {
  constructor(
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(Changes) private readonly changes: Changes,
  ) {}

  /** @throws ConclaveError `runtime.run.not-found` | `runtime.run.no-result` before the change was read */
  async run(ctx: RequestContext, id: string): Promise<Diff> {
    const review = await this.runs.input<RequestOf<typeof runtime.createReview>>(ctx, id);
    if (!(await this.runs.rootStep(ctx, id, 'prepare'))) throw new ConclaveError('runtime.run.no-result', { id });
    const { change } = await this.changes.open({ tenantId: ctx.tenantId, runId: id, review });
    let lines = 0;
    const files: Diff['files'] = [];
    for (const file of change.files) {
      const hunks = file.hunks.map((h) => ({
        oldStart: h.oldStart,
        newStart: h.newStart,
        lines: [...h.removed.map((l) => `-${l}`), ...h.added.map((l) => `+${l}`)],
      }));
      lines += hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0);
      if (lines > MAX_LINES) return { truncated: true, files };
      files.push({
        path: file.path,
        ...(file.oldPath === undefined ? {} : { oldPath: file.oldPath }),
        status: file.status,
        binary: file.binary,
        hunks,
      });
    }
    return { truncated: false, files };
  }
}
