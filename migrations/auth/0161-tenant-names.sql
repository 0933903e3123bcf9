-- Names of tenants are told apart whatever their case. Where two that are there already differ in case alone, the younger
-- one is found by its exact name, as before.
alter table tenant add column told_by_case boolean not null default false;
create policy fill on tenant to current_user using (true);
update tenant t set told_by_case = true where exists (select from tenant o where lower(o.name) = lower(t.name)
  and (o.created_at, o.tenant_id) < (t.created_at, t.tenant_id));
drop policy fill on tenant;
create unique index tenant_name_in_lower_case on tenant (lower(name)) where not told_by_case;

create or replace function tenant_named(tenant_name text) returns text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select coalesce((select tenant_id from tenant where name = tenant_name),
    (select tenant_id from tenant where lower(name) = lower(tenant_name) and not told_by_case)) $$;
