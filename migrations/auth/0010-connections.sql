-- A tenant's identity providers. What one is worth is in `settings`; its secret (the client's, or the private key that
-- signs and decrypts for SAML) is sealed, and bound to the row.
create table connection (
  tenant_id text collate "C" not null references tenant,
  id text collate "C" not null,
  kind text not null check (kind in ('saml', 'oidc', 'github')),
  name text not null,
  settings jsonb not null,
  secret_sealed text not null,
  -- The public half of a SAML connection's key.
  certificate text,
  provisioning jsonb not null,
  email_domains text[] not null,
  created_at timestamptz not null,
  enabled_at timestamptz not null,
  disabled_at timestamptz,
  primary key (tenant_id, id),
  check ((kind = 'saml') = (certificate is not null))
);
create unique index connection_name on connection (tenant_id, name);
create index connection_id on connection (id);
create index connection_email_domain on connection using gin (email_domains);

-- The only thing that joins a provider's name for somebody to a principal.
create table external_identity (
  tenant_id text collate "C" not null,
  connection_id text collate "C" not null,
  subject text collate "C" not null,
  principal_id text collate "C" not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  primary key (tenant_id, connection_id, subject),
  foreign key (tenant_id, connection_id) references connection on delete cascade,
  foreign key (tenant_id, principal_id) references principal
);
create index external_identity_of_principal on external_identity (tenant_id, principal_id);

-- A sign-in under way at a provider: minutes old, found by the digest of a secret in the browser, and used once.
create table connection_flow (
  tenant_id text collate "C" not null,
  digest bytea not null,
  connection_id text collate "C" not null,
  -- The SAML request's id, or OAuth's state.
  request_id text not null,
  -- Nonce and code verifier of OAuth.
  sealed text,
  return_to text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, digest),
  foreign key (tenant_id, connection_id) references connection on delete cascade
);

-- Assertions that were taken: none is taken twice while it is good.
create table saml_assertion (
  tenant_id text collate "C" not null,
  connection_id text collate "C" not null,
  assertion_id text collate "C" not null,
  expires_at timestamptz not null,
  primary key (tenant_id, connection_id, assertion_id),
  foreign key (tenant_id, connection_id) references connection on delete cascade
);

do $$
declare t text;
begin
  foreach t in array array['connection', 'external_identity', 'connection_flow', 'saml_assertion'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;

grant select, insert, delete on connection, external_identity, connection_flow to :app;
grant select, insert on saml_assertion to :app;
grant update (name, settings, secret_sealed, certificate, provisioning, email_domains, enabled_at, disabled_at) on connection to :app;
grant update (last_used_at) on external_identity to :app;
create index sign_in_of_connection on sign_in (tenant_id, connection_id) where ended_at is null and connection_id is not null;

-- Somebody at the door has no tenant before a connection, or a domain they write, names one.
create policy door on connection for select to current_user using (true);
create function tenant_of_connection(exact_id text) returns text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id from connection where id = exact_id $$;
create function tenants_of_email_domain(exact_domain text) returns setof text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select distinct tenant_id from connection
        where email_domains @> array[exact_domain] and disabled_at is null order by tenant_id limit 5 $$;

create policy sweep_reads on connection_flow for select to current_user using (expires_at < now());
create policy sweep_reads on saml_assertion for select to current_user using (expires_at < now());
create policy sweep on connection_flow for delete to current_user using (expires_at < now());
create policy sweep on saml_assertion for delete to current_user using (expires_at < now());
create function sweep_connection_flows() returns void
  language sql security definer set search_path = auth, pg_temp
  as $$ delete from connection_flow where expires_at < now(); delete from saml_assertion where expires_at < now() $$;
create index connection_flow_expiry on connection_flow (expires_at);
create index saml_assertion_expiry on saml_assertion (expires_at);

revoke all on function tenant_of_connection(text), tenants_of_email_domain(text), sweep_connection_flows() from public;
grant execute on function tenant_of_connection(text), tenants_of_email_domain(text), sweep_connection_flows() to :system;

-- A key that may do everything may do this as well.
create policy widen on api_key for update to current_user using (true);
update api_key set scopes = scopes || '{connection:manage}' where scopes @> '{run:create,run:read,run:cancel,run:control,run:answer,budget:read,budget:manage,decision:open,decision:read,ballot:cast,voter-key:enrol,tally:compute,audit:read,audit:write,audit:manage,analytics:read,package:read,package:install,webhook:manage,api-key:manage,workspace:manage,member:read,member:manage,self:read,self:manage}';
drop policy widen on api_key;
