/**
 * Ends of turns that leave their run going, of many runs at once: what the agent decided, all of it or nothing. A task
 * that ends frees what depends on it, and the last one, or the first that fails, wakes a root that waits for them.
 */
import type { Statements } from '@conclave/postgres-kit';
import type { Ending } from './agent-house.js';
import type { Activation, TaskSpec } from './agent-port.js';
import type { ClaimedTurn } from './claimed-turn.js';
import { journalJson } from './journal-form.js';
import { newLine } from './postgres-lines.js';
import { LAST_STEP, lastStepOf } from './postgres-step.js';
import { lockSignals, settleKnown, type Locked } from './postgres-waits.js';

export interface Finish {
  readonly turn: ClaimedTurn;
  readonly activation: Activation;
  /** How a run's end is told; of root tasks that end. */
  readonly ending?: Ending | undefined;
}

/** Whether the run ends with it. */
export const endsRun = ({ turn, activation }: Finish): boolean =>
  turn.taskId === 'root' && activation.kind !== 'parked';

/**
 * Writes a statement for ends, of which some may have a last step. An end by itself waits for what somebody else has
 * locked; among others it is left out, to be done by itself after them. @returns the one for these
 */
export function statementFor(
  write: (locked: Locked, last?: typeof LAST_STEP) => string,
): (finishes: readonly Finish[]) => string {
  const all = (locked: Locked) => ({ plain: write(locked), last: write(locked, LAST_STEP) });
  const [alone, among] = [all(''), all('skip locked')];
  return (finishes) => (finishes.length > 1 ? among : alone)[finishes.some(({ turn }) => turn.last) ? 'last' : 'plain'];
}

/** The rest of `held`: turns that are still ours, locked before their runs; and their end. */
export const heldAndDone = (locked: Locked): string => `from x
    join turn t on t.tenant_id = x.tenant and t.run_id = x.run and t.task_id = x.task and t.no = x.no
    join run r on r.tenant_id = x.tenant and r.id = x.run
    where t.epoch = x.epoch and t.lease_owner = x.owner
    order by x.tenant, x.run for no key update of t, r ${locked}
  ), t as (
    update turn set state = 'done', lease_owner = null, control = null, ended_pos = h.pos from held h
    where turn.tenant_id = h.tenant and turn.run_id = h.run and turn.task_id = h.task and turn.no = h.no`;

/** $1 ends. No two of one run. Every join starts from `held`: the rows of a run are found by its keys. */
const FINISH = statementFor(
  (locked, last) => `
  with x as materialized (
    select * from jsonb_to_recordset($1::jsonb) as x (
      ord int, tenant text, run text, task text, no int, owner text, epoch bigint, kind text, result jsonb, spawn jsonb, wait jsonb,
      ${LAST_STEP.columns})
  ), held as materialized (
    select x.*, r.open_tasks, r.priority, r.workspace_id, r.session_id, r.state as was, r.next_seq,
      -- All that one end brings about has one place in the order of things.
      ${last ? `${last.place}, ` : ''}nextval('journal_pos') as pos
    ${heldAndDone(locked)}
  )${last?.rows ?? ''}, k as (
    update task set state = h.kind, result = h.result, ended_pos = h.pos from held h
    where task.tenant_id = h.tenant and task.run_id = h.run and task.id = h.task and h.kind <> 'parked'
    returning h.tenant, h.run, h.pos, h.was, h.priority, h.workspace_id, h.session_id, task.state, task.dependants
  ), freed as (
    update task d set remaining = d.remaining - 1, state = case d.remaining when 1 then 'open' else d.state end
    from k cross join unnest(k.dependants) as n (id)
    where k.state = 'done' and d.tenant_id = k.tenant and d.run_id = k.run and d.id = n.id
    returning k.tenant, k.run, k.pos, k.was, k.priority, k.workspace_id, k.session_id, d.id, d.agent, d.provider, d.slow, d.remaining
  ), joined as (
    update wait w set state = 'answered', ended_pos = h.pos,
      answer = case h.kind when 'failed' then jsonb_build_object('failed', h.task) || h.result else '{"done":true}' end
    from held h
    where h.task <> 'root' and h.kind <> 'parked' and (h.open_tasks = 1 or h.kind = 'failed')
      and w.tenant_id = h.tenant and w.run_id = h.run and w.task_id = 'root' and w.kind = 'tasks' and w.state || '' = 'open'
    returning h.tenant, h.run, h.pos, h.was, h.priority, h.workspace_id, h.session_id, w.no
  ), w as (
    insert into wait (tenant_id, run_id, task_id, no, kind, key, state, expires_at, default_answer, about, worker, pos)
    select h.tenant, h.run, h.task, h.no, w.kind, w.key, 'open', clock_timestamp() + w."expiresInMs" * interval '1 ms',
      coalesce(w."defaultAnswer", 'null'), w.about, case w.kind when 'command' then h.owner end, h.pos
    from held h, jsonb_to_record(h.wait) as w (kind text, key text, "expiresInMs" float8, "defaultAnswer" jsonb, about jsonb)
    where h.kind = 'parked'
  ), spawned as materialized (
    select h.tenant, h.run, h.pos, h.was, h.priority, h.workspace_id, h.session_id, s.* from held h,
      jsonb_to_recordset(h.spawn) as s (
        id text, agent text, provider text, input jsonb, slow boolean, "dependsOn" text[], dependants text[])
  ), sk as (
    insert into task (tenant_id, run_id, id, agent, provider, input, slow, state, depends_on, dependants, remaining, pos)
    select tenant, run, id, agent, provider, input, coalesce(slow, false), case cardinality("dependsOn") when 0 then 'open' else 'blocked' end,
      "dependsOn", dependants, cardinality("dependsOn"), pos
    from spawned
  ), st as (
    insert into turn (tenant_id, run_id, task_id, no, state, slow, sort_at, session_id, workspace_id, agent, provider, line, pos)
    select tenant, run, task, no, case was when 'paused' then 'paused' else 'ready' end, slow,
      clock_timestamp() + priority * interval '5 min', session_id, workspace_id, agent, provider,
      ${newLine('tenant', 'workspace_id', 'agent', 'provider')}, pos
    from (
      select tenant, run, id as task, 1 as no, coalesce(slow, false) as slow, agent, provider, was, priority, workspace_id, session_id, pos
      from spawned where cardinality("dependsOn") = 0
      union all
      select tenant, run, id, 1, slow, agent, provider, was, priority, workspace_id, session_id, pos from freed where remaining = 0
      union all
      select j.tenant, j.run, 'root', j.no + 1, false, p.agent, p.provider, j.was, j.priority, j.workspace_id, j.session_id, j.pos
      from joined j join turn p on p.tenant_id = j.tenant and p.run_id = j.run and p.task_id = 'root' and p.no = j.no
    ) fresh
  ), r as (
    update run set updated_at = clock_timestamp(), next_seq = h.next_seq + ${last?.lines ?? 0},
      state = case
        when h.was = 'paused' then 'paused'
        when h.task = 'root' then 'parked'
        when exists (select from joined j where j.tenant = h.tenant and j.run = h.run) then 'running'
        else run.state end,
      paused_from = case when h.was <> 'paused' then null when h.task = 'root' then 'parked'
        when exists (select from joined j where j.tenant = h.tenant and j.run = h.run) then 'running' else run.paused_from end,
      open_tasks = run.open_tasks + coalesce(jsonb_array_length(h.spawn), 0) - case when h.task <> 'root' and h.kind <> 'parked' then 1 else 0 end
    from held h
    where run.tenant_id = h.tenant and run.id = h.run and (h.task = 'root' or h.kind <> 'parked' or h.spawn is not null or h.story is not null)
  )
  select ord from held`,
);

