-- Where the people of a connection are read from: the management of the provider itself. One for a connection.
create table directory (
  tenant_id text collate "C" not null,
  connection_id text collate "C" not null,
  workspace_id text collate "C" not null,
  settings jsonb not null,
  secret_sealed text not null,
  -- Between two readings by themselves; none unless told.
  every_hours smallint check (every_hours between 1 and 168),
  -- What was asked of the next reading.
  asked jsonb not null default '{}',
  -- When it is to be read; later while somebody reads.
  next_at timestamptz,
  reading_since timestamptz,
  -- What the last reading came to.
  last jsonb,
  created_at timestamptz not null,
  primary key (tenant_id, connection_id),
  foreign key (tenant_id, connection_id) references connection on delete cascade,
  foreign key (tenant_id, workspace_id) references workspace
);
create index directory_due on directory (next_at) where next_at is not null;

alter table directory enable row level security;
alter table directory force row level security;
create policy tenant on directory using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, delete on directory to :app;
grant update (workspace_id, settings, secret_sealed, every_hours, asked, next_at, reading_since, last) on directory to :app;

-- Those that are due are read, whoever's they are.
create policy due on directory to :system using (next_at is not null) with check (next_at is not null);
grant select (tenant_id, connection_id, next_at) on directory to :system;
grant update (next_at, reading_since) on directory to :system;
