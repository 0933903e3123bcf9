-- Which event sealed a decision: a second one is refused, whatever consensus' store was made to say.
create table sealed_decision (
  tenant_id text collate "C" not null,
  decision_id text collate "C" not null,
  event_id text collate "C" not null,
  primary key (tenant_id, decision_id)
);
alter table sealed_decision enable row level security;
alter table sealed_decision force row level security;
create policy tenant on sealed_decision using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert on sealed_decision to :app;
