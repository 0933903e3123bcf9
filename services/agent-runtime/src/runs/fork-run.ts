import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, events, newId, runs, type ReplayResult, type RequestOf, type Run } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { AgentHouse } from '../engine/agent-house.js';
import { Bells } from '../engine/bells.js';
import { forkOf, recordOf } from '../engine/postgres-record.js';
import { replay } from '../engine/replay.js';
import { PREPARE } from '../reviews/prepared.js';
import { mustHaveJournal } from './postgres-journal.js';
import { PostgresRuns, isEnded } from './postgres-runs.js';

/** What a journal is good for afterwards: another run from the middle of this one, and proof that it is the whole story. */
@Injectable()
export class ForkRun {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(AgentHouse) private readonly house: AgentHouse,
    @Inject(Bells) private readonly bells: Bells,
  ) {}

  fork(ctx: RequestContext, request: RequestOf<typeof runs.forkRun>): Promise<Run> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, runs.forkRun, request, async () => {
        const run = await this.runs.getIn(tx, ctx, request.id);
        await mustHaveJournal(tx, ctx, run.id);
        const { id, title = run.title, step: pos } = request;
        const step = await tx.one<{ name: string }>(
          'select name from step where tenant_id = $1 and run_id = $2 and pos = $3',
          [...[ctx.tenantId, id, pos]],
        );
        if (!step) throw new ConclaveError('runtime.step.not-found', { id, step: pos });
        // Before it there is nothing: the new review has a decision, ballots and a receipt of its own.
        if (run.kind === 'review' && step.name !== PREPARE)
          throw new ConclaveError('runtime.run.not-forkable', { id, kind: run.kind, step: step.name, from: PREPARE });
        const fork = { id: newId('run'), title, actor: ctx.actor, rootCredential: ctx.rootCredentialId, pos };
        await forkOf(tx, { tenantId: ctx.tenantId, id }, fork);
        await tx.emit(events.runCreated, { run: fork.id, kind: run.kind });
        tx.afterCommit(() => this.bells.ready());
        return this.runs.getIn(tx, ctx, fork.id);
      }),
    );
  }

  async replay(ctx: RequestContext, { id }: RequestOf<typeof runs.replayRun>): Promise<ReplayResult> {
    const run = await this.runs.get(ctx, id);
    if (!isEnded(run)) throw new ConclaveError('runtime.run.not-ended', { id });
    const record = await this.db.tx(ctx, async (tx) => {
      await mustHaveJournal(tx, ctx, id);
      return recordOf(tx, { tenantId: ctx.tenantId, id });
    });
    const { turns, steps, divergence } = await replay(this.house.agents, record);
    return {
      ...{ run: id, identical: divergence === undefined, turns, steps },
      ...(divergence && { divergence: divergence as NonNullable<ReplayResult['divergence']> }),
    };
  }
}
