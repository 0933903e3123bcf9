-- Who exists and who may what. Secrets are kept as keyed digests only.

create table tenant (
  tenant_id text collate "C" primary key,
  name text not null,
  created_at timestamptz not null
);
-- Across tenants: names are given by the operator, whose job alone creates tenants.
create unique index tenant_name on tenant (name);

create table workspace (
  tenant_id text collate "C" not null references tenant,
  id text collate "C" not null,
  name text not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table principal (
  tenant_id text collate "C" not null references tenant,
  id text collate "C" not null,
  kind text not null check (kind in ('user', 'service-account', 'agent')),
  name text not null,
  created_at timestamptz not null,
  disabled_at timestamptz,
  primary key (tenant_id, id)
);

create table membership (
  tenant_id text collate "C" not null,
  workspace_id text collate "C" not null,
  principal_id text collate "C" not null,
  role text not null check (role in ('auditor', 'viewer', 'developer', 'administrator')),
  created_at timestamptz not null,
  primary key (tenant_id, workspace_id, principal_id),
  foreign key (tenant_id, workspace_id) references workspace,
  foreign key (tenant_id, principal_id) references principal
);
create index membership_of_principal on membership (tenant_id, principal_id);

create table api_key (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  workspace_id text collate "C" not null,
  principal_id text collate "C" not null,
  name text not null,
  scopes text[] not null,
  digest bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, workspace_id, principal_id) references membership
);
create index api_key_id on api_key (id);
create index api_key_of_workspace on api_key (tenant_id, workspace_id, id);

-- A browser's sign-in, opened with an API key and never outliving it.
create table sign_in (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  api_key_id text collate "C" not null,
  digest bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, api_key_id) references api_key
);
create index sign_in_digest on sign_in (digest);
create index sign_in_of_api_key on sign_in (tenant_id, api_key_id) where ended_at is null;

do $$
declare t text;
begin
  foreach t in array array['tenant', 'workspace', 'principal', 'membership', 'api_key', 'sign_in'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;

grant select, insert on tenant, workspace, principal, membership, api_key, sign_in to :app;
grant update (last_used_at, revoked_at) on api_key to :app;
grant update (ended_at) on sign_in to :app;

-- A credential arrives before its tenant is known. These functions are the only way across tenants: they answer one
-- exact question with one tenant id, to the system role. The named policies let them see past forced row-level
-- security when their owner is not a superuser.
create policy exchange on api_key for select to current_user using (true);
create policy exchange on sign_in for select to current_user using (true);
create policy bootstrap on tenant for select to current_user using (true);

create function tenant_of_api_key(key_id text) returns text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id from api_key where id = key_id $$;

create function tenant_of_sign_in(secret_digest bytea) returns text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id from sign_in where digest = secret_digest $$;

create function tenant_named(tenant_name text) returns text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id from tenant where name = tenant_name $$;

revoke all on function tenant_of_api_key(text), tenant_of_sign_in(bytea), tenant_named(text) from public;
grant execute on function tenant_of_api_key(text), tenant_of_sign_in(bytea), tenant_named(text) to :system;
