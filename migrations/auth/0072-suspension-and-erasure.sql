-- A tenant is suspended, goes on, or is erased when a time of grace has passed.
alter table tenant
  add column suspended_at timestamptz,
  add column suspended_for text,
  add column erase_at timestamptz,
  add column erasing_at timestamptz,
  add check ((suspended_at is null) = (suspended_for is null)),
  add check (erase_at is null or suspended_at is not null),
  add check (erasing_at is null or erase_at is not null);
grant update (suspended_at, suspended_for, erase_at, erasing_at) on tenant to :app;

-- What outlives a tenant: who wanted it gone, and what every owner answered. It is the operators' row.
create table tenant_erasure (
  tenant_id text collate "C" not null references tenant,
  erased text collate "C" not null,
  requested_by text collate "C" not null,
  requested_at timestamptz not null,
  erase_at timestamptz not null,
  started_at timestamptz,
  asked_at timestamptz,
  answers jsonb not null default '{}',
  data_keys int,
  finished_at timestamptz,
  primary key (tenant_id, erased)
);
alter table tenant_erasure enable row level security;
alter table tenant_erasure force row level security;
create policy tenant on tenant_erasure using (tenant_id = current_setting('app.tenant', true))
  with check (tenant_id = current_setting('app.tenant', true));
create policy erasing on tenant_erasure for select to :system using (true);
grant select, insert, delete, update (started_at, asked_at, answers, data_keys, finished_at) on tenant_erasure to :app;
grant select on tenant_erasure to :system;
create index tenant_erasure_open on tenant_erasure (erase_at) where finished_at is null;
