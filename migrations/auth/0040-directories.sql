-- What a tenant's directory provisions (SCIM 2.0): the people and groups of one workspace, as it last described them.

create table scim_user (
  tenant_id text collate "C" not null,
  workspace_id text collate "C" not null,
  principal_id text collate "C" not null,
  user_name text not null,
  external_id text,
  -- Everything the directory said, but for what has a place elsewhere: id, groups, meta.
  resource jsonb not null,
  -- Whether it was the directory that ended the membership: only that it can begin again.
  ended boolean not null default false,
  version int not null default 1,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (tenant_id, workspace_id, principal_id),
  foreign key (tenant_id, workspace_id, principal_id) references membership
);
-- User names are compared without case (RFC 7643 § 4.1.1).
create unique index scim_user_name on scim_user (tenant_id, workspace_id, lower(user_name));
create index scim_user_external on scim_user (tenant_id, workspace_id, external_id);

create table scim_group (
  tenant_id text collate "C" not null,
  workspace_id text collate "C" not null,
  id text collate "C" not null,
  display_name text not null,
  external_id text,
  -- What its members are in the workspace; nothing unless an administrator said so.
  role text,
  version int not null default 1,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (tenant_id, workspace_id, id),
  foreign key (tenant_id, workspace_id) references workspace
);

create table scim_group_member (
  tenant_id text collate "C" not null,
  workspace_id text collate "C" not null,
  group_id text collate "C" not null,
  principal_id text collate "C" not null,
  primary key (tenant_id, workspace_id, group_id, principal_id),
  foreign key (tenant_id, workspace_id, group_id) references scim_group on delete cascade,
  foreign key (tenant_id, workspace_id, principal_id) references scim_user on delete cascade
);
create index scim_group_of_member on scim_group_member (tenant_id, workspace_id, principal_id);

do $$
declare t text;
begin
  foreach t in array array['scim_user', 'scim_group', 'scim_group_member'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;

grant select, insert, delete on scim_user, scim_group, scim_group_member to :app;
grant update (user_name, external_id, resource, ended, version, changed_at) on scim_user to :app;
grant update (display_name, external_id, role, version, changed_at) on scim_group to :app;

-- A key that may do everything may do this as well; a key never grows otherwise.
create policy widen on api_key for update to current_user using (true);
update api_key set scopes = scopes || '{scim:provision}' where scopes @> '{run:create,run:read,run:cancel,run:control,run:answer,budget:read,budget:manage,decision:open,decision:read,ballot:cast,voter-key:enrol,tally:compute,audit:read,audit:write,audit:manage,analytics:read,package:read,package:install,webhook:manage,api-key:manage,workspace:manage,member:read,member:manage,self:read,self:manage,secret:manage}';
drop policy widen on api_key;
