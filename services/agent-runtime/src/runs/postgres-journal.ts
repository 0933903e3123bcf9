import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, runs, type ReplyOf, type RequestOf, type Wait } from '@conclave/contracts';
import { Database, pageBy, pageOf, type Actor, type Statements } from '@conclave/postgres-kit';
import type { TaskState, WaitState } from '@conclave/run-core';
import type { Json } from '../engine/agent-port.js';

interface WaitRow {
  readonly task_id: string;
  readonly no: number;
  readonly kind: string;
  readonly key: string;
  readonly state: WaitState;
  readonly parked_at: Date;
  readonly expires_at: Date;
  readonly about: Record<string, Json> | null;
  readonly answer: { readonly answer?: Json } | null;
}

const toWait = (row: WaitRow): Wait => ({
  ...{ task: row.task_id, no: row.no, kind: row.kind, key: row.key, state: row.state },
  parkedAt: row.parked_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  ...(row.about && { about: row.about as Wait['about'] }),
  ...(row.answer?.answer !== undefined && { answer: row.answer.answer as Wait['answer'] }),
});

const WAITS = 1_000;
/** A step's result that has more bytes as JSON text is only measured: no reply could carry it. */
const RESULT_LIMIT_BYTES = 750_000;

/** What is written down of a run: its tasks, steps and waits; under the caller's tenant. */
@Injectable()
export class PostgresJournal {
  constructor(@Inject(Database) private readonly db: Database) {}

  async waits(ctx: Actor, id: string): Promise<{ items: Wait[] }> {
    const db = this.db.autocommit(ctx);
    await mustBe(db, ctx, id);
    return { items: await this.waitsIn(db, ctx, id) };
  }

  /** As many as one reply can carry, of one task or of all, those that are open first. */
  async waitsIn(db: Statements, ctx: Actor, id: string, task?: string): Promise<Wait[]> {
    const rows = await db.query<WaitRow>(
      `select task_id, no, kind, key, state, parked_at, expires_at, about, answer from wait
       where tenant_id = $1 and run_id = $2 and ($3::text is null or task_id = $3)
       order by state <> 'open', pos, task_id limit ${WAITS}`,
      [ctx.tenantId, id, task ?? null],
    );
    return pageBy(rows.map(toWait), WAITS, ({ key }) => key).items;
  }

  async tasks(
    ctx: Actor,
    { id, limit, after }: RequestOf<typeof runs.listTasks>,
  ): Promise<ReplyOf<typeof runs.listTasks>> {
    const db = this.db.autocommit(ctx);
    await mustBe(db, ctx, id);
    const rows = await db.query<{
      id: string;
      agent: string;
      state: TaskState;
      depends_on: string[];
      turns: number;
      result: Json | null;
    }>(
      `select id, agent, state, depends_on, result, (
         select count(*)::int from turn t where t.tenant_id = task.tenant_id and t.run_id = task.run_id and t.task_id = task.id) as turns
       from task where tenant_id = $1 and run_id = $2 and ($3::text is null or id > $3) order by id limit $4`,
      [ctx.tenantId, id, after ?? null, limit + 1],
    );
    const items = rows.map(({ depends_on, result, ...row }) => ({
      ...row,
      dependsOn: depends_on,
      ...(result !== null && { result: result as never }),
    }));
    return pageOf(items, limit);
  }

  /** @throws ConclaveError `runtime.run.not-found` | `runtime.journal.gone` */
  async steps(
    ctx: Actor,
    { id, limit, after }: RequestOf<typeof runs.listSteps>,
  ): Promise<ReplyOf<typeof runs.listSteps>> {
    const db = this.db.autocommit(ctx);
    await mustHaveJournal(db, ctx, id);
    const rows = await db.query<{ pos: string; task_id: string; no: number; name: string; at: Date; result: Json }>(
      `select pos, task_id, no, name, at,
         case when bytes <= $5 then result else jsonb_build_object('tooLargeBytes', bytes) end as result
       from (
         select *, octet_length(result::text) as bytes from step
         where tenant_id = $1 and run_id = $2 and pos > $3 order by pos limit $4) s
       order by pos`,
      [ctx.tenantId, id, after, limit + 1, RESULT_LIMIT_BYTES],
    );
    const items = rows.map((row) => ({
      ...{ pos: Number(row.pos), task: row.task_id, turn: row.no, name: row.name, at: row.at.toISOString() },
      result: row.result as never,
    }));
    return pageBy(items, limit, ({ pos }) => String(pos));
  }
}

/** @throws ConclaveError `runtime.run.not-found` */
async function mustBe(db: Statements, ctx: Actor, id: string): Promise<{ removed: boolean }> {
  const run = await db.one<{ removed: boolean }>(
    'select journal_removed_at is not null as removed from run where tenant_id = $1 and id = $2',
    [ctx.tenantId, id],
  );
  if (!run) throw new ConclaveError('runtime.run.not-found', { id });
  return run;
}

/** @throws ConclaveError `runtime.run.not-found` | `runtime.journal.gone` */
export async function mustHaveJournal(db: Statements, ctx: Actor, id: string): Promise<void> {
  if ((await mustBe(db, ctx, id)).removed) throw new ConclaveError('runtime.journal.gone', { id });
}
