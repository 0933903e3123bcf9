-- Budgets: what model calls of a tenant, a workspace or a run (its children and forks with it) may cost, in millionths of a
-- US dollar. A call holds the most it can cost before it is made, in every budget above it; the hold becomes its true cost.
-- Lock order: the tenant's advisory lock (shared by calls, alone for who sets a budget), budgets by their ids, then holds.

create table budget (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  -- Of a workspace or run: who of other workspaces may not see it.
  workspace_id text collate "C",
  scope text not null check (scope in ('tenant', 'workspace', 'run')),
  scope_id text collate "C" not null,
  period text not null check (period in ('total', 'day', 'month')),
  action text not null check (action in ('park', 'refuse')),
  limit_micros bigint not null check (limit_micros between 1 and 9007199254740991),
  spent_micros bigint not null default 0 check (spent_micros >= 0),
  reserved_micros bigint not null default 0 check (reserved_micros >= 0),
  -- What stands above the limit now, by no admission: there when it was lowered, or a cost above its hold.
  excess_micros bigint not null default 0 check (excess_micros >= 0),
  -- The thresholds told in this period.
  told smallint[] not null default '{}',
  starts_at timestamptz,
  ends_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, scope, scope_id, period),
  check (spent_micros + reserved_micros <= limit_micros + excess_micros)
) with (fillfactor = 50);

-- Calls under way, each at the most it can cost. One that nobody settles expires.
create table budget_hold (
  tenant_id text collate "C" not null,
  run_id text collate "C" not null,
  call_id text collate "C" not null,
  micros bigint not null check (micros >= 0),
  expires_at timestamptz not null,
  primary key (tenant_id, run_id, call_id)
);
create index budget_hold_expiry on budget_hold (expires_at);

-- Which budgets have tasks waiting for them, and the least that one of them needs, is read by skipping from key to key,
-- however many wait.
create index wait_budget on wait (tenant_id, key, ((about->>'neededMicros')::numeric)) where state = 'open' and kind = 'budget';

-- The ledger is written once a call and never changed: nobody is granted more. `price_version` says which table priced it.
alter table usage_ledger
  add column cached_tokens int not null default 0,
  add column price_version text not null default '2026-11';
create index usage_ledger_at on usage_ledger (tenant_id, at);
create index run_fork on run (tenant_id, forked_from) where forked_from is not null;

do $$
declare t text;
begin
  foreach t in array array['budget','budget_hold'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy tenant on %I using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))$p$, t);
  end loop;
  foreach t in array array['budget','budget_hold','usage_ledger'] loop
    execute format('create policy engine on %I to :system using (true) with check (true)', t);
  end loop;
end $$;

grant select, insert, update, delete on budget to :app;
grant select on budget_hold to :app;
grant select, update on budget to :system;
grant select, insert, update, delete on budget_hold to :system;
-- Replicas of the release before still book as :app while this one is rolled out: the next takes it from :app.
grant select, insert on usage_ledger to :system;
