-- agent-runtime: runs, their tasks, turns, steps, waits and story; panels, voters, uploads.
-- The engine's lanes (claim, heartbeat, reap, expire) work across tenants as :system under the policies named `engine`;
-- everything that touches content runs as :app under the strict policy.

create table run (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  workspace_id text collate "C" not null,
  kind text not null,
  title text not null,
  actor text collate "C" not null,
  state text not null,
  input jsonb not null,
  result jsonb,
  decision_id text collate "C",
  outcome text,
  failure jsonb,
  next_seq int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id)
) with (fillfactor = 50);

create table task (
  tenant_id text collate "C" not null,
  run_id text collate "C" not null,
  id text collate "C" not null,
  agent text not null,
  input jsonb not null,
  state text not null,
  result jsonb,
  primary key (tenant_id, run_id, id)
);

-- One activation of one task's agent. `epoch` fences: only the holder of the current one may write.
create table turn (
  tenant_id text collate "C" not null,
  run_id text collate "C" not null,
  task_id text collate "C" not null,
  no int not null,
  state text not null,
  attempt int not null default 0,
  failures int not null default 0,
  last_error text,
  epoch bigint not null default 0,
  lease_owner text collate "C",
  lease_until timestamptz,
  ready_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, run_id, task_id, no)
) with (fillfactor = 50);
create index turn_ready on turn (tenant_id, ready_at) where state = 'ready';
create index turn_running on turn (lease_owner) where state = 'running';

-- The journal: what an activation has already done, by name. A repeat reads it instead of doing it again.
create table step (
  tenant_id text collate "C" not null,
  run_id text collate "C" not null,
  task_id text collate "C" not null,
  name text not null,
  epoch bigint not null,
  result jsonb not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, run_id, task_id, name)
);

-- A parked task: no process, no slot, no polling.
create table wait (
  tenant_id text collate "C" not null,
  run_id text collate "C" not null,
  task_id text collate "C" not null,
  no int not null,
  kind text not null,
  key text collate "C" not null,
  state text not null,
  answer jsonb,
  expires_at timestamptz not null,
  default_answer jsonb not null,
  primary key (tenant_id, run_id, task_id, no)
);
create index wait_open on wait (tenant_id, kind, key) where state = 'open';
create index wait_expiry on wait (expires_at) where state = 'open';

-- What has happened, for waits that are parked after it did.
create table signal (
  tenant_id text collate "C" not null,
  kind text not null,
  key text collate "C" not null,
  data jsonb not null,
  primary key (tenant_id, kind, key)
);

create table run_event (
  tenant_id text collate "C" not null,
  run_id text collate "C" not null,
  seq int not null,
  type text not null,
  at timestamptz not null default clock_timestamp(),
  data jsonb not null,
  primary key (tenant_id, run_id, seq)
);

-- Workers announce themselves; a worker's session lock on `lock_key` is the hint that it lives.
create table worker (
  id text collate "C" primary key,
  lock_key bigint not null,
  beat_at timestamptz not null default clock_timestamp()
);

create table installed_panel (
  tenant_id text collate "C" not null,
  package text not null,
  installation_id text collate "C" not null,
  version text not null,
  sha256 text not null,
  manifest jsonb not null,
  primary key (tenant_id, package)
);

-- Voter keys in the platform's custody, sealed under the signer's key-encryption key.
create table voter_key (
  tenant_id text collate "C" not null,
  voter_id text collate "C" not null,
  agent text not null,
  public_key text not null,
  sealed_private_key text not null,
  enrolled_at timestamptz,
  primary key (tenant_id, voter_id),
  unique (tenant_id, agent)
);

create table upload (
  tenant_id text collate "C" not null,
  sha256 text not null,
  size_bytes bigint not null,
  actor text collate "C" not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, sha256)
);

-- Tokens and money, one row per model call, booked once per call.
create table usage_ledger (
  tenant_id text collate "C" not null,
  run_id text collate "C" not null,
  call_id text not null,
  model text not null,
  input_tokens int not null,
  output_tokens int not null,
  cost_micros bigint not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, run_id, call_id)
);

do $$
declare t text;
begin
  foreach t in array array['run','task','turn','step','wait','signal','run_event','installed_panel','voter_key','upload','usage_ledger'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy tenant on %I using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))$p$, t);
  end loop;
  foreach t in array array['turn','wait'] loop
    execute format('create policy engine on %I to :system using (true) with check (true)', t);
  end loop;
end $$;

grant select, insert, update on run, task, turn, step, wait, signal, run_event, voter_key to :app;
grant select, insert, update, delete on installed_panel to :app;
grant select, insert on upload, usage_ledger to :app;
grant select, update on turn, wait to :system;
grant select, insert, update, delete on worker to :system;
