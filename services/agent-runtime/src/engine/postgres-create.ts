/** New runs, many at once: the run, its root task, that task's first turn, and the events that tell of it. */
import { events, laneOf, newId } from '@conclave/contracts';
import type { Statements } from '@conclave/postgres-kit';
import type { Json } from './agent-port.js';
import { journalJson } from './journal-form.js';

export interface NewRun {
  readonly tenantId: string;
  readonly id: string;
  readonly workspaceId: string;
  readonly kind: string;
  readonly title: string;
  readonly actor: string;
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

const CREATE = `
  with x as materialized (
    select * from json_to_recordset($1::json) as x (
      tenant text, id text, workspace text, kind text, title text, actor text, agent text, input jsonb, "rootInput" jsonb,
      priority smallint, session text, parent text, "deadlineMs" float8, slow boolean, provider text, lane smallint, event text)
    -- When the answer to a commit was lost, what is sent again is there already.
    where not exists (select from run where run.tenant_id = x.tenant and run.id = x.id)
  ), r as (
    insert into run (tenant_id, id, workspace_id, kind, title, actor, state, input, next_seq, priority, session_id, parent_run_id, deadline_at, due_at)
    select tenant, id, workspace, kind, title, actor, 'queued', input, 2, coalesce(priority, 0), session, parent,
      now() + "deadlineMs" * interval '1 ms', now() + "deadlineMs" * interval '1 ms'
    from x order by tenant, id
  ), k as (
    insert into task (tenant_id, run_id, id, agent, input, state, slow, provider)
    select tenant, id, 'root', agent, coalesce("rootInput", '{}'), 'open', coalesce(slow, false), provider from x
  ), t as (
    insert into turn (tenant_id, run_id, task_id, no, state, sort_at, slow, session_id, workspace_id, agent, provider)
    select tenant, id, 'root', 1, 'ready', clock_timestamp() + coalesce(priority, 0) * interval '5 min', coalesce(slow, false),
      session, workspace, agent, provider
    from x
  ), e as (
    insert into run_event (tenant_id, run_id, seq, type, data)
    select tenant, id, 1, 'run.created', json_build_object('title', title) from x
  )
  insert into outbound_event (id, tenant_id, lane, type, actor, data)
  select event, tenant, lane, '${events.runCreated.type}', actor, json_build_object('run', id, 'kind', kind) from x`;

export async function createRuns(db: Statements, runs: readonly NewRun[]): Promise<void> {
  const rows = runs.map(({ tenantId, workspaceId, ...run }) => ({
    ...run,
    tenant: tenantId,
    workspace: workspaceId,
    lane: laneOf(tenantId),
    event: newId('event'),
  }));
  await db.query(CREATE, [journalJson(rows)]);
}
