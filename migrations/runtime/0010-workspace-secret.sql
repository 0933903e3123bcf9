-- Which secrets a workspace has, and in which version: auth's events, without values. A version of 0 stands for one that
-- cannot be read any more.
create table workspace_secret (
  tenant_id text collate "C" not null,
  workspace_id text collate "C" not null,
  name text collate "C" not null,
  version int not null,
  primary key (tenant_id, workspace_id, name)
);
alter table workspace_secret enable row level security;
alter table workspace_secret force row level security;
create policy tenant on workspace_secret using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, update, delete on workspace_secret to :app;
