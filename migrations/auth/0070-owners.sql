-- A tenant has owners: what concerns every workspace is theirs, and administrators are of their workspace alone.
alter table principal add column owner_since timestamptz;
grant update (owner_since) on principal to :app;
create index principal_owner on principal (tenant_id, owner_since) where owner_since is not null;

-- Whoever administers every workspace was what an owner is. Where nobody does, the administrators of the first workspace
-- are: a tenant without an owner could never have one.
create policy fill on principal to current_user using (true);
create policy fill on membership to current_user using (true);
create policy fill on workspace to current_user using (true);
update principal p set owner_since = now()
  where p.disabled_at is null and not exists (select from workspace w where w.tenant_id = p.tenant_id and not exists (
    select from membership m where m.tenant_id = w.tenant_id and m.workspace_id = w.id and m.principal_id = p.id
      and m.role = 'administrator' and m.disabled_at is null))
  and exists (select from workspace w where w.tenant_id = p.tenant_id);
update principal p set owner_since = now()
  where not exists (select from principal o where o.tenant_id = p.tenant_id and o.kind = 'user' and o.owner_since is not null)
  and p.disabled_at is null and p.kind = 'user' and exists (select from membership m where m.tenant_id = p.tenant_id
    and m.principal_id = p.id and m.role = 'administrator' and m.disabled_at is null
    and m.workspace_id = (select x.workspace_id from membership x join principal y on y.tenant_id = x.tenant_id and y.id = x.principal_id
      where x.tenant_id = p.tenant_id and x.role = 'administrator' and x.disabled_at is null and y.kind = 'user'
        and y.disabled_at is null order by x.workspace_id limit 1));
drop policy fill on principal;
drop policy fill on membership;
drop policy fill on workspace;

-- A key that may do everything may do this as well; a key never grows otherwise.
create policy widen on api_key for update to current_user using (true);
update api_key set scopes = scopes || '{tenant:manage}' where scopes @> '{run:create,run:read,run:cancel,run:control,run:answer,budget:read,budget:manage,decision:open,decision:read,ballot:cast,voter-key:enrol,tally:compute,audit:read,audit:write,audit:manage,analytics:read,package:read,package:install,webhook:manage,api-key:manage,workspace:manage,member:read,member:manage,self:read,self:manage,role:manage,policy:manage,connection:manage}';
drop policy widen on api_key;
