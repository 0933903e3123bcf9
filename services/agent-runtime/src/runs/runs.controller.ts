import { Controller, Inject } from '@nestjs/common';
import { runtime, type RequestOf } from '@conclave/contracts';
import { Handles, type HttpExchange, type RequestContext } from '@conclave/nest-kit';
import { CancelRun } from './cancel-run.js';
import { CreateReview } from './create-review.js';
import { PostgresRuns } from './postgres-runs.js';
import { ReadDiff } from './read-diff.js';
import { StreamEvents } from './stream-events.js';

@Controller()
export class RunsController {
  constructor(
    @Inject(CreateReview) private readonly createReview: CreateReview,
    @Inject(CancelRun) private readonly cancelRun: CancelRun,
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(ReadDiff) private readonly readDiff: ReadDiff,
    @Inject(StreamEvents) private readonly streamEvents: StreamEvents,
  ) {}

  @Handles(runtime.createReview)
  create(ctx: RequestContext, request: RequestOf<typeof runtime.createReview>) {
    return this.createReview.run(ctx, request);
  }

  @Handles(runtime.getRun)
  get(ctx: RequestContext, { id }: { id: string }) {
    return this.runs.get(ctx, id);
  }

  @Handles(runtime.listRuns)
  list(ctx: RequestContext, request: RequestOf<typeof runtime.listRuns>) {
    return this.runs.list(ctx, request);
  }

  @Handles(runtime.getRunResult)
  result(ctx: RequestContext, { id }: { id: string }) {
    return this.runs.result(ctx, id);
  }

  @Handles(runtime.getRunDiff)
  diff(ctx: RequestContext, { id }: { id: string }) {
    return this.readDiff.run(ctx, id);
  }

  @Handles(runtime.cancelRun)
  cancel(ctx: RequestContext, request: RequestOf<typeof runtime.cancelRun>) {
    return this.cancelRun.run(ctx, request);
  }

  @Handles(runtime.streamRunEvents)
  events(ctx: RequestContext, request: RequestOf<typeof runtime.streamRunEvents>, http: HttpExchange) {
    return this.streamEvents.run(ctx, request, http);
  }
}
