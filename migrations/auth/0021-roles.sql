-- Roles of a tenant's own: named sets of permissions beside the built-in ones, held by members like those.
create table role (
  tenant_id text collate "C" not null references tenant,
  name text collate "C" not null,
  permissions text[] not null check (cardinality(permissions) > 0),
  created_at timestamptz not null,
  primary key (tenant_id, name)
);
alter table role enable row level security;
alter table role force row level security;
create policy tenant on role using (tenant_id = current_setting('app.tenant', true))
  with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, delete, update (permissions) on role to :app;

alter table membership drop constraint membership_role_check;
create index membership_of_role on membership (tenant_id, role) where disabled_at is null;
