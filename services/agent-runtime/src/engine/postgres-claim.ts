/**
 * The scheduler: one statement that gives a worker its next turns. Between tenants it is start-time fair queueing
 * (Goyal, Vin, Cheng 1996): a tenant's n-th ready turn has the start tag `pass + (n - 1) / weight`, the smallest tags
 * run, and `pass` moves on with them. Within a tenant it is `sort_at`: priority with ageing.
 */
import type { Role, Statements } from '@conclave/postgres-kit';
import type { Json } from './agent-port.js';
import type { ClaimedTurn } from './claimed-turn.js';

export interface Capacity {
  readonly turns: number;
  /** Of these at most so many slow ones. */
  readonly slow: number;
  /** How long they are the worker's without a beat. */
  readonly leaseMs: number;
}

/** Turns taken, and of which kind more may be ready. */
export interface Claim {
  readonly turns: readonly ClaimedTurn[];
  readonly left: { readonly quick: boolean; readonly slow: boolean };
}

interface ClaimedRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly no: number;
  readonly epoch: string;
  readonly attempt: number;
  readonly failures: number;
  readonly lost: number;
  readonly slow: boolean;
  readonly last_error: string | null;
  readonly agent: string;
  readonly provider: string | null;
  readonly actor: string;
  readonly input: Json;
  readonly run_input: Json;
  readonly workspace_id: string;
  readonly parent_run_id: string | null;
  readonly created_at: Date;
  readonly answer: Json | null;
  readonly excludes: boolean;
  readonly forked: boolean;
  readonly tenants: number;
  readonly chosen: number;
}

/**
 * Whether a worker has beaten within half of a lease: one that was frozen for long is about to be buried, and what it is
 * given now would go with it.
 */
export const beats = (leaseMs: string): string => `beat_at > clock_timestamp() - ${leaseMs} / 2 * interval '1 ms'`;

/** Claims are made one after the other, each on the state that the last one left. */
export const ALONE = `select pg_advisory_xact_lock(hashtext('runtime.claim'))`;

/** The turns that workers run; to be followed by whose. */
const RUNNING = `select count(*) from worker o join turn t on t.lease_owner = o.id and t.state = 'running'`;

