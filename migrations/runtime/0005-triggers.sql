-- What starts runs without anybody asking at the time: a schedule, an event, or a delivery from outside.

create table trigger (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  workspace_id text collate "C" not null,
  title text not null,
  -- On whose behalf its runs are: who made or changed it last.
  owner text collate "C" not null,
  owner_disabled boolean not null default false,
  enabled boolean not null,
  kind text not null,
  source jsonb not null,
  -- The request of the runs it starts.
  template jsonb not null,
  secret_sealed text,
  -- What it listens for: the type of a platform event, or `key:` and the key of a sent one.
  topic text collate "C",
  -- When its schedule fires next; null while it is not to.
  next_at timestamptz,
  fired_at timestamptz,
  last_run_id text collate "C",
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  -- A delivery names the trigger alone.
  unique (id)
);
create index trigger_due on trigger (next_at) where next_at is not null;
create index trigger_topic on trigger (tenant_id, topic) where topic is not null;
create index trigger_owner on trigger (tenant_id, owner);

-- The dead letters: firings that were refused, once each.
create table trigger_failure (
  tenant_id text collate "C" not null,
  trigger_id text collate "C" not null,
  id text collate "C" not null,
  key text collate "C" not null,
  code text not null,
  reason text not null,
  firing jsonb not null,
  attempts int not null default 1,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, trigger_id, id),
  unique (tenant_id, trigger_id, key),
  foreign key (tenant_id, trigger_id) references trigger on delete cascade
);
create index trigger_failure_at on trigger_failure (at);

-- Deliveries that were taken: a repeat is answered with the run of the first.
create table trigger_delivery (
  tenant_id text collate "C" not null,
  trigger_id text collate "C" not null,
  message text collate "C" not null,
  run_id text collate "C" not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, trigger_id, message),
  foreign key (tenant_id, trigger_id) references trigger on delete cascade
);
create index trigger_delivery_at on trigger_delivery (at);

-- An identity that is always there; what works in it comes and goes. Idle ones are rows and nothing else.
create table session (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  workspace_id text collate "C" not null,
  title text not null,
  actor text collate "C" not null,
  agent jsonb not null,
  messages int not null default 0,
  archived_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id)
);

-- What people said, and the run that answers; its result is the answer.
create table session_message (
  tenant_id text collate "C" not null,
  session_id text collate "C" not null,
  no int not null,
  actor text collate "C" not null,
  text text not null,
  run_id text collate "C" not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, session_id, no),
  foreign key (tenant_id, session_id) references session
);
create index run_session on run (tenant_id, session_id, created_at) where session_id is not null;

do $$
declare t text;
begin
  foreach t in array array['trigger','trigger_failure','trigger_delivery','session','session_message'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy tenant on %I using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))$p$, t);
  end loop;
end $$;
-- Which triggers are due, and whose a delivery is, is asked across tenants; nothing else is.
create policy engine on trigger for select to :system using (true);
create policy engine on trigger_failure to :system using (true) with check (true);
create policy engine on trigger_delivery to :system using (true) with check (true);

grant select, insert, update, delete on trigger to :app;
grant select, insert, update on trigger_failure, session to :app;
grant select, insert on session_message, trigger_delivery to :app;
grant select (tenant_id, id, topic, enabled, next_at, created_at) on trigger to :system;
grant select (at), delete on trigger_failure, trigger_delivery to :system;
