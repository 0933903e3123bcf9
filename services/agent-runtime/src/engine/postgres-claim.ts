/**
 * The scheduler: one statement that gives a worker its next turns. Between tenants it is start-time fair queueing
 * (Goyal, Vin, Cheng 1996): a tenant's n-th ready turn has the start tag `pass + (n - 1) / weight`, the smallest tags
 * run, and `pass` moves on with them. Within a tenant it is `sort_at`: priority with ageing.
 */
import type { Role, Statements } from '@conclave/postgres-kit';
import type { Json } from './agent-port.js';
import type { ClaimedTurn } from './claimed-turn.js';
import { LINES, atWork, capsOf } from './postgres-lines.js';

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
}

/** Of which kind more may be ready; with a turn, unless none was taken. */
interface MoreRow {
  readonly more_quick: boolean;
  readonly more_slow: boolean;
}

/**
 * Whether a worker has beaten within half of a lease: one that was frozen for long is about to be buried, and what it is
 * given now would go with it.
 */
export const beats = (leaseMs: string): string => `beat_at > clock_timestamp() - ${leaseMs} / 2 * interval '1 ms'`;

/** Claims are made one after the other, each on the state that the last one left. */
export const ALONE = `select pg_advisory_xact_lock(hashtext('runtime.claim'))`;

/** While a cap of a tenant is full, a claim looks at so many more turns of each of its lines than it has places for. */
const HELD_BACK = 32;

/**
 * $1 worker, $2 turns, $3 slow turns, $4 lease in milliseconds. The line of a full cap is not looked at; whatever else a
 * full cap holds back is sent to its line as it is met, so that nobody looks over it twice, and of a tenant's quick or
 * slow turns nothing is taken that came after what a look at them has not got to. Gives one row at least, which says of
 * what more may be ready.
 */
