-- A sign-in belongs to a principal at work in a workspace, and says how they proved who they are. One that was opened
-- with an API key stays as narrow as that key; any other is worth the role.
alter table sign_in
  add column principal_id text collate "C",
  add column workspace_id text collate "C",
  add column method text not null default 'api-key' check (method in ('api-key', 'link', 'passkey', 'oidc', 'saml')),
  add column factors text[] not null default '{key}',
  add column authenticated_at timestamptz,
  add column last_used_at timestamptz,
  add column connection_id text collate "C",
  alter column api_key_id drop not null;

create policy fill on sign_in for update to current_user using (true);
update sign_in s set principal_id = k.principal_id, workspace_id = k.workspace_id, authenticated_at = s.created_at, last_used_at = now()
  from api_key k where k.tenant_id = s.tenant_id and k.id = s.api_key_id;
drop policy fill on sign_in;

alter table sign_in
  alter column method drop default,
  alter column factors drop default,
  alter column principal_id set not null,
  alter column workspace_id set not null,
  alter column authenticated_at set not null,
  alter column last_used_at set not null,
  add check ((method = 'api-key') = (api_key_id is not null)),
  add foreign key (tenant_id, workspace_id, principal_id) references membership;
grant update (last_used_at) on sign_in to :app;
create index sign_in_of_principal on sign_in (tenant_id, principal_id, id) where ended_at is null;

-- What is known of a person besides the name. An address that no provider verified says nothing about who they are.
create table person (
  tenant_id text collate "C" not null,
  principal_id text collate "C" not null,
  email text,
  email_verified_by text,
  locale text,
  created_at timestamptz not null,
  primary key (tenant_id, principal_id),
  foreign key (tenant_id, principal_id) references principal
);
alter table person enable row level security;
alter table person force row level security;
create policy tenant on person using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, update (email, email_verified_by, locale) on person to :app;

-- A key that may do everything (24 permissions so far) may do this as well.
create policy widen on api_key for update to current_user using (true);
update api_key set scopes = scopes || '{self:manage}' where cardinality(scopes) = 24;
drop policy widen on api_key;
