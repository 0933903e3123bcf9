/** What the database holds of a history. */
import type { Installation } from '../bench/engine/installation.js';
import type { Budget, ClientRun, Money, Stored } from './history.js';

const RUNS = `
  select r.id, r.state, r.next_seq::int as "nextSeq", e.*, o.*
  from runtime.run r
  cross join lateral (
    select coalesce(min(seq), 0)::int as "firstSeq", coalesce(max(seq), 0)::int as "lastSeq", count(*)::int as events,
      (count(*) filter (where type = 'run.created'))::int as created, (count(*) filter (where type = 'run.started'))::int as started,
      (count(*) filter (where type in ('run.completed', 'run.failed', 'run.canceled', 'run.expired')))::int as ended
    from runtime.run_event where tenant_id = r.tenant_id and run_id = r.id) e
  left join (
    select data ->> 'run' as run, (count(*) filter (where type like '%run.created'))::int as "outboundCreated",
      (count(*) filter (where type not like '%run.created'))::int as "outboundEnded"
    from runtime.outbound_event group by data ->> 'run') o on o.run = r.id`;

const LEFTOVERS = `
  select (select count(*) from runtime.wait where state = 'open')::int as "openWaits",
    (select count(*) from runtime.worker)::int as "workersLeft",
    (select count(*) from runtime.outbound_event where pos is null)::int as unplaced,
    (select coalesce(sum(last - events), 0) from (
      select max(pos) as last, count(*) as events from runtime.outbound_event where pos is not null group by lane, epoch) p
    )::int as "placeGaps"`;

const BUDGETS = `
  select id, tenant_id as tenant, scope, scope_id as "scopeId", workspace_id as workspace, limit_micros::float8 as "limit",
    spent_micros::float8 as spent, reserved_micros::float8 as reserved, (
      select count(*)::int from runtime.wait w
      where w.tenant_id = b.tenant_id and w.kind = 'budget' and w.key = b.id and w.state = 'open') as waiting
  from runtime.budget b`;

const MONEY = `
  select (select coalesce(json_agg(b), '[]') from (${BUDGETS}) b) as budgets,
    (select coalesce(json_agg(h), '[]') from (
      select run_id as run, call_id as key, micros from runtime.budget_hold) h) as holds,
    (select coalesce(json_agg(l), '[]') from (
      select run_id as run, call_id as key, cost_micros as micros from runtime.usage_ledger) l) as ledger`;

/** Writes down whose turn is lost with its worker, and when. */
export const NOTE_BURIALS = `
  create table public.burial (run text, task text, no int, epoch float8, at float8);
  create function public.note_burial() returns trigger language plpgsql security definer as $$
    begin
      insert into public.burial
        values (old.run_id, old.task_id, old.no, old.epoch, extract(epoch from clock_timestamp()) * 1000);
      return null;
    end $$;
  create trigger note_burial after update of lost on runtime.turn for each row
    when (new.lost > old.lost and old.state = 'running') execute function public.note_burial()`;

const TOLD = `
  select run_id as run, data ->> 'task' as task, (data ->> 'no')::int as turn, count(*)::int as times
  from runtime.run_event where type = 'chaos.turn' group by 1, 2, 3`;

/** A budget while all goes on. */
export interface LiveBudget extends Budget {
  readonly workspace: string | null;
  /** Tasks that wait for room in it. */
  readonly waiting: number;
}

export const readBudgets = (installation: Installation, database: string): Promise<LiveBudget[]> =>
  installation.query<LiveBudget>(database, BUDGETS);

export async function readMoney(installation: Installation, database: string): Promise<Money> {
  return (await installation.query<Money>(database, MONEY))[0]!;
}

/** The runs of a tenant, as clients have to have seen them. */
const CLIENT_RUNS = `
  select r.id,
    (select coalesce(json_agg(json_build_object('seq', seq, 'type', type, 'data', data) order by seq), '[]')
      from runtime.run_event e where e.tenant_id = r.tenant_id and e.run_id = r.id) as events,
    (select coalesce(json_agg(json_build_object('task', task_id, 'state', state, 'answer', answer -> 'answer')), '[]')
      from runtime.wait w where w.tenant_id = r.tenant_id and w.run_id = r.id and w.kind = 'human') as waits,
    (select result from runtime.task k where k.tenant_id = r.tenant_id and k.run_id = r.id and k.id = 'say') as result
  from runtime.run r where r.tenant_id = $1`;

export const readClientRuns = (
  installation: Installation,
  database: string,
  tenant: string | undefined,
): Promise<ClientRun[]> => installation.query<ClientRun>(database, CLIENT_RUNS, [tenant]);

/** All but money, which changes with the time, and what clients saw. */
export async function readStored(
  installation: Installation,
  database: string,
): Promise<Omit<Stored, 'money' | 'moneyAfterwards' | 'clientRuns'>> {
  type Leftovers = Pick<Stored, 'openWaits' | 'workersLeft' | 'unplaced' | 'placeGaps'>;
  const [leftovers] = await installation.query<Leftovers>(database, LEFTOVERS);
  return {
    ...leftovers!,
    runs: await installation.query(database, RUNS),
    tasks: await installation.query(database, 'select run_id as run, id, state from runtime.task'),
    turns: await installation.query(
      database,
      'select run_id as run, task_id as task, no, state, epoch::float8 as epoch from runtime.turn',
    ),
    told: await installation.query(database, TOLD),
    parked: await installation.query(
      database,
      `select run_id as run, task_id as task, no, state from runtime.wait where kind = 'budget'`,
    ),
    steps: await installation.query(
      database,
      'select run_id as run, task_id as task, name, no, epoch::float8 as epoch, pos::float8 as pos from runtime.step',
    ),
    burials: await installation.query(database, 'select * from public.burial'),
  };
}
