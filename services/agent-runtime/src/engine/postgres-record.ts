/** Reads everything that is written down of a run, and writes as much of it again as a fork starts with. */
import type { Statements, Tx } from '@conclave/postgres-kit';
import { hopelessness } from '@conclave/run-core';
import type { RunKey } from './postgres-control.js';
import type { RunRecord } from './replay.js';
import { newLine } from './postgres-lines.js';
import { loseCommands } from './postgres-lost.js';
import { settleKnown, type WaitRow } from './postgres-waits.js';

type Numbers<T, K extends keyof T> = Omit<T, K> & Record<K, string>;

export async function recordOf(db: Statements, { tenantId, id }: RunKey): Promise<RunRecord> {
  const key = [tenantId, id];
  const run = await db.one<RunRecord['run']>(
    `select tenant_id as "tenantId", workspace_id as "workspaceId", id, actor, input from run where tenant_id = $1 and id = $2`,
    key,
  );
  const tasks = await db.query<Numbers<RunRecord['tasks'][number], 'endedPos'>>(
    `select id, agent, input, state, result, ended_pos as "endedPos" from task where tenant_id = $1 and run_id = $2 order by pos`,
    key,
  );
  const turns = await db.query<{
    task: string;
    no: number;
    endedPos: string;
    failures: number;
    lost: number;
    lastError: string | null;
  }>(
    `select task_id as task, no, ended_pos as "endedPos", failures, lost, last_error as "lastError" from turn
     where tenant_id = $1 and run_id = $2 and state = 'done' order by ended_pos`,
    key,
  );
  const steps = await db.query<Numbers<RunRecord['steps'][number], 'pos'>>(
    `select task_id as task, no, name, result, pos from step where tenant_id = $1 and run_id = $2 order by pos`,
    key,
  );
  const waits = await db.query<RunRecord['waits'][number]>(
    `select task_id as task, no, kind, key, answer from wait where tenant_id = $1 and run_id = $2 order by pos`,
    key,
  );
  return {
    run: run!,
    tasks: tasks.map((task) => ({ ...task, endedPos: task.endedPos === null ? null : Number(task.endedPos) })),
    turns: turns.map(({ failures, lost, lastError, ...turn }) => ({
      ...turn,
      endedPos: Number(turn.endedPos),
      hopeless: hopelessness({ failures, lost, lastError }) ?? null,
    })),
    steps: steps.map((step) => ({ ...step, pos: Number(step.pos) })),
    waits,
  };
}

/** $1 tenant, $2 run, $3 the new run, $4 position: what came before it is taken over, and nothing else. */
const COPIES = [
  `insert into task (tenant_id, run_id, id, agent, input, state, result, depends_on, dependants, remaining, slow, provider, pos, ended_pos)
   select t.tenant_id, $3, t.id, t.agent, t.input,
     case when t.ended_pos < $4 then t.state when open.n > 0 then 'blocked' else 'open' end,
     case when t.ended_pos < $4 then t.result end, t.depends_on, t.dependants, open.n, t.slow, t.provider, t.pos,
     case when t.ended_pos < $4 then t.ended_pos end
   from task t cross join lateral (
     select count(*)::int as n from task d where d.tenant_id = t.tenant_id and d.run_id = t.run_id and d.id = any(t.depends_on)
       and (d.ended_pos is null or d.ended_pos >= $4)) open
   where t.tenant_id = $1 and t.run_id = $2 and t.pos < $4`,
  `insert into step (tenant_id, run_id, task_id, name, no, epoch, result, at, pos)
   select tenant_id, $3, task_id, name, no, epoch, result, at, pos from step where tenant_id = $1 and run_id = $2 and pos < $4`,
  `insert into wait (tenant_id, run_id, task_id, no, kind, key, state, answer, expires_at, default_answer, about, pos, ended_pos)
   select tenant_id, $3, task_id, no, kind, replace(key, $2, $3), case when ended_pos < $4 then state else 'open' end,
     case when ended_pos < $4 then answer end, clock_timestamp() + (expires_at - parked_at), default_answer, about, pos,
     case when ended_pos < $4 then ended_pos end
   from wait where tenant_id = $1 and run_id = $2 and pos < $4`,
  `insert into turn (tenant_id, run_id, task_id, no, state, slow, session_id, workspace_id, agent, provider, line, failures, lost, last_error, pos, ended_pos)
   select tenant_id, $3, task_id, no, case when ended_pos < $4 then 'done' else 'ready' end, slow, session_id, workspace_id, agent, provider,
     ${newLine('t.tenant_id', 't.workspace_id', 't.agent', 't.provider')},
     case when ended_pos < $4 then failures else 0 end, case when ended_pos < $4 then lost else 0 end, last_error, pos,
     case when ended_pos < $4 then ended_pos end
   from turn t where tenant_id = $1 and run_id = $2 and pos < $4`,
  `insert into run_message (tenant_id, run_id, no, actor, text, at)
   select tenant_id, $3, no, actor, text, at from run_message where tenant_id = $1 and run_id = $2 and $4::bigint is not null`,
] as const;

