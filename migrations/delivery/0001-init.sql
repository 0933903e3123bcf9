-- Webhooks and what is on its way to them.

create table webhook (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  url text not null,
  events text[] not null,
  -- Sealed under DELIVERY_KEK: signing needs it readable.
  secret_sealed text not null,
  created_at timestamptz not null,
  -- Since when every attempt has failed; null after a success.
  failing_since timestamptz,
  disabled_at timestamptz,
  primary key (tenant_id, id)
);

create table delivery (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  webhook_id text collate "C" not null,
  event_id text collate "C" not null,
  type text not null,
  -- The exact text that is signed and sent, the same at every attempt.
  body text not null,
  state text not null check (state in ('pending', 'delivered', 'failed')),
  attempts int not null,
  created_at timestamptz not null,
  -- When it is due; while an attempt is under way, when that one counts as lost.
  next_attempt_at timestamptz,
  last_status int,
  last_error text,
  primary key (tenant_id, id),
  unique (tenant_id, webhook_id, event_id),
  foreign key (tenant_id, webhook_id) references webhook on delete cascade,
  check ((state = 'pending') = (next_attempt_at is not null))
);
create index delivery_due on delivery (next_attempt_at) where state = 'pending';
create index delivery_of_webhook on delivery (tenant_id, webhook_id, id);

do $$
declare t text;
begin
  foreach t in array array['webhook', 'delivery'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;

-- The sender claims what is due across tenants, without seeing what is in it or where it goes.
create policy claim on delivery to :system using (state = 'pending') with check (state = 'pending');
grant select (tenant_id, id, webhook_id, state, attempts, next_attempt_at) on delivery to :system;
grant update (attempts, next_attempt_at) on delivery to :system;

grant select, insert, delete on webhook to :app;
grant update (failing_since, disabled_at) on webhook to :app;
grant select, insert on delivery to :app;
grant update (state, next_attempt_at, last_status, last_error) on delivery to :app;
