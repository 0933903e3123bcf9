import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, consensus, events, runtime, type RequestOf, type Run } from '@conclave/contracts';
import { KIT, type Kit, type RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Bells } from '../engine/bells.js';
import { endRun } from '../engine/postgres-control.js';
import { LiveRuns } from './live-runs.js';
import { PostgresRuns } from './postgres-runs.js';
import { usageOf } from './postgres-usage.js';

/** Ends a run now; what is under way is aborted and its open decision canceled. */
@Injectable()
export class CancelRun {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(LiveRuns) private readonly live: LiveRuns,
    @Inject(Bells) private readonly bells: Bells,
    @Inject(KIT) private readonly kit: Kit,
  ) {}

  async run(ctx: RequestContext, request: RequestOf<typeof runtime.cancelRun>): Promise<Run> {
    const run = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, runtime.cancelRun, request, async () => {
        await this.runs.getIn(tx, ctx, request.id);
        const { reason } = request;
        if (!(await endRun(tx, { tenantId: ctx.tenantId, id: request.id }, 'cancel', reason ? { reason } : {})))
          throw new ConclaveError('runtime.run.finished', { id: request.id });
        const usage = await usageOf(tx, ctx.tenantId, request.id);
        await tx.emit(events.runCanceled, { run: request.id, usage });
        return this.runs.getIn(tx, ctx, request.id);
      }),
    );
    this.live.changed(run.id);
    this.bells.ended([run.id]);
    this.bells.ready();
    if (run.decision) this.cancelDecision(ctx, run.decision);
    return run;
  }

  /** A courtesy: without it the decision ends at its own deadline. The runtime opened it, so the runtime cancels it. */
  private cancelDecision(ctx: RequestContext, decision: string): void {
    const claims = { tenantId: ctx.tenantId, onBehalfOf: 'service:runtime' };
    this.kit.rpc
      .callAsService(consensus.cancelDecision, claims, {
        id: decision,
        reason: 'the run that asked for it was canceled',
      })
      .catch((error: unknown) => this.kit.log.info({ err: error, decision }, 'decision left to its deadline'));
  }
}
