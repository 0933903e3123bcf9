-- Voters who came too late: each is put on record in the log once for a decision.
create table late_voter (
  tenant_id text collate "C" not null,
  decision_id text collate "C" not null,
  voter_id text collate "C" not null,
  primary key (tenant_id, decision_id, voter_id)
);
alter table late_voter enable row level security;
alter table late_voter force row level security;
create policy tenant on late_voter using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert on late_voter to :app;
