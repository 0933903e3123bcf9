import { Inject, Injectable } from '@nestjs/common';
import { runs, runtime, type CreateRunRequest, type Run } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Engine } from '../engine/engine.js';
import { mustTakeRuns } from '../sessions/postgres-sessions.js';
import { LiveRuns } from './live-runs.js';
import { PostgresRuns } from './postgres-runs.js';
import { StartRun, starterOf, type Starter } from './start-run.js';

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

  async run(ctx: RequestContext, { waitMs, ...wanted }: CreateRunRequest): Promise<Run> {
    const until = Date.now() + waitMs;
    const request = { ...wanted, waitMs: 0 };
    const who = starterOf(ctx);
    if (ctx.idempotencyKey !== undefined || request.session !== undefined)
      return this.ended(ctx, await this.createAlone(ctx, who, request), until);
    const run = await this.starter.plan(who, request);
    const news = new AbortController();
    // Heard from before it exists, so that whoever waits for its end need not look for it at once.
    const heard = waitMs > 0 ? within(waitMs, news, this.live.news(run.id, news.signal)) : undefined;
    await this.engine.create(run).catch((error: Error) => {
      news.abort('refused');
      throw error;
    });
    await heard;
    return this.ended(ctx, run.id, until);
  }

  /** What others must not come between needs a transaction of its own; all else goes with others in one. */
  private async createAlone(ctx: RequestContext, who: Starter, request: CreateRunRequest): Promise<string> {
    const run = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, runs.createRun, request, async () => {
        if (request.session !== undefined) await mustTakeRuns(tx, ctx, request.session);
        return this.runs.getIn(tx, ctx, await this.starter.start(tx, who, request));
      }),
    );
    return run.id;
  }

  /** The run as it is when it has ended, or when the time is over. */
  private async ended(ctx: RequestContext, id: string, until: number): Promise<Run> {
    for (;;) {
      const news = new AbortController();
      const heard = this.live.news(id, news.signal);
      const run = await this.runs.get(ctx, id);
      const leftMs = until - Date.now();
      if (leftMs <= 0 || runtime.endedRunStates.includes(run.state)) {
        news.abort('read'); // a reason of its own costs no stack
        return run;
      }
      await within(leftMs, news, heard);
    }
  }
}

/** Waits for news, and no longer than so many milliseconds. */
async function within(leftMs: number, news: AbortController, heard: Promise<void>): Promise<void> {
  const timer = setTimeout(() => news.abort('over'), leftMs);
  await heard;
  clearTimeout(timer);
}
