-- A person's authenticator app (RFC 6238): its secret sealed under the tenant's data key. One is in use; another may be
-- on its way, and replaces it when a code of it was given.
create table totp (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  principal_id text collate "C" not null,
  data_key_id text collate "C" not null,
  sealed text not null,
  created_at timestamptz not null,
  confirmed_at timestamptz,
  -- The step of the last code that was taken: only later ones are.
  last_step bigint not null default 0,
  last_used_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, principal_id) references principal,
  foreign key (tenant_id, data_key_id) references data_key
);
create unique index totp_in_use on totp (tenant_id, principal_id) where confirmed_at is not null;
create unique index totp_on_its_way on totp (tenant_id, principal_id) where confirmed_at is null;

-- Codes on paper, as digests under the pepper; each is good once.
create table recovery_code (
  tenant_id text collate "C" not null,
  principal_id text collate "C" not null,
  digest bytea not null,
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, principal_id, digest),
  foreign key (tenant_id, principal_id) references principal
);

-- Wrong codes in a row, and until when none is looked at.
create table second_factor_failure (
  tenant_id text collate "C" not null,
  principal_id text collate "C" not null,
  failures int not null,
  locked_until timestamptz,
  primary key (tenant_id, principal_id),
  foreign key (tenant_id, principal_id) references principal
);

-- What the tenant asks of everybody; nothing while it has no row.
create table mfa_policy (
  tenant_id text collate "C" not null references tenant,
  required boolean not null,
  changed_at timestamptz not null,
  changed_by text not null,
  primary key (tenant_id)
);

do $$
declare t text;
begin
  foreach t in array array['totp', 'recovery_code', 'second_factor_failure', 'mfa_policy'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;

grant select, insert, delete, update (id, data_key_id, sealed, created_at, confirmed_at, last_step, last_used_at) on totp to :app;
grant select, insert, delete, update (used_at) on recovery_code to :app;
grant select, insert, delete, update (failures, locked_until) on second_factor_failure to :app;
grant select, insert, update (required, changed_at, changed_by) on mfa_policy to :app;

-- When a second factor was last shown for a sign-in. Passkeys have been two factors all along.
alter table sign_in add column proven_at timestamptz;
create policy fill on sign_in for update to current_user using (true);
update sign_in set proven_at = authenticated_at where factors @> '{user-verification}';
drop policy fill on sign_in;
