-- Decisions of many tenants are written by one statement, as the system role. It may write them and read none: of what is
-- there it sees whether a head row is as it was known, and whether keys and origins that were frozen are the present ones.
create policy lanes on decision for insert to :system with check (true);
create policy lanes_turn on decision for update to :system using (true) with check (true);
create policy lanes on decision_event for insert to :system with check (true);
create policy lanes on receipt for insert to :system with check (true);
create policy lanes on voter_key for select to :system using (true);
create policy lanes on log_origin for select to :system using (true);
grant insert on decision, decision_event, receipt, outbound_event to :system;
grant select (seq, commits_event_id), update (phase, outcome, sealed_at, deadline_at, commits_event_id, seq) on decision to :system;
grant select (tenant_id, voter_id, generation, superseded_at, revoked_at) on voter_key to :system;
grant select on log_origin to :system;
-- Receipts are large, and mostly base64: pglz takes a third of what writing a decision takes to find that out.
do $$
begin
  if exists (select from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)) then
    alter table receipt alter column envelope set compression lz4;
    alter table decision_event alter column data set compression lz4;
  end if;
end $$;
