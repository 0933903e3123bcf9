-- What every service's schema holds besides its own tables. Applied by the migration job into each schema.
-- :app and :system are the service's two roles.

-- The event log: rows are appended in business transactions; the relay gives them (epoch, lane, pos) after commit.
create table outbound_event (
  seq bigint generated always as identity primary key,
  id text collate "C" not null unique,
  tenant_id text collate "C" not null,
  lane smallint not null,
  type text not null,
  actor text not null,
  at timestamptz not null default clock_timestamp(),
  data jsonb not null,
  epoch int,
  pos bigint
);
create index outbound_event_unstamped on outbound_event (seq) where pos is null;
create unique index outbound_event_position on outbound_event (lane, epoch, pos) where pos is not null;
alter table outbound_event enable row level security;
alter table outbound_event force row level security;
create policy tenant on outbound_event using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
create policy relay on outbound_event to :system using (true) with check (true);
grant insert on outbound_event to :app;
grant select, update (epoch, pos) on outbound_event to :system;

-- The head of each lane. After restoring an older database an operator starts a new epoch, so that consumers notice:
--   update event_lane set epoch = epoch + 1, head = 0;
create table event_lane (
  lane smallint primary key,
  epoch int not null default 1,
  head bigint not null default 0
);
insert into event_lane (lane) select generate_series(0, 15);
grant select, update (head) on event_lane to :system;

-- How far this service has applied each producer's lanes; moved in the transaction of the effect.
create table event_cursor (
  producer text not null,
  lane smallint not null,
  epoch int not null default 1,
  pos bigint not null default 0,
  primary key (producer, lane)
);
grant select, insert, update on event_cursor to :app, :system;

-- Events this service could not apply, with the reason; the cursor moved on.
create table dead_letter (
  id text collate "C" not null,
  tenant_id text collate "C" not null,
  producer text not null,
  lane smallint not null,
  epoch int not null,
  pos bigint not null,
  type text not null,
  event jsonb not null,
  reason text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, producer, id)
);
alter table dead_letter enable row level security;
alter table dead_letter force row level security;
create policy tenant on dead_letter using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
create policy operate on dead_letter to :system using (true) with check (true);
grant select, insert on dead_letter to :app;
grant select, delete on dead_letter to :system;

-- Answers given under an Idempotency-Key, stored in the transaction of the effect.
create table idempotency (
  tenant_id text collate "C" not null,
  actor text collate "C" not null,
  route text not null,
  key text not null,
  request_sha256 text not null,
  response json,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, actor, route, key)
);
alter table idempotency enable row level security;
alter table idempotency force row level security;
create policy tenant on idempotency using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
create policy sweep on idempotency to :system using (true);
grant select, insert, update on idempotency to :app;
grant select (at), delete on idempotency to :system;
