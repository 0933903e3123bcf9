-- Tenants that are suspended: none of their decisions ends by time, and what was left of it is left when they go on.
create table held_tenant (
  tenant_id text collate "C" primary key,
  since timestamptz not null
);
alter table held_tenant enable row level security;
alter table held_tenant force row level security;
create policy tenant on held_tenant using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
create policy deadlines on held_tenant for select to :system using (true);
grant select, insert, delete on held_tenant to :app;
grant select (tenant_id) on held_tenant to :system;
