-- Secrets of a workspace, each sealed under its tenant's data key, which is wrapped under a key that is not here.
create table data_key (
  tenant_id text collate "C" not null references tenant,
  id text collate "C" not null,
  purpose text not null,
  key_id text,
  wrapped text,
  created_at timestamptz not null,
  destroyed_at timestamptz,
  primary key (tenant_id, id),
  check (num_nonnulls(key_id, wrapped) = case when destroyed_at is null then 2 else 0 end)
);
create unique index data_key_in_use on data_key (tenant_id, purpose) where destroyed_at is null;

create table secret (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  workspace_id text collate "C" not null,
  name text collate "C" not null,
  version int not null,
  data_key_id text collate "C" not null,
  sealed text not null,
  created_at timestamptz not null,
  rotated_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, workspace_id, name),
  foreign key (tenant_id, workspace_id) references workspace,
  foreign key (tenant_id, data_key_id) references data_key
);

do $$
declare t text;
begin
  foreach t in array array['data_key', 'secret'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;
grant select, insert, update (key_id, wrapped, destroyed_at) on data_key to :app;
grant select, insert, delete, update (version, data_key_id, sealed, rotated_at) on secret to :app;

-- Which keys are not wrapped under the current one is asked across tenants; their bytes are not.
create policy rotation on data_key for select to :system using (true);
grant select (tenant_id, id, key_id) on data_key to :system;

-- A key that may do all there was before may do this as well.
create policy widen on api_key for update to current_user using (true);
update api_key set scopes = scopes || '{secret:manage}'
  where scopes @> '{run:create,run:read,run:cancel,run:control,run:answer,budget:read,budget:manage,decision:open,decision:read,ballot:cast,voter-key:enrol,tally:compute,audit:read,audit:write,audit:manage,analytics:read,package:read,package:install,webhook:manage,api-key:manage,workspace:manage,member:read,member:manage,self:read,self:manage}';
drop policy widen on api_key;
