-- Whether people of the tenant come in through its identity providers only, and which owners may use a passkey all the
-- same; both ways as ever while it has no row.
create table sign_in_policy (
  tenant_id text collate "C" not null references tenant,
  providers_only boolean not null,
  exempt text[] not null,
  changed_at timestamptz not null,
  changed_by text not null,
  primary key (tenant_id)
);
alter table sign_in_policy enable row level security;
alter table sign_in_policy force row level security;
create policy tenant on sign_in_policy using (tenant_id = current_setting('app.tenant', true))
  with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, update (providers_only, exempt, changed_at, changed_by) on sign_in_policy to :app;
