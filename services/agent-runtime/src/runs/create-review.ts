import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, newId, runtime, type RequestOf, type Run } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Bells } from '../engine/bells.js';
import { createRuns } from '../engine/postgres-create.js';
import { COORDINATOR } from '../reviews/coordinator.js';
import { PostgresRuns } from './postgres-runs.js';
import { starterOf } from './start-run.js';

type Request = RequestOf<typeof runtime.createReview>;

/** Accepts a review: the run and its first turn exist when this returns, and work on it has not begun. */
@Injectable()
export class CreateReview {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(Bells) private readonly bells: Bells,
  ) {}

  run(ctx: RequestContext, request: Request): Promise<Run> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, runtime.createReview, request, async () => {
        const upload = await tx.one('select sha256 from upload where tenant_id = $1 and sha256 = $2', [
          ctx.tenantId,
          request.bundle,
        ]);
        if (!upload) throw new ConclaveError('runtime.upload.not-found', { bundle: request.bundle });
        if (request.panel) {
          const panel = await tx.one('select package from installed_panel where tenant_id = $1 and package = $2', [
            ctx.tenantId,
            request.panel,
          ]);
          if (!panel) throw new ConclaveError('runtime.panel.not-installed', { panel: request.panel });
        }
        const id = newId('run');
        const title =
          request.title ??
          `${request.repository} ${request.base.slice(0, 8)}..${request.head.slice(0, 8)}`.slice(0, 120);
        const run = { ...starterOf(ctx), id, kind: 'review', title };
        await createRuns(tx, [{ ...run, agent: COORDINATOR, input: { ...request } }]);
        tx.afterCommit(() => {
          this.db.emitted();
          this.bells.ready();
        });
        return this.runs.getIn(tx, ctx, id);
      }),
    );
  }
}
