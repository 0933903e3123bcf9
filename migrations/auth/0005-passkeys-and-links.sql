-- Passkeys open the door to people. Their ids come from the browser before the tenant is known, so one belongs to one
-- tenant only; whoever holds the database holds nothing that opens anything.
create table passkey (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  principal_id text collate "C" not null,
  name text not null,
  credential_id bytea not null,
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, principal_id) references principal
);
create unique index passkey_credential on passkey (credential_id);
create index passkey_of_principal on passkey (tenant_id, principal_id, id);

alter table sign_in add column passkey_id text collate "C";

-- Challenges are signed, not stored; what is stored is that one was answered, until it would have run out anyway.
create table spent_challenge (
  tenant_id text collate "C" not null,
  digest bytea not null,
  expires_at timestamptz not null,
  primary key (tenant_id, digest)
);
create index spent_challenge_expiry on spent_challenge (expires_at);

-- A link that lets one person in once, to make a passkey: the first administrator, whoever was invited, whoever lost
-- their passkeys.
create table one_time_link (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  purpose text not null check (purpose in ('bootstrap', 'invitation', 'recovery')),
  workspace_id text collate "C" not null,
  principal_id text collate "C" not null,
  made_by text collate "C",
  digest bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, workspace_id, principal_id) references membership
);
create index one_time_link_digest on one_time_link (digest);
create index one_time_link_of_principal on one_time_link (tenant_id, principal_id) where used_at is null and revoked_at is null;

do $$
declare t text;
begin
  foreach t in array array['passkey', 'spent_challenge', 'one_time_link'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;

grant select, insert, delete on passkey to :app;
grant update (name, counter, last_used_at) on passkey to :app;
grant select, insert on spent_challenge to :app;
grant select, insert on one_time_link to :app;
grant update (used_at, revoked_at) on one_time_link to :app;

create policy exchange on passkey for select to current_user using (true);
create policy exchange on one_time_link for select to current_user using (true);
create policy sweep on spent_challenge for delete to current_user using (expires_at < now());
create policy sweep_reads on spent_challenge for select to current_user using (expires_at < now());

create function tenant_of_passkey(credential bytea) returns text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id from passkey where credential_id = credential $$;

create function tenant_of_link(secret_digest bytea) returns text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id from one_time_link where digest = secret_digest $$;

create function sweep_challenges() returns void
  language sql security definer set search_path = auth, pg_temp
  as $$ delete from spent_challenge where expires_at < now() $$;

revoke all on function tenant_of_passkey(bytea), tenant_of_link(bytea), sweep_challenges() from public;
grant execute on function tenant_of_passkey(bytea), tenant_of_link(bytea), sweep_challenges() to :system;
