-- Calibration: which decisions belong to a class of tasks, and what turned out right in them.

-- Decisions that were opened with earned weights; agreement within a class is estimated over them.
create table calibrated_decision (
  tenant_id text collate "C" not null,
  decision_id text collate "C" not null,
  task_class text not null,
  primary key (tenant_id, decision_id)
);
create index calibrated_decision_newest on calibrated_decision (tenant_id, task_class, decision_id desc);

-- What turned out right in a decision; given once.
create table hindsight (
  tenant_id text collate "C" not null,
  decision_id text collate "C" not null,
  task_class text not null,
  -- The options that were right, as they were named.
  right_options json not null,
  recorded_by text collate "C" not null,
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, decision_id)
);

-- Who was right in it, in the order in which it became known.
create table voter_outcome (
  tenant_id text collate "C" not null,
  decision_id text collate "C" not null,
  voter_id text collate "C" not null,
  task_class text not null,
  seq bigint generated always as identity,
  was_right boolean not null,
  primary key (tenant_id, decision_id, voter_id)
);
create index voter_outcome_of on voter_outcome (tenant_id, task_class, voter_id, seq desc);

do $$
declare t text;
begin
  foreach t in array array['calibrated_decision','hindsight','voter_outcome'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy tenant on %I using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))$p$, t);
  end loop;
end $$;
grant select, insert on calibrated_decision, hindsight, voter_outcome to :app;
