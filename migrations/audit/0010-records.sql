-- Search: entries by type and time, and by the ids they name (their actor, and what their data are about).
create index entry_type on entry (tenant_id, type collate "C", idx);
create index entry_at on entry (tenant_id, at);
create table entry_ref (
  tenant_id text collate "C" not null,
  ref text collate "C" not null,
  idx bigint not null,
  primary key (tenant_id, ref, idx)
);

-- How far `entry_ref` follows the log.
create table search_head (
  tenant_id text collate "C" primary key,
  next_idx bigint not null
);

-- Personal data of entries, whose bytes hold commitments to them: all of an entry that can be erased.
create table disclosure (
  tenant_id text collate "C" not null,
  event_id text collate "C" not null,
  -- Whom or what they are about: the ids that the entry names.
  refs text[] not null,
  salt bytea not null,
  data json not null,
  primary key (tenant_id, event_id)
);

-- How long bytes are served and disclosures kept, and what has been pruned by it.
create table retention (
  tenant_id text collate "C" primary key,
  days int,
  -- The row of the first entry that is served.
  minimum_row bigint not null default 0
);

-- Holds in force; the log knows those that were.
create table legal_hold (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  reason text not null,
  subject text,
  placed_by text not null,
  placed_at timestamptz not null,
  primary key (tenant_id, id)
);

create table erasure (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  subject text not null,
  requested_by text not null,
  at timestamptz not null,
  entries bigint not null,
  -- Its own entry in the log.
  event_id text collate "C" not null,
  primary key (tenant_id, id)
);

create table export (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  -- Which of the tenant's logs.
  number smallint not null,
  format text not null,
  filter json not null,
  from_idx bigint not null,
  to_idx bigint not null,
  size bigint not null,
  entries bigint not null,
  sent bigint not null default 0,
  state text not null default 'ready' check (state in ('ready', 'streaming', 'complete')),
  created_by text not null,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);

-- Webhooks that want every entry, and the index of the next one for each.
create table stream (
  tenant_id text collate "C" not null,
  webhook_id text collate "C" not null,
  format text not null,
  next_idx bigint not null,
  primary key (tenant_id, webhook_id)
);

-- How far the nightly job has rebuilt the tree from the entries, and what it found.
create table self_audit (
  tenant_id text collate "C" not null,
  -- Which of the tenant's logs.
  number smallint not null,
  size bigint not null,
  frontier bytea[] not null,
  faults json not null,
  fault_count int not null,
  at timestamptz not null,
  full_at timestamptz not null,
  primary key (tenant_id, number)
);

do $$
declare t text;
begin
  foreach t in array array['entry_ref','search_head','disclosure','retention','legal_hold','erasure','export','stream','self_audit'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy tenant on %I using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))$p$, t);
  end loop;
end $$;
-- What the service does for all tenants in turn: it finds out whose turn it is, and works as one tenant at a time.
create policy rounds on search_head for select to :system using (true);
create policy rounds on retention for select to :system using (true);
create policy rounds on stream for select to :system using (true);
create policy rounds on self_audit for select to :system using (true);

grant select, insert on entry_ref, erasure, export to :app;
grant select, insert, delete on disclosure, legal_hold to :app;
grant select, insert, update on retention, self_audit, search_head to :app;
grant select, insert, update (next_idx), delete on stream to :app;
grant update (sent, state) on export to :app;
grant select on search_head to :system;
grant select (tenant_id, days) on retention to :system;
grant select (tenant_id, webhook_id, next_idx) on stream to :system;
grant select (fault_count, at) on self_audit to :system;
