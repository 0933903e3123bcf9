-- consensus: decisions as folds over their own events, the register of voter keys, signed receipts.
-- Events are stored as `json`, not `jsonb`: what voters signed is kept as it was, and text may hold any character.

create table voter_key (
  tenant_id text collate "C" not null,
  voter_id text collate "C" not null,
  name text not null,
  algorithm text not null,
  -- Raw key, base64.
  public_key text not null,
  -- Who holds the private key: `platform` or `external`.
  custody text not null,
  enrolled_by text collate "C" not null,
  enrolled_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  primary key (tenant_id, voter_id)
);
-- One key never votes under two names.
create unique index voter_key_once on voter_key (tenant_id, public_key);

-- The head of a decision: what lists and timers need; everything else is in its events.
create table decision (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  -- Digest of the terms as they were asked for: the same id under other terms is refused.
  request_sha256 text not null,
  question text not null,
  phase text not null,
  outcome json,
  opened_at timestamptz not null,
  sealed_at timestamptz,
  -- When nobody is waited for any longer; null once the decision has ended and while a checkpoint is awaited.
  deadline_at timestamptz,
  -- The event whose log entry must be in a published checkpoint before anybody may reveal.
  commits_event_id text collate "C",
  reveal_opened_at timestamptz,
  primary key (tenant_id, id)
) with (fillfactor = 50);
create index decision_due on decision (deadline_at) where deadline_at is not null;
create index decision_commits on decision (tenant_id, commits_event_id) where commits_event_id is not null;

-- The protocol's only clock is `seq`: gap-free, and its key makes a second event in one place impossible.
create table decision_event (
  tenant_id text collate "C" not null,
  decision_id text collate "C" not null,
  seq int not null,
  type text not null,
  at timestamptz not null,
  data json not null,
  primary key (tenant_id, decision_id, seq)
);

create table receipt (
  tenant_id text collate "C" not null,
  decision_id text collate "C" not null,
  envelope json not null,
  -- The `decision.sealed` event whose log entry this receipt is bound to.
  event_id text collate "C" not null,
  -- The log entry's bytes and its tlog-proof, once a checkpoint holds it.
  entry text,
  proof text,
  primary key (tenant_id, decision_id),
  unique (tenant_id, event_id)
);

do $$
declare t text;
begin
  foreach t in array array['voter_key','decision','decision_event','receipt'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy tenant on %I using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))$p$, t);
  end loop;
end $$;
create policy deadlines on decision for select to :system using (true);

grant select, insert on voter_key, decision, decision_event, receipt to :app;
grant update (revoked_at) on voter_key to :app;
grant update (phase, outcome, sealed_at, deadline_at, commits_event_id, reveal_opened_at) on decision to :app;
grant update (entry, proof) on receipt to :app;
grant select (tenant_id, id, deadline_at) on decision to :system;
