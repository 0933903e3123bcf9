/**
 * The engine's SQL. A turn is owned by whoever holds its current epoch: every write names (owner, epoch) and changes
 * nothing when they are no longer current. Lock order everywhere: turn, then run.
 */
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Actor, type Tx } from '@conclave/postgres-kit';
import { nextState, runTransitions, type RunState, type RunTransition } from '@conclave/run-core';
import type { Ending } from './agent-house.js';
import type { ClaimedTurn, TurnKey } from './claimed-turn.js';
import { cleanText, journalJson } from './journal-form.js';
import type { Activation, Json, TaskSpec, WaitSpec } from './agent-port.js';

export const LEASE_MS = 15_000;

/** What an activation needs to know, read under the tenant's own policy. */
export interface TurnMaterial {
  readonly agent: string;
  readonly actor: string;
  readonly input: Json;
  readonly runInput: Json;
  readonly answer: Json | undefined;
  readonly journal: Map<string, Json>;
}

/** The turn is no longer ours: another worker has it, or its run was canceled. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

export type RunEventSpec = { readonly type: string; readonly data: Record<string, unknown> };

interface TurnKeyRow {
  tenant_id: string;
  run_id: string;
  task_id: string;
  no: number;
}

interface ClaimedRow extends TurnKeyRow {
  epoch: string;
  attempt: number;
  failures: number;
  lost: number;
  slow: boolean;
  last_error: string | null;
}

const keyOf = (t: TurnKey): unknown[] => [t.tenantId, t.runId, t.taskId, t.no];

@Injectable()
export class PostgresEngine {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Creates a run with its root task, ready to be claimed. */
  async createRun(
    tx: Tx,
    ctx: Actor,
    run: { id: string; workspaceId: string; kind: string; title: string; agent: string; input: Json },
  ): Promise<void> {
    await tx.query(
      `insert into run (tenant_id, id, workspace_id, kind, title, actor, state, input) values ($1, $2, $3, $4, $5, $6, 'queued', $7)`,
      [ctx.tenantId, run.id, run.workspaceId, run.kind, run.title, ctx.actor, journalJson(run.input)],
    );
    await this.tell(tx, ctx.tenantId, run.id, [{ type: 'run.created', data: { title: run.title } }]);
    await this.spawn(tx, ctx.tenantId, run.id, [{ id: 'root', agent: run.agent, input: {} }]);
  }

  /** Takes up to `limit` ready turns, at most `slowLimit` slow ones, tenants in turn, oldest first within a tenant. */
  claim(worker: string, limit: number, slowLimit = limit): Promise<ClaimedTurn[]> {
    return this.db.system(async (tx) => {
      const rows = await tx.query<ClaimedRow>(
        `with me as (select id from worker where id = $1 for key share),
         ready as (
           select tenant_id, run_id, task_id, no, slow, ready_at,
             row_number() over (partition by tenant_id, slow order by ready_at) as place
           from turn where state = 'ready' and ready_at <= clock_timestamp()
         ), allowed as (
           select *, row_number() over (partition by slow order by place, ready_at) as nth from ready
         ), picked as (
           select t.tenant_id, t.run_id, t.task_id, t.no
           from allowed a join turn t using (tenant_id, run_id, task_id, no)
           where t.state = 'ready' and (not a.slow or a.nth <= $4) and exists (select from me)
           order by a.place, a.ready_at limit $2 for update of t skip locked
         )
         update turn t set state = 'running', lease_owner = $1, attempt = attempt + 1,
           lease_until = clock_timestamp() + $3 * interval '1 ms',
           epoch = greatest(t.epoch + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
         from picked p
         where t.tenant_id = p.tenant_id and t.run_id = p.run_id and t.task_id = p.task_id and t.no = p.no
         returning t.tenant_id, t.run_id, t.task_id, t.no, t.epoch, t.attempt, t.failures, t.lost, t.slow, t.last_error`,
        [worker, limit, LEASE_MS, slowLimit],
      );
      return rows.map((r) => ({
        tenantId: r.tenant_id,
        runId: r.run_id,
        taskId: r.task_id,
        no: r.no,
        epoch: Number(r.epoch),
        attempt: r.attempt,
        failures: r.failures,
        lost: r.lost,
        slow: r.slow,
        lastError: r.last_error,
      }));
    });
  }

  async material(turn: ClaimedTurn): Promise<TurnMaterial> {
    return this.db.tx(actorOf(turn), async (tx) => {
      const row = (await tx.one<{ agent: string; actor: string; input: Json; run_input: Json; answer: Json | null }>(
        `select k.agent, r.actor, k.input, r.input as run_input, w.answer
         from task k join run r on r.tenant_id = k.tenant_id and r.id = k.run_id
         left join wait w on w.tenant_id = k.tenant_id and w.run_id = k.run_id and w.task_id = k.id and w.no = $4 - 1
         where k.tenant_id = $1 and k.run_id = $2 and k.id = $3`,
        keyOf(turn),
      ))!;
      const steps = await tx.query<{ name: string; result: Json }>(
        'select name, result from step where tenant_id = $1 and run_id = $2 and task_id = $3',
        keyOf(turn).slice(0, 3),
      );
      return {
        agent: row.agent,
        actor: row.actor,
        input: row.input,
        runInput: row.run_input,
        answer: row.answer ?? undefined,
        journal: new Map(steps.map((s) => [s.name, s.result])),
      };
    });
  }

  /** The run starts when its first turn does. */
  begin(turn: ClaimedTurn, worker: string): Promise<void> {
    return this.db.tx(actorOf(turn), async (tx) => {
      await this.hold(tx, turn, worker);
      const state = await this.runState(tx, turn);
      if (state === 'queued') {
        await this.moveRun(tx, turn, state, 'start');
        await this.tell(tx, turn.tenantId, turn.runId, [{ type: 'run.started', data: {} }]);
      }
    });
  }

  /** Journals a step. @throws Fenced */
  recordStep(
    turn: ClaimedTurn,
    worker: string,
    name: string,
    result: Json,
    story: readonly RunEventSpec[] = [],
  ): Promise<void> {
    return this.db.tx(actorOf(turn), async (tx) => {
      await this.hold(tx, turn, worker);
      await tx.query(
        'insert into step (tenant_id, run_id, task_id, name, epoch, result) values ($1, $2, $3, $4, $5, $6) on conflict do nothing',
        [turn.tenantId, turn.runId, turn.taskId, name, turn.epoch, journalJson(result)],
      );
      await this.tell(tx, turn.tenantId, turn.runId, story);
    });
  }

  /** What every task of the run has journaled under `name`, by task id. */
  stepsOf(turn: ClaimedTurn, name: string): Promise<Record<string, Json>> {
    return this.db.tx(actorOf(turn), async (tx) => {
      const rows = await tx.query<{ task_id: string; result: Json }>(
        'select task_id, result from step where tenant_id = $1 and run_id = $2 and name = $3',
        [turn.tenantId, turn.runId, name],
      );
      return Object.fromEntries(rows.map((row) => [row.task_id, row.result]));
    });
  }

  /**
   * Ends a turn with what its agent decided; root tasks end or park their run with it.
   *
   * @returns whether nothing of the run is left to do
   * @throws Fenced
   */
  finish(
    turn: ClaimedTurn,
    worker: string,
    activation: Activation,
    ending?: (tx: Tx) => Promise<Ending>,
  ): Promise<boolean> {
    return this.db.tx(actorOf(turn), async (tx) => {
      await this.hold(tx, turn, worker);
      await tx.query(
        `update turn set state = 'done', lease_owner = null where tenant_id = $1 and run_id = $2 and task_id = $3 and no = $4`,
        keyOf(turn),
      );
      const isRoot = turn.taskId === 'root';
      if (activation.kind === 'parked') {
        if (isRoot) await this.moveRun(tx, turn, await this.runState(tx, turn), 'park');
        await this.spawn(tx, turn.tenantId, turn.runId, activation.spawn ?? []);
        await this.park(tx, turn, activation.wait);
        return false;
      }
      const done = activation.kind === 'done';
      await tx.query('update task set state = $4, result = $5 where tenant_id = $1 and run_id = $2 and id = $3', [
        turn.tenantId,
        turn.runId,
        turn.taskId,
        done ? 'done' : 'failed',
        journalJson(done ? activation.result : { code: activation.code, message: activation.message }),
      ]);
      if (isRoot && ending) await this.endRun(tx, turn, activation, await ending(tx));
      const left = await tx.one(
        `select from turn where tenant_id = $1 and run_id = $2 and state in ('ready', 'running')
         union all select from wait where tenant_id = $1 and run_id = $2 and state = 'open' limit 1`,
        keyOf(turn).slice(0, 2),
      );
      return !left;
    });
  }

  /** Which of these runs still have something to do, of whatever tenant. */
  async unsettled(runIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.db.system((tx) =>
      tx.query<{ run_id: string }>(
        `select run_id from turn where run_id = any($1) and state = 'ready'
         union select run_id from turn where run_id = any($1) and state = 'running'
         union select run_id from wait where run_id = any($1) and state = 'open'`,
        [runIds],
      ),
    );
    return new Set(rows.map((row) => row.run_id));
  }

  /** Gives a turn back to be tried again after `delayMs`; `failure` counts against its attempts. */
  giveBack(turn: ClaimedTurn, worker: string, delayMs: number, failure?: string): Promise<void> {
    return this.db.system(async (tx) => {
      await tx.query(
        `update turn set state = 'ready', lease_owner = null, ready_at = clock_timestamp() + $7 * interval '1 ms',
           failures = failures + case when $8::text is null then 0 else 1 end, last_error = coalesce($8, last_error)
         where tenant_id = $1 and run_id = $2 and task_id = $3 and no = $4 and lease_owner = $5 and epoch = $6 and state = 'running'`,
        [
          ...keyOf(turn),
          worker,
          turn.epoch,
          delayMs,
          failure === undefined ? null : cleanText(failure).slice(0, 2_000),
        ],
      );
    });
  }

  /**
   * Answers every open wait for (kind, key) and remembers the answer for waits that are parked later. Runs in the
   * caller's transaction; the lock makes "park" and "answer" see each other.
   */
  async settle(tx: Tx, tenantId: string, kind: WaitSpec['kind'], key: string, answer: Json): Promise<number> {
    await lockSignal(tx, kind, key);
    await tx.query('insert into signal (tenant_id, kind, key, data) values ($1, $2, $3, $4) on conflict do nothing', [
      tenantId,
      kind,
      key,
      journalJson(answer),
    ]);
    const waits = await tx.query<TurnKeyRow>(
      `update wait set state = 'answered', answer = $4 where tenant_id = $1 and kind = $2 and key = $3 and state = 'open' returning tenant_id, run_id, task_id, no`,
      [tenantId, kind, key, journalJson(answer)],
    );
    for (const wait of waits) await this.resume(tx, wait);
    return waits.length;
  }

  /** Answers waits whose time is over with their default. */
  async expireWaits(): Promise<number> {
    const due = await this.db.system((tx) =>
      tx.query<TurnKeyRow>(
        `select tenant_id, run_id, task_id, no from wait where state = 'open' and expires_at <= clock_timestamp() limit 100`,
      ),
    );
    for (const wait of due) {
      await this.db.tx({ tenantId: wait.tenant_id, actor: 'service:runtime' }, async (tx) => {
        const won = await tx.one(
          `update wait set state = 'expired', answer = default_answer where tenant_id = $1 and run_id = $2 and task_id = $3 and no = $4 and state = 'open' returning no`,
          [wait.tenant_id, wait.run_id, wait.task_id, wait.no],
        );
        if (won) await this.resume(tx, wait);
      });
    }
    return due.length;
  }

  /** Ends a run from outside: its turns are superseded, its waits closed. @returns false when it had ended already */
  async cancel(tx: Tx, tenantId: string, runId: string, reason: string | undefined): Promise<boolean> {
    await tx.query(
      `select from turn where tenant_id = $1 and run_id = $2 and state in ('ready', 'running') order by task_id, no for update`,
      [tenantId, runId],
    );
    const run = await tx.one<{ state: RunState }>('select state from run where tenant_id = $1 and id = $2 for update', [
      tenantId,
      runId,
    ]);
    if (!run || runTransitions[run.state].cancel === undefined) return false;
    await tx.query(
      `update turn set state = 'superseded', lease_owner = null where tenant_id = $1 and run_id = $2 and state in ('ready', 'running')`,
      [tenantId, runId],
    );
    await tx.query(`update wait set state = 'canceled' where tenant_id = $1 and run_id = $2 and state = 'open'`, [
      tenantId,
      runId,
    ]);
    await tx.query(
      `update run set state = 'canceled', updated_at = clock_timestamp() where tenant_id = $1 and id = $2`,
      [tenantId, runId],
    );
    await this.tell(tx, tenantId, runId, [{ type: 'run.canceled', data: reason ? { reason } : {} }]);
    return true;
  }

  /** Adds tasks, each with a first turn that is ready. */
  async spawn(tx: Tx, tenantId: string, runId: string, tasks: readonly TaskSpec[]): Promise<void> {
    for (const task of tasks) {
      await tx.query(
        `insert into task (tenant_id, run_id, id, agent, input, state) values ($1, $2, $3, $4, $5, 'open')`,
        [tenantId, runId, task.id, task.agent, journalJson(task.input)],
      );
      await tx.query(
        `insert into turn (tenant_id, run_id, task_id, no, state, slow) values ($1, $2, $3, 1, 'ready', $4)`,
        [tenantId, runId, task.id, task.slow ?? false],
      );
    }
  }

  /** Appends to the run's story under the run's row lock, so that `seq` has no gap. */
  async tell(tx: Tx, tenantId: string, runId: string, story: readonly RunEventSpec[]): Promise<void> {
    if (story.length === 0) return;
    await tx.query(
      `with r as (update run set next_seq = next_seq + $3, updated_at = clock_timestamp() where tenant_id = $1 and id = $2 returning next_seq - $3 as base)
       insert into run_event (tenant_id, run_id, seq, type, data)
       select $1, $2, r.base + s.n - 1, s.v ->> 'type', s.v -> 'data' from r, jsonb_array_elements($4::jsonb) with ordinality s(v, n)`,
      [tenantId, runId, story.length, journalJson(story)],
    );
  }

  /** Locks the turn if it is still ours. @throws Fenced */
  private async hold(tx: Tx, turn: ClaimedTurn, worker: string): Promise<void> {
    const held = await tx.one(
      `select no from turn where tenant_id = $1 and run_id = $2 and task_id = $3 and no = $4 and lease_owner = $5 and epoch = $6 and state = 'running' for no key update`,
      [...keyOf(turn), worker, turn.epoch],
    );
    if (!held)
      throw new Fenced(`turn ${turn.runId}/${turn.taskId}/${turn.no} is no longer held at epoch ${turn.epoch}`);
  }

  private async runState(tx: Tx, turn: ClaimedTurn): Promise<RunState> {
    return (await tx.one<{ state: RunState }>('select state from run where tenant_id = $1 and id = $2 for update', [
      turn.tenantId,
      turn.runId,
    ]))!.state;
  }

  private async moveRun(
    tx: Tx,
    run: { tenantId: string; runId: string },
    from: RunState,
    event: RunTransition,
  ): Promise<void> {
    await tx.query('update run set state = $3, updated_at = clock_timestamp() where tenant_id = $1 and id = $2', [
      run.tenantId,
      run.runId,
      nextState(runTransitions, from, event),
    ]);
  }

  private async park(tx: Tx, turn: ClaimedTurn, wait: WaitSpec): Promise<void> {
    await lockSignal(tx, wait.kind, wait.key);
    await tx.query(
      `insert into wait (tenant_id, run_id, task_id, no, kind, key, state, expires_at, default_answer)
       values ($1, $2, $3, $4, $5, $6, 'open', clock_timestamp() + $7 * interval '1 ms', $8)`,
      [...keyOf(turn), wait.kind, wait.key, wait.expiresInMs, journalJson(wait.defaultAnswer)],
    );
    const known = await tx.one<{ data: Json }>(
      'select data from signal where tenant_id = $1 and kind = $2 and key = $3',
      [turn.tenantId, wait.kind, wait.key],
    );
    if (known) await this.settle(tx, turn.tenantId, wait.kind, wait.key, known.data);
  }

  private async resume(tx: Tx, wait: TurnKeyRow): Promise<void> {
    if (wait.task_id === 'root') {
      const run = await tx.one<{ state: RunState }>(
        'select state from run where tenant_id = $1 and id = $2 for update',
        [wait.tenant_id, wait.run_id],
      );
      if (run?.state !== 'parked') return;
      await this.moveRun(tx, { tenantId: wait.tenant_id, runId: wait.run_id }, run.state, 'resume');
    }
    await tx.query(`insert into turn (tenant_id, run_id, task_id, no, state) values ($1, $2, $3, $4, 'ready')`, [
      wait.tenant_id,
      wait.run_id,
      wait.task_id,
      wait.no + 1,
    ]);
  }

  private async endRun(tx: Tx, turn: ClaimedTurn, activation: Activation, ending: Ending): Promise<void> {
    const done = activation.kind === 'done';
    await this.moveRun(tx, turn, await this.runState(tx, turn), done ? 'complete' : 'fail');
    await tx.query('update run set result = $3, failure = $4 where tenant_id = $1 and id = $2', [
      turn.tenantId,
      turn.runId,
      done ? journalJson(activation.result) : null,
      activation.kind === 'failed' ? journalJson({ code: activation.code, message: activation.message }) : null,
    ]);
    await this.tell(tx, turn.tenantId, turn.runId, [
      { type: done ? 'run.completed' : 'run.failed', data: ending.data },
    ]);
    await tx.emit(ending.event, ending.data);
  }
}

const actorOf = (turn: ClaimedTurn): Actor => ({ tenantId: turn.tenantId, actor: 'service:runtime' });

/** Serialises "park for (kind, key)" with "answer (kind, key)": whichever comes second sees the first. */
const lockSignal = (tx: Tx, kind: string, key: string): Promise<unknown> =>
  tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${kind}/${key}`]);
