import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, runtime, type ReviewResult, type Run, type TaskResults } from '@conclave/contracts';
import { Database, Gathered, pageOf, type Actor, type Statements } from '@conclave/postgres-kit';
import { runStateOnWire, type RunState } from '@conclave/run-core';
import { PREPARE } from '../reviews/prepared.js';

interface RunRow {
  id: string;
  kind: Run['kind'];
  title: string;
  state: RunState;
  created_at: Date;
  updated_at: Date;
  workspace_id: string;
  decision_id: string | null;
  outcome: 'approved' | 'rejected' | 'undecided' | null;
  failure: { code: string; message: string } | null;
  priority: number;
  parent_run_id: string | null;
  forked_from: string | null;
  deadline_at: Date | null;
  asks: boolean;
}

const COLUMNS = `id, kind, title, state, created_at, updated_at, workspace_id, decision_id, outcome, failure, priority, parent_run_id,
  forked_from, deadline_at, state in ('running', 'parked') and exists (
    select from wait w where w.tenant_id = run.tenant_id and w.run_id = run.id and w.state = 'open' and w.kind in ('human', 'effect')) as asks`;

/** By how much they come sooner or later. */
const PRIORITIES: Readonly<Record<number, NonNullable<Run['priority']>>> = {
  [-2]: 'urgent',
  [-1]: 'high',
  0: 'normal',
  1: 'low',
};

export const priorityOf = (priority: number): NonNullable<Run['priority']> => PRIORITIES[priority] ?? 'normal';

export const isEnded = (run: Run): boolean => runtime.endedRunStates.includes(run.state);

const toRun = (row: RunRow): Run => ({
  id: row.id,
  kind: row.kind,
  title: row.title,
  state: row.asks ? 'input-required' : runStateOnWire[row.state],
  priority: priorityOf(row.priority),
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  workspace: row.workspace_id,
  ...(row.decision_id ? { decision: row.decision_id } : {}),
  ...(row.outcome ? { outcome: row.outcome } : {}),
  ...(row.failure ? { failure: row.failure } : {}),
  ...(row.parent_run_id ? { parent: row.parent_run_id } : {}),
  ...(row.forked_from ? { forkedFrom: row.forked_from } : {}),
  ...(row.deadline_at ? { deadlineAt: row.deadline_at.toISOString() } : {}),
});

/** A run that has ended gets none any more. */
export const noResult = ({ id, state }: Pick<Run, 'id' | 'state'>): ConclaveError =>
  runtime.endedRunStates.includes(state)
    ? new ConclaveError('runtime.run.without-result', { id, state })
    : new ConclaveError('runtime.run.no-result', { id });

/** Each by its key, also by a plan that was made while there were few. */
const BY_ID = `select r.* from unnest($2::text[]) as x (id)
  cross join lateral (select ${COLUMNS} from run where tenant_id = $1 and run.id = x.id limit 1) r`;

async function runsIn(db: Statements, ctx: Actor, ids: readonly string[]): Promise<ReadonlyMap<string, Run>> {
  const rows = await db.query<RunRow>(BY_ID, [ctx.tenantId, ids]);
  return new Map(rows.map((row) => [row.id, toRun(row)]));
}

function found(run: Run | undefined, id: string): Run {
  if (!run) throw new ConclaveError('runtime.run.not-found', { id });
  return run;
}

/** Reads of runs for people and machines; all under the caller's tenant. */
@Injectable()
export class PostgresRuns {
  /** Runs end many at once, and whoever waited for them looks then. */
  private readonly looks = new Gathered((ctx: Actor, ids: readonly string[]) => runsIn(this.db.reads(ctx), ctx, ids));

  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws ConclaveError `runtime.run.not-found` */
  async get(ctx: Actor, id: string): Promise<Run> {
    return found(await this.looks.ask(ctx, id), id);
  }

  async getIn(db: Statements, ctx: Actor, id: string): Promise<Run> {
    return found((await runsIn(db, ctx, [id])).get(id), id);
  }

  async list(
    ctx: Actor,
    page: { limit: number; after?: string | undefined; state?: Run['state'] | undefined },
  ): Promise<{ items: Run[]; next?: string }> {
    const asks = page.state === 'input-required';
    const states = (Object.entries(runStateOnWire) as [RunState, Run['state']][])
      .filter(([, wire]) => !page.state || wire === (asks ? 'working' : page.state))
      .map(([state]) => state);
    const rows = await this.db.reads(ctx).query<RunRow>(
      `select * from (
           select ${COLUMNS} from run where tenant_id = $1 and state = any($2) and ($3::text is null or id < $3) order by id desc
         ) r where $5::boolean is null or asks = $5 limit $4`,
      [ctx.tenantId, states, page.after ?? null, page.limit + 1, asks || page.state === 'working' ? asks : null],
    );
    return pageOf(rows.map(toRun), page.limit);
  }

  /** @throws ConclaveError `runtime.run.not-found` | `runtime.run.no-result` | `runtime.run.without-result` */
  async result(ctx: Actor, id: string): Promise<ReviewResult | TaskResults> {
    const row = await this.db
      .autocommit(ctx)
      .one<{ kind: Run['kind']; state: RunState; result: unknown }>(
        'select kind, state, result from run where tenant_id = $1 and id = $2',
        [ctx.tenantId, id],
      );
    if (!row) throw new ConclaveError('runtime.run.not-found', { id });
    if (row.state !== 'completed') throw noResult({ id, state: runStateOnWire[row.state] });
    return row.kind === 'review' ? (row.result as ReviewResult) : { result: row.result as TaskResults['result'] };
  }

  /** A journaled step of a run's root task, such as what `prepare` found. */
  async rootStep<T>(ctx: Actor, id: string, name: string): Promise<T | undefined> {
    const row = await this.db
      .autocommit(ctx)
      .one<{ result: T }>(
        `select result from step where tenant_id = $1 and run_id = $2 and task_id = 'root' and name = $3`,
        [ctx.tenantId, id, name],
      );
    return row?.result;
  }

  /** Which of these blobs a row of the tenant names: an upload, or the diff of a review. */
  async namedBlobs(tenantId: string, sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.db.autocommit({ tenantId, actor: 'service:runtime' }).query<{ sha256: string }>(
      `select sha256 from upload where tenant_id = $1 and sha256 = any($2)
       union select result ->> 'diffSha256' from step
       where tenant_id = $1 and task_id = 'root' and name = $3 and result ->> 'diffSha256' = any($2)`,
      [tenantId, sha256s, PREPARE],
    );
    return new Set(rows.map((row) => row.sha256));
  }

  /** Lets readers find a run's decision while it is open. */
  async nameDecision(ctx: Actor, id: string, decisionId: string): Promise<void> {
    await this.db
      .autocommit(ctx)
      .query('update run set decision_id = $3 where tenant_id = $1 and id = $2', [ctx.tenantId, id, decisionId]);
  }
}
