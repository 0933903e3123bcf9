import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, runs, type RequestOf, type Wait } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { z } from 'zod';
import { Bells } from '../engine/bells.js';
import type { Json } from '../engine/agent-port.js';
import { tell } from '../engine/postgres-control.js';
import { answerWait } from '../engine/postgres-waits.js';
import { LiveRuns } from './live-runs.js';
import { PostgresJournal } from './postgres-journal.js';
import { PostgresRuns } from './postgres-runs.js';

type Answer = RequestOf<typeof runs.answerRun>;

const ANSWERABLE: readonly string[] = ['human', 'effect'];
const LIMIT_BYTES = 262_144;

const resolution = z.discriminatedUnion('resolution', [
  z.strictObject({ resolution: z.literal('done'), result: z.json() }),
  z.strictObject({ resolution: z.literal('retry') }),
  z.strictObject({ resolution: z.literal('fail') }),
]);

/** Answers what a run asks: a person's word, or what became of an effect. The first answer wins. */
@Injectable()
export class AnswerRun {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Bells) private readonly bells: Bells,
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(PostgresJournal) private readonly journal: PostgresJournal,
    @Inject(LiveRuns) private readonly live: LiveRuns,
  ) {}

  async run(ctx: RequestContext, request: Answer): Promise<Wait> {
    if (Buffer.byteLength(JSON.stringify(request.answer)) > LIMIT_BYTES)
      throw new ConclaveError('request.too-large', { limitBytes: LIMIT_BYTES });
    const wait = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, runs.answerRun, request, () => this.answer(tx, ctx, request)),
    );
    this.live.changed(request.id);
    return wait;
  }

  private async answer(tx: Tx, ctx: RequestContext, { id, task, answer }: Answer): Promise<Wait> {
    await this.runs.getIn(tx, ctx, id);
    const wait = waitMeant(await this.journal.waitsIn(tx, ctx, id, task), id, task);
    const key = { tenantId: ctx.tenantId, runId: id, taskId: wait.task, no: wait.no };
    const word = wordFor(wait, answer, ctx.actor);
    // The run's row is locked here, before the wait, as everywhere.
    await tell(tx, { tenantId: ctx.tenantId, id }, { type: 'task.answered', data: { task: wait.task, by: ctx.actor } });
    if (!(await answerWait(tx, key, word))) throw new ConclaveError('runtime.wait.closed', { task: wait.task });
    tx.afterCommit(() => this.bells.ready());
    return (await this.journal.waitsIn(tx, ctx, id, wait.task)).find(({ no }) => no === wait.no)!;
  }
}

/** @throws ConclaveError `runtime.wait.not-found` | `runtime.wait.closed` | `runtime.wait.ambiguous` */
function waitMeant(waits: readonly Wait[], id: string, task: string | undefined): Wait {
  const asked = waits.filter((wait) => ANSWERABLE.includes(wait.kind) && (task === undefined || wait.task === task));
  const open = asked.filter((wait) => wait.state === 'open');
  if (open.length > 1)
    throw new ConclaveError('runtime.wait.ambiguous', { tasks: open.map((wait) => wait.task).slice(0, 20) });
  if (open[0]) return open[0];
  if (asked.length > 0) throw new ConclaveError('runtime.wait.closed', { task: asked.at(-1)!.task });
  throw new ConclaveError('runtime.wait.not-found', { id, ...(task && { task }) });
}

/** @throws ConclaveError `runtime.answer.unfit` */
function wordFor({ kind, about }: Wait, answer: Json, by: string): Json {
  if (kind === 'effect') {
    if (!resolution.safeParse(answer).success)
      throw new ConclaveError('runtime.answer.unfit', { expected: ['done with result', 'retry', 'fail'] });
    return { effect: about?.['effect'] as string, answer, by };
  }
  const options = about?.['options'] as readonly { readonly id: string }[] | undefined;
  const ids = options?.map((option) => option.id);
  if (ids && !ids.includes(answer as string)) throw new ConclaveError('runtime.answer.unfit', { expected: ids });
  return { answer, by };
}
