-- Cedar policies of tenants: every version of every policy; one without a text says that it was deleted.
create table policy (
  tenant_id text collate "C" not null references tenant,
  id text collate "C" not null,
  version int not null check (version > 0),
  source text,
  created_at timestamptz not null,
  created_by text collate "C" not null,
  primary key (tenant_id, id, version)
);

-- What the policies of a tenant are now, by a digest of them all; null when there are none. Who changes a policy holds
-- the row, so that digests follow each other as the policies do.
create table policy_set (
  tenant_id text collate "C" primary key references tenant,
  digest text
);

do $$
declare t text;
begin
  foreach t in array array['policy', 'policy_set'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;
grant select, insert on policy to :app;
grant select, insert, update (digest) on policy_set to :app;

-- A key that may do everything there has been may do this as well; a key never grows otherwise.
create policy widen on api_key for update to current_user using (true);
update api_key set scopes = scopes || '{role:manage,policy:read,policy:manage}'
where scopes @> '{run:create,run:read,run:cancel,run:control,run:answer,budget:read,budget:manage,decision:open,decision:read,ballot:cast,voter-key:enrol,tally:compute,audit:read,audit:write,audit:manage,analytics:read,package:read,package:install,webhook:manage,api-key:manage,workspace:manage,member:read,member:manage,self:read}';
drop policy widen on api_key;
