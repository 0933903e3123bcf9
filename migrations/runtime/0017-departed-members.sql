-- Memberships that ended: a request of theirs that was on its way meanwhile starts nothing.
create table departed_member (
  tenant_id text collate "C" not null,
  workspace_id text collate "C" not null,
  principal_id text collate "C" not null,
  primary key (tenant_id, workspace_id, principal_id)
);
alter table departed_member enable row level security;
alter table departed_member force row level security;
create policy tenant on departed_member using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
create policy engine on departed_member for select to :system using (true);
grant select, insert, delete on departed_member to :app;
grant select on departed_member to :system;
