import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, runs, type RequestOf, type Run } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, pastDeadlocks, type Tx } from '@conclave/postgres-kit';
import { Bells } from '../engine/bells.js';
import { pauseRun, resumeRun, steerRun } from '../engine/postgres-control.js';
import { LiveRuns } from './live-runs.js';
import { isEnded, PostgresRuns } from './postgres-runs.js';

/** Messages a run may have, all its life long. */
const MESSAGE_LIMIT = 1_000;

/** Pause, resume and steer: what a person does to a run that goes on. */
@Injectable()
export class ControlRun {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Bells) private readonly bells: Bells,
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(LiveRuns) private readonly live: LiveRuns,
  ) {}

  /** Pausing what is paused changes nothing. */
  pause(ctx: RequestContext, request: RequestOf<typeof runs.pauseRun>): Promise<Run> {
    return this.change(ctx, runs.pauseRun, request, async (tx, run) => {
      if (run.state === 'paused') return;
      if (!(await pauseRun(tx, { tenantId: ctx.tenantId, id: run.id }, request.reason))) throw finished(run.id);
    });
  }

  resume(ctx: RequestContext, request: RequestOf<typeof runs.resumeRun>): Promise<Run> {
    return this.change(ctx, runs.resumeRun, request, async (tx, run) => {
      if (isEnded(run)) throw finished(run.id);
      if (!(await resumeRun(tx, { tenantId: ctx.tenantId, id: run.id })))
        throw new ConclaveError('runtime.run.not-paused', { id: run.id });
      tx.afterCommit(() => this.bells.ready());
    });
  }

  async steer(ctx: RequestContext, request: RequestOf<typeof runs.steerRun>): Promise<{ run: string; no: number }> {
    const said = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, runs.steerRun, request, async () => {
        const { id, message } = request;
        await this.runs.getIn(tx, ctx, id);
        const no = await steerRun(tx, { tenantId: ctx.tenantId, id }, ctx.actor, message);
        if (no === undefined) throw finished(id);
        if (no > MESSAGE_LIMIT) throw new ConclaveError('runtime.run.too-many-messages', { limit: MESSAGE_LIMIT });
        return { run: id, no };
      }),
    );
    this.live.changed(said.run);
    return said;
  }

  private async change(
    ctx: RequestContext,
    contract: typeof runs.pauseRun | typeof runs.resumeRun,
    request: { readonly id: string },
    work: (tx: Tx, run: Run) => Promise<void>,
  ): Promise<Run> {
    const run = await pastDeadlocks(() =>
      this.db.tx(ctx, (tx) =>
        once(tx, ctx, contract, request, async () => {
          await work(tx, await this.runs.getIn(tx, ctx, request.id));
          return this.runs.getIn(tx, ctx, request.id);
        }),
      ),
    );
    this.live.changed(run.id);
    return run;
  }
}

const finished = (id: string): ConclaveError => new ConclaveError('runtime.run.finished', { id });