/** The new run's own row: parked, running or not begun, as the old one was. None for who starts nothing any more. */
const RUN = `
  insert into run (tenant_id, id, workspace_id, kind, title, actor, state, input, priority, session_id, forked_from, root_credential, open_tasks, next_seq)
  select tenant_id, $3, workspace_id, kind, $5, $6,
    case
      when exists (select from wait w where w.tenant_id = $1 and w.run_id = $2 and w.task_id = 'root' and w.pos < $4 and (w.ended_pos is null or w.ended_pos >= $4)) then 'parked'
      when exists (select from turn t where t.tenant_id = $1 and t.run_id = $2 and t.task_id = 'root' and t.no > 1 and t.pos < $4) then 'running'
      else 'queued' end,
    input, priority, session_id, id, $7,
    (select count(*) from task t where t.tenant_id = $1 and t.run_id = $2 and t.id <> 'root' and t.pos < $4 and (t.ended_pos is null or t.ended_pos >= $4)),
    2
  from run where tenant_id = $1 and id = $2
    and not exists (select from departed_member d
      where d.tenant_id = $1 and d.workspace_id = run.workspace_id and d.principal_id = $6)
    and not exists (select from distrusted_credential d where d.tenant_id = $1 and d.credential_id = $7)`;

export interface Fork {
  readonly id: string;
  readonly title: string;
  readonly actor: string;
  /** The key or the connection beneath what it is made with. */
  readonly rootCredential: string | undefined;
  /** The step before which it starts. */
  readonly pos: number;
}

/** Writes a run that has everything another one had before a step. */
export async function forkOf(tx: Tx, { tenantId, id }: RunKey, fork: Fork): Promise<void> {
  const key = [tenantId, id, fork.id, fork.pos];
  await tx.query(RUN, [...key, fork.title, fork.actor, fork.rootCredential ?? null]);
  for (const copy of COPIES) await tx.query(copy, key);
  await tx.query(
    `insert into run_event (tenant_id, run_id, seq, type, data)
     select $1, $2, 1, 'run.created', json_build_object('title', $3::text, 'forkedFrom', $4::text, 'step', $5::bigint)`,
    [tenantId, fork.id, fork.title, id, fork.pos],
  );
  const open = await tx.query<{ kind: 'run'; key: string }>(
    `select kind, key from wait where tenant_id = $1 and run_id = $2 and state = 'open' and kind = 'run'`,
    [tenantId, fork.id],
  );
  await settleKnown(
    tx,
    open.map((wait) => ({ ...wait, tenantId })),
  );
  // The program that went on is the old run's.
  const commands = await tx.query<WaitRow>(
    `select tenant_id, run_id, task_id, no from wait
     where tenant_id = $1 and run_id = $2 and state = 'open' and kind = 'command'`,
    [tenantId, fork.id],
  );
  await loseCommands(tx, commands);
}