/** @returns for each whether its turn was still held; among others, perhaps not of one that somebody had locked */
export async function finishTurns(tx: Statements, finishes: readonly Finish[]): Promise<boolean[]> {
  const parked = finishes.flatMap(({ turn, activation }) =>
    activation.kind === 'parked' ? [{ tenantId: turn.tenantId, ...activation.wait }] : [],
  );
  // Sent in one go, and awaited together: a connection that is lost fails both.
  const [, held] = await Promise.all([
    lockSignals(tx, parked),
    tx.query<{ ord: number }>(FINISH(finishes), [journalJson(finishes.map(rowOf))]),
  ]);
  if (parked.length > 0) await settleKnown(tx, parked);
  return heldOf(tx, finishes, held);
}

/** Those that are ours, with those that were ended by a commit whose answer was lost: nobody else has their epochs. */
export async function heldOf(
  tx: Statements,
  finishes: readonly Finish[],
  held: readonly { ord: number }[],
): Promise<boolean[]> {
  const ours = new Set(held.map(({ ord }) => ord));
  if (ours.size < finishes.length) {
    const before = await tx.query<{ ord: number }>(
      `select x.ord from jsonb_to_recordset($1::jsonb) as x (ord int, tenant text, run text, task text, no int, epoch bigint)
       join turn t on t.tenant_id = x.tenant and t.run_id = x.run and t.task_id = x.task and t.no = x.no
       where t.epoch = x.epoch and t.state = 'done'`,
      [JSON.stringify(finishes.map(({ turn }, ord) => keyOf(turn, ord)))],
    );
    for (const { ord } of before) ours.add(ord);
  }
  return finishes.map((_, ord) => ours.has(ord));
}

export const keyOf = ({ tenantId: tenant, runId: run, taskId: task, no, owner, epoch }: ClaimedTurn, ord: number) => ({
  ...{ ord, tenant, run, task, no, owner, epoch },
});

/** What it leaves to the task: its result, or why it has none. */
export const resultOf = (activation: Exclude<Activation, { kind: 'parked' }>): object =>
  activation.kind === 'done'
    ? { kind: 'done', result: activation.result }
    : { kind: 'failed', result: { code: activation.code, message: activation.message } };

function rowOf({ turn, activation }: Finish, ord: number): object {
  const key = { ...keyOf(turn, ord), ...lastStepOf(turn) };
  if (activation.kind !== 'parked') return { ...key, ...resultOf(activation) };
  const { wait, spawn } = activation;
  return { ...key, kind: 'parked', wait, ...(spawn && { spawn: spawnOf(spawn) }) };
}

/** The tasks with both ends of every edge. */
function spawnOf(tasks: readonly TaskSpec[]): readonly object[] {
  const dependants = new Map<string, string[]>(tasks.map(({ id }) => [id, []]));
  for (const { id, dependsOn = [] } of tasks) for (const wanted of new Set(dependsOn)) dependants.get(wanted)?.push(id);
  return tasks.map((task) => ({
    ...task,
    dependsOn: [...new Set(task.dependsOn)],
    dependants: dependants.get(task.id),
  }));
}
