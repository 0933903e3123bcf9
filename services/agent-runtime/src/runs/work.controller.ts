import { Controller, Inject } from '@nestjs/common';
import { runs, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { AnswerRun } from './answer-run.js';
import { ControlRun } from './control-run.js';
import { CreateRun } from './create-run.js';
import { ForkRun } from './fork-run.js';
import { PostgresJournal } from './postgres-journal.js';

/** Runs of tasks: started, steered, answered and looked into. */
@Controller()
export class WorkController {
  constructor(
    @Inject(CreateRun) private readonly createRun: CreateRun,
    @Inject(ControlRun) private readonly control: ControlRun,
    @Inject(AnswerRun) private readonly answerRun: AnswerRun,
    @Inject(ForkRun) private readonly forkRun: ForkRun,
    @Inject(PostgresJournal) private readonly journal: PostgresJournal,
  ) {}

  @Handles(runs.createRun)
  create(ctx: RequestContext, request: RequestOf<typeof runs.createRun>) {
    return this.createRun.run(ctx, request);
  }

  @Handles(runs.pauseRun)
  pause(ctx: RequestContext, request: RequestOf<typeof runs.pauseRun>) {
    return this.control.pause(ctx, request);
  }

  @Handles(runs.resumeRun)
  resume(ctx: RequestContext, request: RequestOf<typeof runs.resumeRun>) {
    return this.control.resume(ctx, request);
  }

  @Handles(runs.steerRun)
  steer(ctx: RequestContext, request: RequestOf<typeof runs.steerRun>) {
    return this.control.steer(ctx, request);
  }

  @Handles(runs.answerRun)
  answer(ctx: RequestContext, request: RequestOf<typeof runs.answerRun>) {
    return this.answerRun.run(ctx, request);
  }

  @Handles(runs.listWaits)
  waits(ctx: RequestContext, { id }: { id: string }) {
    return this.journal.waits(ctx, id);
  }

  @Handles(runs.listTasks)
  tasks(ctx: RequestContext, request: RequestOf<typeof runs.listTasks>) {
    return this.journal.tasks(ctx, request);
  }

  @Handles(runs.listSteps)
  steps(ctx: RequestContext, request: RequestOf<typeof runs.listSteps>) {
    return this.journal.steps(ctx, request);
  }

  @Handles(runs.forkRun)
  fork(ctx: RequestContext, request: RequestOf<typeof runs.forkRun>) {
    return this.forkRun.fork(ctx, request);
  }

  @Handles(runs.replayRun)
  replay(ctx: RequestContext, request: RequestOf<typeof runs.replayRun>) {
    return this.forkRun.replay(ctx, request);
  }
}
