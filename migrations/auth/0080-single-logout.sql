-- What a provider calls a sign-in it opened: digests to find it by when the provider ends it, and the names themselves,
-- sealed, for telling the provider that it ended here.
alter table sign_in
  add column provider_subject bytea,
  add column provider_session bytea,
  add column provider_sealed text;
create index sign_in_of_provider_subject on sign_in (tenant_id, connection_id, provider_subject)
  where ended_at is null and provider_subject is not null;

alter table connection_flow
  add column purpose text not null default 'sign-in' check (purpose in ('sign-in', 'sign-out'));

-- A second key of a SAML connection, for changing keys without a day nobody can sign in: published, and good for
-- decrypting, whichever of the two signs.
alter table connection
  add column standby_sealed text,
  add column standby_certificate text,
  add check ((standby_sealed is null) = (standby_certificate is null));
grant update (standby_sealed, standby_certificate) on connection to :app;

-- Orders to sign somebody out that were taken: none is taken twice while it is good.
create table provider_logout (
  tenant_id text collate "C" not null,
  connection_id text collate "C" not null,
  message_id text collate "C" not null,
  expires_at timestamptz not null,
  primary key (tenant_id, connection_id, message_id),
  foreign key (tenant_id, connection_id) references connection on delete cascade
);
alter table provider_logout enable row level security;
alter table provider_logout force row level security;
create policy tenant on provider_logout using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert on provider_logout to :app;
create index provider_logout_expiry on provider_logout (expires_at);

create policy sweep_reads on provider_logout for select to current_user using (expires_at < now());
create policy sweep on provider_logout for delete to current_user using (expires_at < now());
create or replace function sweep_connection_flows() returns void
  language sql security definer set search_path = auth, pg_temp
  as $$
    delete from connection_flow where expires_at < now();
    delete from saml_assertion where expires_at < now();
    delete from provider_logout where expires_at < now();
  $$;
