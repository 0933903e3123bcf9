-- Mail that is to be sent. What opens something (the address it goes to, the link in it) is sealed under a data key of the
-- tenant and wiped with the last attempt: that it is gone is a constraint, not a habit.
create table mail (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  kind text not null check (kind in ('invitation', 'recovery', 'recovered', 'new-device', 'passkey-added', 'passkey-removed')),
  principal_id text collate "C" not null,
  -- The link a mail brings: once it opens nothing, nothing is sent.
  link_id text collate "C",
  data_key_id text collate "C",
  sealed text,
  state text not null default 'queued' check (state in ('queued', 'sent', 'failed')),
  attempts int not null default 0,
  next_attempt_at timestamptz,
  last_error text,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, principal_id) references principal,
  check ((state = 'queued') = (next_attempt_at is not null)),
  check ((state = 'queued') = (ended_at is null)),
  check (state = 'queued' or sealed is null)
);
create index mail_due on mail (next_attempt_at) where state = 'queued';
create index mail_of_principal on mail (tenant_id, principal_id, id);
create index mail_ended on mail (ended_at) where ended_at is not null;

-- Browsers a person has signed in with, by the digest of a cookie.
create table known_device (
  tenant_id text collate "C" not null,
  principal_id text collate "C" not null,
  digest bytea not null,
  last_seen_at timestamptz not null,
  primary key (tenant_id, principal_id, digest),
  foreign key (tenant_id, principal_id) references principal
);
create index known_device_age on known_device (last_seen_at);

do $$
declare t text;
begin
  foreach t in array array['mail', 'known_device'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;

grant select, insert, delete on mail, known_device to :app;
grant update (state, next_attempt_at, last_error, ended_at, sealed) on mail to :app;
grant update (last_seen_at) on known_device to :app;

-- The postman claims what is due across tenants, without seeing what is in it or where it goes.
create policy claim on mail to :system using (state = 'queued') with check (state = 'queued');
grant select (tenant_id, id, state, attempts, next_attempt_at) on mail to :system;
grant update (attempts, next_attempt_at) on mail to :system;

create policy sweep_reads on mail for select to current_user using (ended_at < now() - interval '30 days');
create policy sweep on mail for delete to current_user using (ended_at < now() - interval '30 days');
create policy sweep_reads on known_device for select to current_user using (last_seen_at < now() - interval '400 days');
create policy sweep on known_device for delete to current_user using (last_seen_at < now() - interval '400 days');
create function sweep_mail() returns void
  language sql security definer set search_path = auth, pg_temp
  as $$
    delete from mail where ended_at < now() - interval '30 days';
    delete from known_device where last_seen_at < now() - interval '400 days';
  $$;
revoke all on function sweep_mail() from public;
grant execute on function sweep_mail() to :system;
