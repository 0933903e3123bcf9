-- What a run or a trigger was made with: the API key or the connection beneath the credential. Null where it was neither,
-- and for all that was made before this was known.
alter table run add column root_credential text collate "C";
alter table trigger add column root_credential text collate "C";
create index run_root_credential on run (tenant_id, root_credential) where root_credential is not null;

-- Credentials that nothing is started with any more, whatever was on its way.
create table distrusted_credential (
  tenant_id text collate "C" not null,
  credential_id text collate "C" not null,
  primary key (tenant_id, credential_id)
);
alter table distrusted_credential enable row level security;
alter table distrusted_credential force row level security;
create policy tenant on distrusted_credential using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
create policy engine on distrusted_credential for select to :system using (true);
grant select, insert, delete on distrusted_credential to :app;
grant select on distrusted_credential to :system;

-- Work that is to end: a member's in a workspace, or what was started with a credential. It is looked for until every
-- transaction is over that may not have seen that it is not to start.
create table work_to_end (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  -- Who said so.
  actor text collate "C" not null,
  workspace_id text collate "C",
  principal_id text collate "C",
  credential_id text collate "C",
  at timestamptz not null default clock_timestamp(),
  -- When it was first looked at: it had been committed by then.
  seen_at timestamptz,
  -- Transactions before this one may not have seen it.
  horizon xid8,
  primary key (tenant_id, id),
  check ((credential_id is null) = (workspace_id is not null and principal_id is not null))
);
alter table work_to_end enable row level security;
alter table work_to_end force row level security;
create policy tenant on work_to_end using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
create policy engine on work_to_end for select to :system using (true);
grant select, insert, update, delete on work_to_end to :app;
grant select on work_to_end to :system;