/** $1 worker, $2 turns, $3 slow turns, $4 lease in milliseconds. */
const CLAIM = `
  with recursive me as materialized (
    select id from worker where id = $1 and ${beats('$4')} for key share
  ), waiting as (
    -- Steps over the index from one tenant's quick or slow turns to the next that there are.
    (select tenant_id, slow from turn where state = 'ready' order by tenant_id, slow limit 1)
    union all
    select n.tenant_id, n.slow from waiting w cross join lateral (
      select t.tenant_id, t.slow from turn t where t.state = 'ready' and (t.tenant_id, t.slow) > (w.tenant_id, w.slow)
      order by t.tenant_id, t.slow limit 1
    ) n
  ), tenant as materialized (
    select w.tenant_id, coalesce(h.weight, 1) as weight, h.slots is not null as bounded, greatest(coalesce(h.pass, 0), s.virtual_time) as pass,
      case when h.held_since is not null then 0 when h.slots is null then $2
        else h.slots - (${RUNNING} where t.tenant_id = w.tenant_id) end as room
    from (select distinct tenant_id from waiting) w cross join scheduler s left join tenant_share h on h.tenant_id = w.tenant_id
  ), at_work as materialized (
    -- Read once, however many caps count it.
    select t.tenant_id, t.workspace_id, t.agent, coalesce(t.asks, t.provider) as provider
    from (select distinct c.tenant_id from tenant n join cap c on c.tenant_id = n.tenant_id where exists (select from cap)) n
    cross join lateral (
      select t.* from worker o join turn t on t.lease_owner = o.id and t.state = 'running' where t.tenant_id = n.tenant_id) t
  ), capped as materialized (
    select c.tenant_id, c.kind, c.key, c.slots - (
      select count(*) from at_work t
      where t.tenant_id = c.tenant_id and c.key = case c.kind when 'workspace' then t.workspace_id when 'agent' then t.agent else t.provider end) as room
    from tenant n join cap c on c.tenant_id = n.tenant_id
    where exists (select from cap)
  ), ready as materialized (
    select t.*, n.pass, n.weight, n.bounded, n.pass + (row_number() over (partition by n.tenant_id order by t.sort_at) - 1) / n.weight::float8 as tag
    from tenant n join waiting w using (tenant_id) join (values (false, $2), (true, $3)) as lane (slow, places) using (slow) cross join lateral (
      select t.ctid as place, t.tenant_id, t.run_id, t.task_id, t.no, t.sort_at, t.slow, t.session_id, t.workspace_id, t.agent, t.provider
      from turn t
      where t.tenant_id = n.tenant_id and t.slow = lane.slow and t.state = 'ready' and t.ready_at <= clock_timestamp()
        and (t.session_id is null or not exists (
          select from turn o where o.tenant_id = t.tenant_id and o.session_id = t.session_id and o.state = 'running'))
        and not exists (
          select from capped c where c.room <= 0 and c.tenant_id = t.tenant_id
            and c.key = case c.kind when 'workspace' then t.workspace_id when 'agent' then t.agent else t.provider end)
      order by t.sort_at limit greatest(0, least(n.room, lane.places, 2 + 2 * lane.places / (select count(*) from tenant)))
    ) t
  ), beyond as materialized (
    -- What would go beyond a cap if all of this batch ran.
    select r.tenant_id, r.run_id, r.task_id, r.no from (
      select r.tenant_id, r.run_id, r.task_id, r.no, c.room,
        row_number() over (partition by c.tenant_id, c.kind, c.key order by r.tag) as nth
      from ready r join capped c on c.tenant_id = r.tenant_id
        and c.key = case c.kind when 'workspace' then r.workspace_id when 'agent' then r.agent else r.provider end
    ) r where r.nth > r.room
  ), allowed as (
    select *, row_number() over (partition by slow order by tag, tenant_id) as nth,
      row_number() over (partition by tenant_id, coalesce(session_id, run_id || task_id) order by tag) as in_session
    from ready r
    where not exists (
      select from beyond b where b.tenant_id = r.tenant_id and b.run_id = r.run_id and b.task_id = r.task_id and b.no = r.no)
  ), chosen as materialized (
    select * from allowed where (not slow or nth <= $3) and in_session = 1 order by tag, tenant_id limit $2
  ), picked as materialized (
    select t.*, c.tag, c.pass, c.weight, c.bounded
    -- Each is where it was found; one that was changed meanwhile is not, and is left to the next claim. The keys are
    -- compared again for the planner alone: were what follows planned for many rows, it would read whole tables.
    from chosen c cross join lateral (
      select t.ctid as place, t.tenant_id, t.run_id, t.task_id, t.no from turn t
      where t.ctid = c.place and t.state || '' = 'ready' and exists (select from me)
      limit 1 for update skip locked) t
    where t.tenant_id = c.tenant_id and t.run_id = c.run_id and t.task_id = c.task_id
  ), taken as (
    update turn t set state = 'running', lease_owner = $1, attempt = attempt + 1, asks = null,
      epoch = greatest(t.epoch + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
    from picked p where t.ctid = p.place
    returning t.tenant_id, t.run_id, t.task_id, t.no, t.epoch, t.attempt, t.failures, t.lost, t.slow, t.last_error, t.provider, p.tag, p.pass, p.weight,
      t.session_id is not null or p.bounded or exists (select from capped c where c.tenant_id = t.tenant_id) as excludes
  ), charged as (
    insert into tenant_share (tenant_id, pass)
    select tenant_id, pass + count(*) / weight::float8 from taken group by tenant_id, pass, weight order by tenant_id
    on conflict (tenant_id) do update set pass = excluded.pass
  ), moved as (
    update scheduler set virtual_time = greatest(virtual_time, (select max(tag) from taken))
    where exists (select from taken)
  ), started as (
    update run r set state = 'running', next_seq = r.next_seq + 1, updated_at = clock_timestamp() from taken p
    where r.tenant_id = p.tenant_id and r.id = p.run_id and r.state = 'queued'
    returning r.tenant_id, r.id, r.next_seq - 1 as seq
  ), told as (
    insert into run_event (tenant_id, run_id, seq, type, data) select tenant_id, id, seq, 'run.started', '{}' from started
  )
  select t.*, k.agent, r.actor, k.input, r.input as run_input, r.workspace_id, r.parent_run_id, r.created_at,
    r.forked_from is not null as forked,
    case when t.no > 1 then (
      select w.answer from wait w where w.tenant_id = t.tenant_id and w.run_id = t.run_id and w.task_id = t.task_id and w.no = t.no - 1
    ) end as answer,
    (select count(*)::int from tenant) as tenants, (select count(*)::int from chosen) as chosen
  from taken t
  join task k on k.tenant_id = t.tenant_id and k.run_id = t.run_id and k.id = t.task_id
  join run r on r.tenant_id = t.tenant_id and r.id = t.run_id
  order by t.tag, t.tenant_id`;

