-- Members are managed through the API: roles change, and a membership that ended stays as the holder of its keys.
alter table membership add column disabled_at timestamptz;
grant update (role, disabled_at) on membership to :app;
create index api_key_of_member on api_key (tenant_id, workspace_id, principal_id) where revoked_at is null;

-- A key that may do everything (17 permissions so far) may do this as well; a key never grows otherwise.
create policy widen on api_key for update to current_user using (true);
update api_key set scopes = scopes || '{member:manage}' where cardinality(scopes) = 17;
drop policy widen on api_key;

-- Sign-ins are forgotten a week after their end. The sweep works across tenants, so it is one function that takes no
-- question and gives no answer.
create policy sweep on sign_in for delete to current_user using (expires_at < now());

create function sweep_sign_ins() returns void
  language sql security definer set search_path = auth, pg_temp
  as $$ delete from sign_in where expires_at < now() - interval '7 days' $$;

revoke all on function sweep_sign_ins() from public;
grant execute on function sweep_sign_ins() to :system;
create index sign_in_expiry on sign_in (expires_at);
