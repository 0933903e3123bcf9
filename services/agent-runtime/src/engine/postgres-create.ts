/**
 * New runs, many at once: the run, its root task, that task's first turn, and the events that tell of it. A worker with
 * room for all of these and all that wait takes them as they are made: they need not be made ready, found and claimed
 * first, and nobody is passed by.
 */
import { events, laneOf, newId, type ActVerdict } from '@conclave/contracts';
import type { Statements } from '@conclave/postgres-kit';
import type { Json } from './agent-port.js';
import type { ClaimedTurn } from './claimed-turn.js';
import { journalJson } from './journal-form.js';
import { beats } from './postgres-claim.js';
import { newLine } from './postgres-lines.js';

export interface NewRun {
  readonly tenantId: string;
  readonly id: string;
  readonly workspaceId: string;
  readonly kind: string;
  readonly title: string;
  readonly actor: string;
  /** The key or the connection beneath what it is started with; of a run that another one starts, that one's. */
  readonly rootCredential?: string | undefined;
  /** What permitted the actor to start it. */
  readonly verdict?: ActVerdict | undefined;
  /** The agent of its root task. */
  readonly agent: string;
  /** What all its tasks can read. */
  readonly input: Json;
  /** What its root task gets. */
  readonly rootInput?: Json;
  /** -2 (urgent) to 1 (low). */
  readonly priority?: number;
  readonly session?: string | undefined;
  /** The run that waits for its end. */
  readonly parent?: string;
  readonly deadlineMs?: number | undefined;
  readonly slow?: boolean;
  readonly provider?: string | undefined;
}

/** A worker's slots for all turns that are about to be made. */
export interface Room {
  readonly worker: string;
  /** Slots that are left for turns that wait already: if there are more of these, none is passed by. */
  readonly spare: number;
  /** How long they are the worker's without a beat. */
  readonly leaseMs: number;
}

/**
 * $1 runs, $2 worker, $3 spare slots, $4 lease in milliseconds. What a session or a bound may keep out is left to the
 * claim.
 */
const CREATE = `
  with x as materialized (
    select x.*, root, clock_timestamp() as at, (extract(epoch from clock_timestamp()) * 1000000)::bigint as epoch,
      session is null and not coalesce(slow, false)
      and exists (select from worker where worker.id = $2 and ${beats('$4')})
      and (select count(*) from (
        select from turn where turn.state = 'ready' and turn.ready_at <= clock_timestamp() limit $3 + 1) waiting) <= $3
      and not exists (select from cap where cap.tenant_id = x.tenant)
      and not exists (select from tenant_share h where h.tenant_id = x.tenant and (h.slots is not null or h.held_since is not null)) as taken
    from jsonb_to_recordset($1::jsonb) as x (
      ord int, tenant text, id text, workspace text, kind text, title text, actor text, agent text, input jsonb, "rootInput" jsonb,
      priority smallint, session text, parent text, "deadlineMs" float8, slow boolean, provider text, lane smallint, event text, verdict jsonb,
      "rootCredential" text)
    cross join lateral (select coalesce("rootCredential",
      (select p.root_credential from run p where p.tenant_id = x.tenant and p.id = x.parent)) as root) made
    -- When the answer to a commit was lost, what is sent again is there already.
    where not exists (select from run where run.tenant_id = x.tenant and run.id = x.id)
      -- Whoever is no member any more starts nothing, and nothing starts with what is not trusted any more.
      and not exists (select from departed_member d
        where d.tenant_id = x.tenant and d.workspace_id = x.workspace and d.principal_id = x.actor)
      and not exists (select from distrusted_credential d where d.tenant_id = x.tenant and d.credential_id = root)
  ), r as (
    insert into run (tenant_id, id, workspace_id, kind, title, actor, state, input, next_seq, priority, session_id,
      parent_run_id, deadline_at, due_at, created_at, root_credential)
    select tenant, id, workspace, kind, title, actor, case when taken then 'running' else 'queued' end, input,
      case when taken then 3 else 2 end, coalesce(priority, 0), session, parent,
      now() + "deadlineMs" * interval '1 ms', now() + "deadlineMs" * interval '1 ms', at, root
    from x order by tenant, id
  ), k as (
    insert into task (tenant_id, run_id, id, agent, input, state, slow, provider)
    select tenant, id, 'root', agent, coalesce("rootInput", '{}'), 'open', coalesce(slow, false), provider from x
  ), t as (
    insert into turn (tenant_id, run_id, task_id, no, state, sort_at, slow, session_id, workspace_id, agent, provider, line,
      attempt, epoch, lease_owner)
    select tenant, id, 'root', 1, case when taken then 'running' else 'ready' end,
      at + coalesce(priority, 0) * interval '5 min', coalesce(slow, false), session, workspace, agent, provider,
      case when taken then '' else ${newLine('tenant', 'workspace', 'agent', 'provider')} end,
      taken::int, case when taken then epoch else 0 end, case when taken then $2 end
    from x
  ), e as (
    insert into run_event (tenant_id, run_id, seq, type, data)
    select tenant, id, 1, 'run.created', json_build_object('title', title) from x
    union all
    select tenant, id, 2, 'run.started', '{}' from x where taken
  ), o as (
    insert into outbound_event (id, tenant_id, lane, type, actor, data, verdict)
    select event, tenant, lane, '${events.runCreated.type}', actor, json_build_object('run', id, 'kind', kind), verdict from x
  )
  select ord, input, coalesce("rootInput", '{}') as root_input, at, epoch from x where taken`;

interface TakenRow {
  readonly ord: number;
  readonly input: Json;
  readonly root_input: Json;
  readonly at: Date;
  readonly epoch: string;
}

/** @returns the turns that have the room; those that have not are ready to be claimed */
export async function createRuns(db: Statements, runs: readonly NewRun[], room?: Room): Promise<ClaimedTurn[]> {
  const rows = runs.map(({ tenantId, workspaceId, ...run }, ord) => ({
    ...run,
    ord,
    tenant: tenantId,
    workspace: workspaceId,
    lane: laneOf(tenantId),
    event: newId('event'),
  }));
  const { worker = null, spare = 0, leaseMs = 0 } = room ?? {};
  const taken = await db.query<TakenRow>(CREATE, [journalJson(rows), worker, spare, leaseMs]);
  return worker === null ? [] : taken.map((row) => takenTurn(row, runs[row.ord]!, worker));
}

const takenTurn = ({ input, root_input, at, epoch }: TakenRow, run: NewRun, owner: string): ClaimedTurn => ({
  owner,
  tenantId: run.tenantId,
  runId: run.id,
  taskId: 'root',
  no: 1,
  epoch: Number(epoch),
  attempt: 1,
  failures: 0,
  lost: 0,
  slow: run.slow ?? false,
  lastError: null,
  workspaceId: run.workspaceId,
  parentRunId: run.parent ?? null,
  agent: run.agent,
  provider: run.provider ?? null,
  actor: run.actor,
  input: root_input,
  runInput: input,
  createdAt: at,
  answer: undefined,
  excludes: false,
  journal: new Map(),
});
