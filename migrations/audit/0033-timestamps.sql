-- When a timestamp authority saw a checkpoint (RFC 3161): what was asked about, and its answer, verbatim.
create table checkpoint_timestamp (
  tenant_id text collate "C" not null,
  origin text not null,
  size bigint not null,
  authority text not null,
  at timestamptz not null,
  checkpoint text not null,
  response bytea not null,
  primary key (tenant_id, origin, size, authority)
);
create index checkpoint_timestamp_at on checkpoint_timestamp (tenant_id, at, size);

alter table checkpoint_timestamp enable row level security;
alter table checkpoint_timestamp force row level security;
create policy tenant on checkpoint_timestamp using (tenant_id = current_setting('app.tenant', true))
  with check (tenant_id = current_setting('app.tenant', true));
grant select, insert on checkpoint_timestamp to :app;
