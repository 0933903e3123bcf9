import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, consensus, runtime, type RequestOf, type Run } from '@conclave/contracts';
import { KIT, type Kit, type RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Bells } from '../engine/bells.js';
import { endRun } from '../engine/postgres-control.js';
import { LiveRuns } from './live-runs.js';
import { PostgresRuns } from './postgres-runs.js';

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
        const { id, reason } = request;
        await this.runs.getIn(tx, ctx, id);
        const outside = { how: 'cancel', by: ctx.actor, verdict: ctx.verdict, reason } as const;
        const ended = await endRun(tx, { tenantId: ctx.tenantId, id }, outside);
        if (!ended.includes(id)) throw new ConclaveError('runtime.run.finished', { id });
        tx.afterCommit(() => this.tell(ended));
        return this.runs.getIn(tx, ctx, id);
      }),
    );
    if (run.decision) this.cancelDecision(ctx, run.decision);
    return run;
  }

  /** Ends all that somebody set to work in a workspace, when they are no member any more. */
  async allOf(
    tx: Tx,
    { tenantId, workspaceId, principalId }: { tenantId: string; workspaceId: string; principalId: string },
    by: string,
  ): Promise<void> {
    const theirs = await tx.query<{ id: string; decision_id: string | null }>(
      `select id, decision_id from run where tenant_id = $1 and actor = $2 and workspace_id = $3
         and state in ('queued', 'running', 'parked', 'paused') order by id`,
      [tenantId, principalId, workspaceId],
    );
    if (theirs.length === 0) return;
    const outside = { how: 'cancel', by, reason: 'whoever started it is no member any more' } as const;
    const ended: string[] = [];
    for (const { id } of theirs) ended.push(...(await endRun(tx, { tenantId, id }, outside)));
    tx.afterCommit(() => {
      this.tell(ended);
      for (const { decision_id } of theirs) if (decision_id !== null) this.cancelDecision({ tenantId }, decision_id);
    });
  }

  private tell(ended: readonly string[]): void {
    this.db.emitted();
    for (const id of ended) this.live.changed(id);
    this.bells.ended(ended);
    this.bells.ready();
  }

  /** A courtesy: without it the decision ends at its own deadline. The runtime opened it, so the runtime cancels it. */
  private cancelDecision(ctx: Pick<RequestContext, 'tenantId'>, decision: string): void {
    const claims = { tenantId: ctx.tenantId, onBehalfOf: 'service:runtime' };
    this.kit.rpc
      .callAsService(consensus.cancelDecision, claims, {
        id: decision,
        reason: 'the run that asked for it was canceled',
      })
      .catch((error: unknown) => this.kit.log.info({ err: error, decision }, 'decision left to its deadline'));
  }
}
