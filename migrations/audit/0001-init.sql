-- audit: one append-only Merkle log per tenant (RFC 6962), sequenced under the log's row lock.
-- :app may add entries, nodes and checkpoints and can change none of them; staged rows leave when they are sequenced.

create table log (
  tenant_id text collate "C" primary key,
  origin text not null,
  size bigint not null default 0,
  -- Hashes of the tree's complete subtrees, largest first: all that is needed to append.
  frontier bytea[] not null default '{}'
);

-- Audited events that have arrived and wait for their index.
create table stage (
  tenant_id text collate "C" not null,
  event_id text collate "C" not null,
  seq bigint generated always as identity,
  type text not null,
  actor text not null,
  at timestamptz not null,
  body bytea not null,
  primary key (tenant_id, event_id)
);
create index stage_order on stage (tenant_id, seq);

create table entry (
  tenant_id text collate "C" not null,
  idx bigint not null,
  event_id text collate "C" not null,
  type text not null,
  actor text not null,
  at timestamptz not null,
  body bytea not null,
  leaf_hash bytea not null,
  primary key (tenant_id, idx),
  unique (tenant_id, event_id)
);

-- Complete subtrees: (level, idx) covers leaves [idx * 2^level, (idx + 1) * 2^level) and never changes.
create table node (
  tenant_id text collate "C" not null,
  level smallint not null,
  idx bigint not null,
  hash bytea not null,
  primary key (tenant_id, level, idx)
);

-- Signed tree heads; the key makes a second root for one size impossible.
create table checkpoint (
  tenant_id text collate "C" not null,
  size bigint not null,
  root bytea not null,
  note text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, size)
);

do $$
declare t text;
begin
  foreach t in array array['log','stage','entry','node','checkpoint'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy tenant on %I using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))$p$, t);
  end loop;
end $$;
create policy sequencer on stage for select to :system using (true);

grant select, insert, update on log to :app;
grant select, insert, delete on stage to :app;
grant select, insert on entry, node, checkpoint to :app;
grant select (tenant_id, seq) on stage to :system;
