-- The engine's lanes: statements that serve many runs at once, as :system under the policies named `engine`. A tenant is
-- part of every join key there, and rows of a run take it from the turn or run that was locked.

-- The order in which things happened to a run, for forks and replays: clocks jump, a sequence does not.
create sequence journal_pos;

alter table run
  -- Ageing: a step down in priority is five minutes of waiting, so one index serves both, and no order ever changes.
  add column priority smallint not null default 0,
  add column session_id text collate "C",
  add column parent_run_id text collate "C",
  add column forked_from text collate "C",
  add column deadline_at timestamptz,
  -- The deadline while the run goes on. An index that named the state would cost every change of it an index entry.
  add column due_at timestamptz,
  -- Where a paused run goes on.
  add column paused_from text,
  -- Spawned tasks that have not ended: whoever ends the last answers the root's wait for them.
  add column open_tasks int not null default 0,
  add column journal_removed_at timestamptz;
create index run_due on run (due_at) where due_at is not null;
create index run_parent on run (tenant_id, parent_run_id) where parent_run_id is not null;

-- A task starts when none of what it depends on is left.
alter table task
  add column depends_on text[] not null default '{}',
  add column dependants text[] not null default '{}',
  add column remaining int not null default 0,
  add column slow boolean not null default false,
  add column provider text,
  add column pos bigint not null default nextval('journal_pos'),
  add column ended_pos bigint;

alter table step
  add column no int not null default 1,
  add column pos bigint not null default nextval('journal_pos');

alter table wait
  add column about jsonb,
  add column parked_at timestamptz not null default clock_timestamp(),
  add column pos bigint not null default nextval('journal_pos'),
  add column ended_pos bigint;

alter table turn
  add column sort_at timestamptz not null default clock_timestamp(),
  -- One turn at a time has a session.
  add column session_id text collate "C",
  -- What a running turn is asked to do at its next step: `pause`.
  add column control text,
  -- What caps count by.
  add column workspace_id text collate "C",
  add column agent text,
  add column provider text,
  add column pos bigint not null default nextval('journal_pos'),
  add column ended_pos bigint;
drop index turn_ready;
drop index turn_running;
create index turn_ready on turn (tenant_id, slow, sort_at) where state = 'ready';
create index turn_owned on turn (lease_owner) where state = 'running';
create index turn_running on turn (tenant_id) where state = 'running';
create unique index turn_session on turn (tenant_id, session_id) where state = 'running' and session_id is not null;
-- State is in partial indexes, so every change leaves dead rows, and claims read past them.
alter table turn set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- Start-time fair queueing: `pass` is the tag at which a tenant's next turn starts, a turn moves it by 1 / weight.
create table tenant_share (
  tenant_id text collate "C" primary key,
  weight int not null default 1 check (weight between 1 and 1000),
  -- Turns run at once; unlimited when null.
  slots int check (slots >= 0),
  pass float8 not null default 0
) with (fillfactor = 50);

-- How many turns of a workspace, of an agent or with a provider run at once.
create table cap (
  tenant_id text collate "C" not null,
  kind text not null check (kind in ('workspace', 'agent', 'provider')),
  key text collate "C" not null,
  slots int not null check (slots >= 0),
  primary key (tenant_id, kind, key)
);

-- What people said to a run under way; its model reads them at its next step.
create table run_message (
  tenant_id text collate "C" not null,
  run_id text collate "C" not null,
  no int not null,
  actor text collate "C" not null,
  text text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, run_id, no)
);

-- The tag of the turn started last: who has been away starts from here, and saves nothing up.
create table scheduler (
  one boolean primary key default true check (one),
  virtual_time float8 not null default 0
) with (fillfactor = 10);
insert into scheduler default values;

do $$
declare t text;
begin
  foreach t in array array['tenant_share','cap','run_message'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy tenant on %I using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))$p$, t);
  end loop;
  foreach t in array array['run','task','step','signal','run_event','tenant_share','cap'] loop
    execute format('create policy engine on %I to :system using (true) with check (true)', t);
  end loop;
end $$;

grant usage on sequence journal_pos to :app, :system;
grant select, insert, update, delete on tenant_share, cap to :app;
grant select, insert on run_message to :app;
grant select on cap to :system;
grant select, insert, update on run, task, turn, step, wait, signal, run_event, tenant_share to :system;
grant insert on outbound_event to :system;
grant select, update on scheduler to :system;
