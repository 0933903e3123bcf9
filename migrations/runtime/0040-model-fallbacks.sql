-- Which models take the place of one in a workspace, in order, when its provider is out or limits us.
create table model_fallback (
  tenant_id text collate "C" not null,
  workspace_id text collate "C" not null,
  model text collate "C" not null,
  fallbacks text[] not null,
  primary key (tenant_id, workspace_id, model)
);
alter table model_fallback enable row level security;
alter table model_fallback force row level security;
create policy tenant on model_fallback using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, update, delete on model_fallback to :app;
