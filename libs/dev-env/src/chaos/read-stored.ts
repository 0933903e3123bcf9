/** What the database holds of a history. */
import type { Installation } from '../bench/engine/installation.js';
import type { Held, Stored } from './history.js';

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

/** Each tenant has one budget, above all that it holds. */
const HELD = `
  select array(select call_id from runtime.budget_hold) as keys, coalesce(sum(reserved_micros), 0)::float8 as micros,
    coalesce(sum(abs(reserved_micros - coalesce(h.micros, 0))), 0)::float8 as "astrayMicros"
  from runtime.budget
  left join (select tenant_id, sum(micros) as micros from runtime.budget_hold group by tenant_id) h using (tenant_id)`;

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

const TURNS = `
  select t.run_id as run, t.task_id as task, t.no, t.state, t.epoch::float8 as epoch, coalesce(e.told, 0) as told
  from runtime.turn t left join (
    select run_id, data ->> 'task' as task, (data ->> 'no')::int as no, count(*)::int as told
    from runtime.run_event where type = 'chaos.turn' group by 1, 2, 3
  ) e on e.run_id = t.run_id and e.task = t.task_id and e.no = t.no`;

export async function readHeld(installation: Installation, database: string): Promise<Held> {
  return (await installation.query<Held>(database, HELD))[0]!;
}

/** All but what is held, which changes with the time. */
export async function readStored(
  installation: Installation,
  database: string,
): Promise<Omit<Stored, 'held' | 'heldForGood'>> {
  type Leftovers = Pick<Stored, 'openWaits' | 'workersLeft' | 'unplaced' | 'placeGaps'>;
  const [leftovers] = await installation.query<Leftovers>(database, LEFTOVERS);
  return {
    ...leftovers!,
    runs: await installation.query(database, RUNS),
    tasks: await installation.query(database, 'select run_id as run, id, state from runtime.task'),
    turns: await installation.query(database, TURNS),
    steps: await installation.query(
      database,
      'select run_id as run, task_id as task, name, no, epoch::float8 as epoch, pos::float8 as pos from runtime.step',
    ),
    burials: await installation.query(database, 'select * from public.burial'),
  };
}
