-- The authorization server: programs that act for people. Codes and tokens are kept as keyed digests only.

-- Keys that sign access tokens, of the whole installation, wrapped under the key-encryption key. The newest that began
-- to sign does; those before it stay published until their last tokens ended.
create table oauth_signing_key (
  id text collate "C" primary key,
  public_jwk jsonb not null,
  key_id text not null,
  wrapped text not null,
  created_at timestamptz not null,
  signs_from timestamptz not null
);
grant select, insert, delete, update (key_id, wrapped) on oauth_signing_key to :system;

-- What programs asked for and nobody answered yet: nobody knows whose it will be. Found by the digest of a secret id.
create table oauth_request (
  kind text not null check (kind in ('device', 'interaction', 'pushed')),
  digest bytea not null,
  user_code bytea,
  payload jsonb not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  polled_at timestamptz,
  consumed_at timestamptz,
  decided_at timestamptz,
  -- What the browser that decided an authorization goes on with.
  decision bytea,
  primary key (kind, digest)
);
create unique index oauth_request_user_code on oauth_request (user_code) where user_code is not null;
create index oauth_request_expiry on oauth_request (expires_at);
grant select, insert, update, delete on oauth_request to :app;

-- Programs that a tenant registered.
create table oauth_client (
  tenant_id text collate "C" not null references tenant,
  id text collate "C" not null,
  name text not null,
  kind text not null check (kind in ('public', 'confidential')),
  redirect_uris text[] not null check (cardinality(redirect_uris) > 0),
  secret bytea,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  check ((kind = 'confidential') = (secret is not null))
);
create index oauth_client_id on oauth_client (id);

-- What a person allowed a program. Everything it got for that dies with it.
create table oauth_grant (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  client_id text collate "C" not null,
  workspace_id text collate "C" not null,
  principal_id text collate "C" not null,
  -- What the person proved themselves with when they allowed it.
  sign_in_id text collate "C" not null,
  api_key_id text collate "C",
  connection_id text collate "C",
  passkey_id text collate "C",
  -- Whether they had shown two factors.
  strong boolean not null,
  scopes text[] not null,
  resource text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, workspace_id, principal_id) references membership,
  foreign key (tenant_id, api_key_id) references api_key
);
create index oauth_grant_id on oauth_grant (id);
create index oauth_grant_of_principal on oauth_grant (tenant_id, principal_id, id) where revoked_at is null;
create index oauth_grant_of_sign_in on oauth_grant (tenant_id, sign_in_id) where revoked_at is null;
create index oauth_grant_of_client on oauth_grant (tenant_id, client_id) where revoked_at is null;
create index oauth_grant_expiry on oauth_grant (expires_at);

-- Authorization codes and refresh tokens: each is used once, and one that comes again ends its grant.
create table oauth_token (
  tenant_id text collate "C" not null,
  digest bytea not null,
  kind text not null check (kind in ('code', 'refresh')),
  grant_id text collate "C" not null,
  payload jsonb not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  primary key (tenant_id, digest),
  foreign key (tenant_id, grant_id) references oauth_grant on delete cascade
);
create index oauth_token_digest on oauth_token (digest);
create index oauth_token_of_grant on oauth_token (tenant_id, grant_id);
create index oauth_token_expiry on oauth_token (expires_at);

-- User codes that somebody typed wrongly: guessing them is slow.
create table oauth_wrong_code (
  tenant_id text collate "C" not null,
  principal_id text collate "C" not null,
  digest bytea not null,
  at timestamptz not null,
  primary key (tenant_id, principal_id, digest),
  foreign key (tenant_id, principal_id) references principal
);
create index oauth_wrong_code_age on oauth_wrong_code (at);

do $$
declare t text;
begin
  foreach t in array array['oauth_client', 'oauth_grant', 'oauth_token', 'oauth_wrong_code'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;

grant select, insert, delete, update (name, redirect_uris) on oauth_client to :app;
grant select, insert, update (last_used_at, revoked_at, sign_in_id) on oauth_grant to :app;
grant select, insert, update (consumed_at) on oauth_token to :app;
grant select, insert, update (at) on oauth_wrong_code to :app;

-- Clients, codes and tokens come without their tenant.
create policy exchange on oauth_client for select to current_user using (true);
create policy exchange on oauth_grant for select to current_user using (true);
create policy exchange on oauth_token for select to current_user using (true);
create function tenant_of_oauth_client(exact_id text) returns text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id from oauth_client where id = exact_id $$;
create function tenant_of_oauth_grant(exact_id text) returns text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id from oauth_grant where id = exact_id $$;
create function tenant_of_oauth_token(token_digest bytea) returns text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id from oauth_token where digest = token_digest $$;

-- A grant is kept a month after its end; a used-up token as long as its grant, so that it is known when it comes again.
create policy sweep on oauth_grant for delete to current_user using (expires_at < now());
create policy sweep on oauth_token for delete to current_user using (expires_at < now());
create policy sweep on oauth_wrong_code for delete to current_user using (at < now());
create policy sweep_reads on oauth_wrong_code for select to current_user using (at < now());
create function sweep_oauth() returns void
  language sql security definer set search_path = auth, pg_temp
  as $$
    delete from oauth_request where expires_at < now() - interval '1 day';
    delete from oauth_token where expires_at < now() - interval '90 days';
    delete from oauth_grant where expires_at < now() - interval '30 days';
    delete from oauth_wrong_code where at < now() - interval '1 day';
    delete from oauth_signing_key k where exists (
      select from oauth_signing_key n where n.signs_from > k.signs_from and n.signs_from < now() - interval '10 minutes')
  $$;

revoke all on function tenant_of_oauth_client(text), tenant_of_oauth_grant(text), tenant_of_oauth_token(bytea), sweep_oauth() from public;
grant execute on function tenant_of_oauth_client(text), tenant_of_oauth_grant(text), tenant_of_oauth_token(bytea), sweep_oauth() to :system;

-- A key that may do everything may do this as well; a key never grows otherwise.
create policy widen on api_key for update to current_user using (true);
update api_key set scopes = scopes || '{oauth-client:manage}' where scopes @> '{run:create,run:read,run:cancel,run:control,run:answer,budget:read,budget:manage,decision:open,decision:read,ballot:cast,voter-key:enrol,tally:compute,audit:read,audit:write,audit:manage,analytics:read,package:read,package:install,webhook:manage,api-key:manage,workspace:manage,member:read,member:manage,self:read,self:manage,secret:manage,connection:manage}';
drop policy widen on api_key;
