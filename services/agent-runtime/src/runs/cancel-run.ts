import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, consensus, runtime, type RequestOf, type Run } from '@conclave/contracts';
import { KIT, type Kit, type RequestContext } from '@conclave/nest-kit';
import { Database, once, pastDeadlocks, type Tx } from '@conclave/postgres-kit';
import { Bells } from '../engine/bells.js';
import { endRun } from '../engine/postgres-control.js';
import { LiveRuns } from './live-runs.js';
import { liveRunsOf, type Ending } from './postgres-work-to-end.js';
import { PostgresRuns } from './postgres-runs.js';

/** So many are ended in one transaction: what is ended is seen when it commits. */
const AT_ONCE = 50;
const DEPARTED = 'whoever started it is no member any more';
const DISTRUSTED = 'what it was started with is not trusted any more';

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
    const run = await pastDeadlocks(() =>
      this.db.tx(ctx, (tx) =>
        once(tx, ctx, runtime.cancelRun, request, async () => {
          const { id, reason } = request;
          await this.runs.getIn(tx, ctx, id);
          const outside = { how: 'cancel', by: ctx.actor, verdict: ctx.verdict, reason } as const;
          const ended = await endRun(tx, { tenantId: ctx.tenantId, id }, outside);
          if (!ended.includes(id)) throw new ConclaveError('runtime.run.finished', { id });
          tx.afterCommit(() => this.tell(ended));
          return this.runs.getIn(tx, ctx, id);
        }),
      ),
    );
    if (run.decision) this.cancelDecision(ctx, run.decision);
    return run;
  }

  /** Ends runs of some work that goes on, with those they started. @returns how many, and whether there may be more */
  async someOf(tx: Tx, { tenantId, actor: by, whose }: Ending): Promise<{ ended: number; more: boolean }> {
    const found = await liveRunsOf(tx, tenantId, whose, AT_ONCE);
    const more = found.length === AT_ONCE;
    if (found.length === 0) return { ended: 0, more };
    const outside = { how: 'cancel', by, reason: 'credential' in whose ? DISTRUSTED : DEPARTED } as const;
    const ended: string[] = [];
    for (const { id } of found) ended.push(...(await endRun(tx, { tenantId, id }, outside)));
    tx.afterCommit(() => {
      this.tell(ended);
      for (const { decision } of found) if (decision !== null) this.cancelDecision({ tenantId }, decision);
    });
    return { ended: ended.length, more };
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
