/** Ends of runs, many at once: the root is done or has failed, the run with it, and the world is told. */
import { laneOf, newId } from '@conclave/contracts';
import type { Statements } from '@conclave/postgres-kit';
import type { Activation } from './agent-port.js';
import type { ClaimedTurn } from './claimed-turn.js';
import { journalJson } from './journal-form.js';
import { endChildren, endTurnsOf, resumeTurnsOf } from './postgres-control.js';
import { heldAndDone, heldOf, keyOf, resultOf, statementFor, type Finish } from './postgres-finish.js';
import { LAST_STEP, lastStepOf } from './postgres-step.js';
import { settle } from './postgres-waits.js';
import { LIVE_TURN } from './state-lists.js';

/** $1 ends. Every join starts from `held`: the rows of a run are found by its keys. */
const END = statementFor(
  (locked, last) => `
  with x as materialized (
    select * from jsonb_to_recordset($1::jsonb) as x (
      ord int, tenant text, run text, task text, no int, owner text, epoch bigint, kind text, result jsonb,
      outcome text, decision text, event text, lane smallint, type text, data jsonb, ${LAST_STEP.columns})
  ), held as materialized (
    select x.*, r.next_seq, r.open_tasks, ${last ? `${last.place}, ` : ''}nextval('journal_pos') as pos
    ${heldAndDone(locked)}
  )${last?.rows ?? ''}, k as (
    update task set state = h.kind, result = h.result, ended_pos = h.pos from held h
    where task.tenant_id = h.tenant and task.run_id = h.run and task.id = h.task
  ), r as (
    update run set state = case h.kind when 'done' then 'completed' else 'failed' end,
      result = case h.kind when 'done' then h.result end, failure = case h.kind when 'failed' then h.result end,
      outcome = coalesce(h.outcome, run.outcome), decision_id = coalesce(h.decision, run.decision_id),
      next_seq = h.next_seq + ${last?.lines ?? 0} + case when h.type is null then 0 else 1 end,
      paused_from = null, due_at = null, updated_at = clock_timestamp()
    from held h where run.tenant_id = h.tenant and run.id = h.run
  ), e as (
    insert into run_event (tenant_id, run_id, seq, type, data)
    select tenant, run, next_seq + ${last?.lines ?? 0}, type, data from held h where type is not null
  ), o as (
    insert into outbound_event (id, tenant_id, lane, type, actor, data)
    select event, tenant, lane, type, 'service:runtime', data from held where type is not null
  )
  select ord, open_tasks from held`,
);

/** @returns for each whether its turn was still held; among others, perhaps not of one that somebody had locked */
export async function endRuns(tx: Statements, finishes: readonly Finish[]): Promise<boolean[]> {
  const failing = finishes.filter(({ activation }) => activation.kind === 'failed').map(({ turn }) => turn);
  if (failing.length > 0) await lockTurnsOf(tx, failing);
  const rows = journalJson(finishes.map(rowOf));
  const held = await tx.query<{ ord: number; open_tasks: number }>(END(finishes), [rows]);
  const ours = await heldOf(tx, finishes, held);
  const open = new Map(held.map(({ ord, open_tasks }) => [ord, open_tasks]));
  for (const [ord, finish] of finishes.entries())
    // The answer that said how much was left may be lost.
    if (ours[ord]) await conclude(tx, finish, open.get(ord) ?? Infinity);
  return ours;
}

/** What is left of a failed graph is ended with it, and turns are locked before their run. */
async function lockTurnsOf(tx: Statements, runs: readonly ClaimedTurn[]): Promise<void> {
  await tx.query(
    `select from unnest($1::text[], $2::text[]) as x (tenant, run)
     join turn t on t.tenant_id = x.tenant and t.run_id = x.run
     where t.state in ${LIVE_TURN} order by t.tenant_id, t.run_id, t.task_id, t.no for update of t`,
    [runs.map(({ tenantId }) => tenantId), runs.map(({ runId }) => runId)],
  );
}

/** What the end of a run means to others: what is left of a failed one goes with it, and a parent goes on. */
async function conclude(tx: Statements, { turn, activation }: Finish, openTasks: number): Promise<void> {
  const { tenantId, runId, parentRunId } = turn;
  // Nobody can resume what is left of a run that was paused and is done.
  if (activation.kind === 'done' && openTasks > 0) await resumeTurnsOf(tx, { tenantId, id: runId });
  if (activation.kind === 'failed') {
    if (openTasks > 0) await endTurnsOf(tx, { tenantId, id: runId });
    await endChildren(tx, { tenantId, id: runId }, { how: 'cancel', by: 'service:runtime' });
  }
  if (parentRunId === null) return;
  const answer =
    activation.kind === 'failed'
      ? { state: 'failed', code: activation.code, message: activation.message }
      : { state: 'completed', result: (activation as Extract<Activation, { kind: 'done' }>).result };
  await settle(tx, { tenantId, kind: 'run', key: runId }, answer);
}

function rowOf({ turn, activation, ending }: Finish, ord: number): object {
  return {
    ...keyOf(turn, ord),
    ...lastStepOf(turn),
    ...resultOf(activation as Exclude<Activation, { kind: 'parked' }>),
    ...(ending && {
      outcome: ending.outcome,
      decision: ending.decision,
      event: newId('event'),
      lane: laneOf(turn.tenantId),
      type: ending.event.type,
      data: ending.event.data.parse(ending.data),
    }),
  };
}