/** What tasks have journaled so far; asked only for those that may have something. */
const JOURNALS = `
  select s.tenant_id, s.run_id, s.task_id, s.name, s.result
  from unnest($1::text[], $2::text[], $3::text[]) as x (tenant_id, run_id, task_id)
  join step s on s.tenant_id = x.tenant_id and s.run_id = x.run_id and s.task_id = x.task_id`;

/** Takes ready turns for a worker; runs start with their first. */
export async function claimTurns(claims: Role, worker: string, capacity: Capacity): Promise<Claim> {
  const { turns, slow, leaseMs } = capacity;
  const rows = await claims.together<ClaimedRow>([[ALONE], [CLAIM, [worker, turns, slow, leaseMs]]]);
  const journals = await journalsOf(
    claims.autocommit(),
    rows.filter((row) => row.attempt > 1 || row.no > 1 || row.forked),
  );
  const left = (slow: boolean, places: number): boolean => {
    const taken = rows.filter((row) => row.slow === slow);
    const byTenant = [...Map.groupBy(taken, (row) => row.tenant_id).values()];
    const most = Math.max(0, ...byTenant.map((own) => own.length));
    return taken.length >= places || most >= perTenant(places, rows[0]?.tenants ?? 1);
  };
  return {
    turns: rows.map((row) => turnOf(row, worker, journals)),
    // One that somebody held just then was chosen, and is left.
    left: {
      quick: rows.length >= turns || rows.length < (rows[0]?.chosen ?? 0) || left(false, turns),
      slow: left(true, slow),
    },
  };
}

/** Most turns that one claim looks at of one tenant, as in the statement. */
const perTenant = (places: number, tenants: number): number => 2 + Math.floor((2 * places) / tenants);

async function journalsOf(
  db: Statements,
  rows: readonly ClaimedRow[],
): Promise<ReadonlyMap<string, Map<string, Json>>> {
  const journals = new Map<string, Map<string, Json>>();
  if (rows.length === 0) return journals;
  const steps = await db.query<TaskRow & { name: string; result: Json }>(JOURNALS, [
    rows.map((row) => row.tenant_id),
    rows.map((row) => row.run_id),
    rows.map((row) => row.task_id),
  ]);
  for (const { name, result, ...step } of steps) {
    const key = taskKey(step);
    journals.set(key, (journals.get(key) ?? new Map<string, Json>()).set(name, result));
  }
  return journals;
}

type TaskRow = Pick<ClaimedRow, 'tenant_id' | 'run_id' | 'task_id'>;

const taskKey = (row: TaskRow): string => `${row.tenant_id}/${row.run_id}/${row.task_id}`;

const turnOf = (row: ClaimedRow, owner: string, journals: ReadonlyMap<string, Map<string, Json>>): ClaimedTurn => ({
  owner,
  tenantId: row.tenant_id,
  runId: row.run_id,
  taskId: row.task_id,
  no: row.no,
  epoch: Number(row.epoch),
  attempt: row.attempt,
  failures: row.failures,
  lost: row.lost,
  slow: row.slow,
  lastError: row.last_error,
  workspaceId: row.workspace_id,
  parentRunId: row.parent_run_id,
  agent: row.agent,
  provider: row.provider,
  actor: row.actor,
  input: row.input,
  runInput: row.run_input,
  createdAt: row.created_at,
  answer: row.answer ?? undefined,
  excludes: row.excludes,
  journal: journals.get(taskKey(row)) ?? new Map<string, Json>(),
});
