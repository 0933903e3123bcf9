-- metrics: facts taken from other services' events. Nothing here is the record of anything: all of it can be rebuilt.

create table decision_fact (
  tenant_id text collate "C" not null,
  decision_id text collate "C" not null,
  day date not null,
  outcome text not null,
  duration_ms bigint not null,
  primary key (tenant_id, decision_id)
);
create index decision_fact_day on decision_fact (tenant_id, day);

create table run_fact (
  tenant_id text collate "C" not null,
  run_id text collate "C" not null,
  day date not null,
  state text not null,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cost_micros bigint not null default 0,
  primary key (tenant_id, run_id)
);
create index run_fact_day on run_fact (tenant_id, day);

do $$
declare t text;
begin
  foreach t in array array['decision_fact', 'run_fact'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy tenant on %I using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))$p$, t);
  end loop;
end $$;

grant select, insert, update on decision_fact, run_fact to :app;
-- The rebuild job empties the projections and starts the cursors over.
grant truncate on decision_fact, run_fact to :system;
