-- Logs that are published as tiles, sequenced many at a time, and followed by another one when they must not go on.

-- A tenant's logs follow each other in one numbering: the n-th holds the places from (n - 1) * 2^40 on, in all tables.
alter table log add column number smallint not null default 1;
-- How many of the entries are in a published checkpoint: until now, all.
alter table log add column published bigint not null default 0;
alter table log no force row level security;
update log set published = size;
alter table log force row level security;
create index log_unpublished on log (tenant_id) where published < size;
grant select, insert, update on log to :system;
create policy sequencer on log to :system using (true) with check (true);

-- Logs that were given up, each with the last checkpoint of it that anybody kept.
create table sealed_log (
  tenant_id text collate "C" not null,
  number smallint not null,
  origin text not null,
  size bigint not null,
  checkpoint text not null,
  reason text not null,
  actor text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, number)
);
alter table sealed_log enable row level security;
alter table sealed_log force row level security;
create policy tenant on sealed_log using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert on sealed_log to :app;

-- A node is kept when a tile holds it: its level is a multiple of eight, and not 0, where it is the entry's own hash.
comment on table node is 'Complete subtrees that tiles above level 0 hold; of older entries also those between.';

-- The sequencer and the batches of added entries serve many tenants in one transaction.
drop policy sequencer on stage;
create policy sequencer on stage to :system using (true) with check (true);
create policy sequencer on entry to :system using (true) with check (true);
create policy sequencer on node to :system using (true) with check (true);
create policy sequencer on checkpoint to :system using (true) with check (true);
grant select, insert, delete on stage to :system;
grant select, insert on entry, node, checkpoint to :system;
