import { Inject, Injectable } from '@nestjs/common';
import { runs, runtime, type CreateRunRequest, type Run } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Engine } from '../engine/engine.js';
import { mustTakeRuns } from '../sessions/postgres-sessions.js';
import { LiveRuns } from './live-runs.js';
import { PostgresRuns } from './postgres-runs.js';
import { StartRun } from './start-run.js';

/** Accepts a run: it and its first turn exist when this returns. */
@Injectable()
export class CreateRun {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(StartRun) private readonly starter: StartRun,
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(LiveRuns) private readonly live: LiveRuns,
  ) {}

  async run(ctx: RequestContext, request: CreateRunRequest): Promise<Run> {
    const { waitMs, ...wanted } = request;
    const id = await this.create(ctx, { ...wanted, waitMs: 0 });
    return this.ended(ctx, id, waitMs);
  }

  /** What needs no Idempotency-Key goes with others in one transaction. */
  private async create(ctx: RequestContext, request: CreateRunRequest): Promise<string> {
    const who = { tenantId: ctx.tenantId, workspaceId: ctx.workspaceId!, actor: ctx.actor };
    if (ctx.idempotencyKey === undefined && request.session === undefined) {
      const run = this.starter.plan(who, request);
      await this.engine.create(run);
      return run.id;
    }
    const run = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, runs.createRun, request, async () => {
        if (request.session !== undefined) await mustTakeRuns(tx, ctx, request.session);
        return this.runs.getIn(tx, ctx, await this.starter.start(tx, who, request));
      }),
    );
    return run.id;
  }

  /** The run as it is when it has ended, or when the time is over. */
  private async ended(ctx: RequestContext, id: string, waitMs: number): Promise<Run> {
    const until = Date.now() + waitMs;
    for (;;) {
      const news = new AbortController();
      const heard = this.live.news(id, news.signal);
      const run = await this.runs.get(ctx, id);
      const leftMs = until - Date.now();
      if (leftMs <= 0 || runtime.endedRunStates.includes(run.state)) {
        news.abort('read'); // a reason of its own costs no stack
        return run;
      }
      const timer = setTimeout(() => news.abort('over'), leftMs);
      await heard;
      clearTimeout(timer);
    }
  }
}