const CLAIM = `
  with recursive me as materialized (
    select id from worker where id = $1 and ${beats('$4')} for key share
  ), waiting as (
    -- Steps over the index from one line of a tenant's quick or slow turns to the next that there is.
    (select tenant_id, slow, line from turn where state = 'ready' order by tenant_id, slow, line limit 1)
    union all
    select n.tenant_id, n.slow, n.line from waiting w cross join lateral (
      select t.tenant_id, t.slow, t.line from turn t
      where t.state = 'ready' and (t.tenant_id, t.slow, t.line) > (w.tenant_id, w.slow, w.line)
      order by t.tenant_id, t.slow, t.line limit 1
    ) n
  ), tenant as materialized (
    select w.*, c.caps, c.rooms, coalesce(h.weight, 1) as weight, h.slots is not null as bounded,
      greatest(coalesce(h.pass, 0), s.virtual_time) as pass,
      case when h.held_since is not null then 0 when h.slots is null then $2
        else h.slots - (select count(*) from ${atWork('w.tenant_id')}) end as room, count(*) over () as among
    from (select tenant_id, array_agg(slow) as kinds, array_agg(line) as lines from waiting group by tenant_id) w
    cross join (select virtual_time from scheduler limit 1) s left join tenant_share h on h.tenant_id = w.tenant_id
    -- The tightest first: what waits behind it is seldom met for nothing.
    left join lateral (
      select array_agg(c.line order by c.slots, c.line) as caps, array_agg(c.slots - c.running order by c.slots, c.line) as rooms
      from (${capsOf('w.tenant_id')}) c where exists (select from cap)
    ) c on true
  ), look as materialized (
    select n.*, l.slow, l.line, cardinality(array_positions(n.kinds, l.slow)) > 1 as several, p.share, p.places, p.places + case when 0 >= any (n.rooms) then p.places + ${HELD_BACK} else 0 end as depth
    from tenant n cross join unnest(n.kinds, n.lines) as l (slow, line)
    cross join lateral (
      select s.share, least(s.share, n.room, n.rooms[array_position(n.caps, l.line)]) as places
      from (select case when l.slow then $3 else $2 end as slots) k
      cross join lateral (select least(k.slots, 2 + 2 * k.slots / n.among) as share) s
    ) p
    where p.places > 0
  ), looked as materialized (
    select l.room, l.rooms, l.pass, l.weight, l.bounded, l.caps is not null as capped, l.several, l.line, l.share, l.places, l.depth, t.*,
      case when 0 >= any (l.rooms) then (select l.caps[p] from unnest(t.counted) p where l.rooms[p] <= 0 order by p limit 1) end as behind
    from look l cross join lateral (
      select t.ctid as place, t.tenant_id, t.run_id, t.task_id, t.no, t.sort_at, t.slow, t.session_id,
        case when l.caps is not null then array_remove(array(select array_position(l.caps, x) from unnest(${LINES}) x), null) end as counted
      from turn t
      where t.tenant_id = l.tenant_id and t.slow = l.slow and t.line = l.line and t.state = 'ready' and t.ready_at <= clock_timestamp()
        and (t.session_id is null or not exists (
          select from turn o where o.tenant_id = t.tenant_id and o.session_id = t.session_id and o.state = 'running'))
      order by t.sort_at limit l.depth
    ) t
  ), cut as materialized (
    -- Looks that ended before their line did and before what there is room for: more of it may be ready.
    select tenant_id, slow, several, max(sort_at) as reached from looked group by tenant_id, slow, line, several, share, places, depth
    having count(*) = depth and (places = share or count(*) filter (where behind is null) < places)
  ), reached as materialized (
    select tenant_id, slow, min(reached) as at from cut where several group by tenant_id, slow
  ), ready as materialized (
    select *, pass + (row_number() over (partition by tenant_id order by sort_at) - 1) / weight::float8 as tag
    from looked l where behind is null and not exists (
      select from reached c where c.tenant_id = l.tenant_id and c.slow = l.slow and l.sort_at > c.at)
  ), beyond as materialized (
    -- What would go beyond a cap if all of this batch ran.
    select place, slow from (
      select r.place, r.slow, r.rooms[p] as room, row_number() over (partition by r.tenant_id, p order by r.tag) as nth
      from ready r cross join unnest(r.counted) as p where r.counted is not null
    ) r where nth > room
  ), allowed as (
    select *, row_number() over (partition by tenant_id, coalesce(session_id, run_id || task_id) order by tag) as in_session
    from ready r where not exists (select from beyond b where b.place = r.place)
  ), chosen as materialized (
    select * from (
      select *, row_number() over (partition by slow order by tag, tenant_id) as nth, row_number() over (partition by tenant_id order by tag) as in_tenant
      from allowed where in_session = 1
    ) a where (not slow or nth <= $3) and in_tenant <= room order by tag, tenant_id limit $2
  ), picked as materialized (
    select t.*, c.tag, c.pass, c.weight, c.bounded or c.capped as bounded
    -- Each is where it was found; one that was changed meanwhile is not, and is left to the next claim. The keys are
    -- compared again for the planner alone: were what follows planned for many rows, it would read whole tables.
    from chosen c cross join lateral (
      select t.ctid as place, t.tenant_id, t.run_id, t.task_id, t.no from turn t
      where t.ctid = c.place and t.state || '' = 'ready' and exists (select from me)
      limit 1 for update skip locked) t
    where t.tenant_id = c.tenant_id and t.run_id = c.run_id and t.task_id = c.task_id
  ), held_back as materialized (
    select t.place, l.behind from looked l cross join lateral (
      select t.ctid as place from turn t where t.ctid = l.place and t.state || '' = 'ready' and exists (select from me)
      limit 1 for update skip locked) t
    where l.behind is not null
  ), sent as (
    update turn t set line = h.behind from held_back h where t.ctid = h.place
  ), taken as (
    update turn t set state = 'running', lease_owner = $1, attempt = attempt + 1, asks = null,
      epoch = greatest(t.epoch + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
    from picked p where t.ctid = p.place
    returning t.tenant_id, t.run_id, t.task_id, t.no, t.epoch, t.attempt, t.failures, t.lost, t.slow, t.last_error, t.provider, p.tag, p.pass, p.weight,
      t.session_id is not null or p.bounded as excludes
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
  ), more as (
    -- Also what waits until its cap is counted again, and one that somebody held just then.
    select coalesce(bool_or(not slow), false) as quick, coalesce(bool_or(slow), false) as slow from (
      select slow from cut
      union all
      select slow from beyond
      union all
      -- One of a session that was not the first of it: behind it another one may be ready.
      select slow from allowed where in_session > 1
      union all
      select false where (select count(*) from picked) < (select count(*) from chosen)
    -- Where somebody else holds all that was found, nothing is gained by another look at once.
    ) m where exists (select from me) and (exists (select from picked) or exists (select from held_back))
  )
  select m.quick as more_quick, m.slow as more_slow, t.* from more m left join (
    select t.*, k.agent, r.actor, k.input, r.input as run_input, r.workspace_id, r.parent_run_id, r.created_at,
      r.forked_from is not null as forked,
      case when t.no > 1 then (
        select w.answer from wait w where w.tenant_id = t.tenant_id and w.run_id = t.run_id and w.task_id = t.task_id and w.no = t.no - 1
      ) end as answer
    from taken t
    join task k on k.tenant_id = t.tenant_id and k.run_id = t.run_id and k.id = t.task_id
    join run r on r.tenant_id = t.tenant_id and r.id = t.run_id
  ) t on true
  order by t.tag, t.tenant_id`;

/** What tasks have journaled so far; asked only for those that may have something. */
const JOURNALS = `
  select s.tenant_id, s.run_id, s.task_id, s.name, s.result
  from unnest($1::text[], $2::text[], $3::text[]) as x (tenant_id, run_id, task_id)
  join step s on s.tenant_id = x.tenant_id and s.run_id = x.run_id and s.task_id = x.task_id`;

/** Takes ready turns for a worker; runs start with their first. */
export async function claimTurns(claims: Role, worker: string, capacity: Capacity): Promise<Claim> {
  const { turns, slow, leaseMs } = capacity;
  const rows = await claims.together<MoreRow & (ClaimedRow | { readonly run_id: null })>([
    [ALONE],
    [CLAIM, [worker, turns, slow, leaseMs]],
  ]);
  const taken = rows.filter((row) => row.run_id !== null);
  const journals = await journalsOf(
    claims.autocommit(),
    taken.filter((row) => row.attempt > 1 || row.no > 1 || row.forked),
  );
  const { more_quick: quick, more_slow: more } = rows[0]!;
  return {
    turns: taken.map((row) => turnOf(row, worker, journals)),
    left: {
      quick: quick || taken.length >= turns,
      slow: more || taken.filter((row) => row.slow).length >= slow,
    },
  };
}

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
