-- Mail domains that a tenant says are its own. Only one that the DNS of the domain says so of leads people from their
-- address to the tenant's sign-in providers, and it is one tenant's at a time.
create table mail_domain (
  tenant_id text collate "C" not null references tenant,
  id text collate "C" not null,
  domain text collate "C" not null,
  -- What the DNS has to say; made for this tenant and domain.
  token text not null,
  created_at timestamptz not null,
  proven_at timestamptz,
  checked_at timestamptz,
  -- When a proven domain was first looked for in vain.
  failing_since timestamptz,
  next_check_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, domain),
  check ((proven_at is null) = (next_check_at is null)),
  check (failing_since is null or proven_at is not null)
);
create unique index mail_domain_proven on mail_domain (domain) where proven_at is not null;
create index mail_domain_due on mail_domain (next_check_at) where next_check_at is not null;

alter table mail_domain enable row level security;
alter table mail_domain force row level security;
create policy tenant on mail_domain using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, delete on mail_domain to :app;
grant update (proven_at, checked_at, failing_since, next_check_at) on mail_domain to :app;

-- Proven domains are looked for again, whoever's they are.
create policy recheck on mail_domain to :system using (proven_at is not null) with check (proven_at is not null);
grant select (tenant_id, id, proven_at, next_check_at) on mail_domain to :system;
grant update (next_check_at) on mail_domain to :system;

-- Somebody at the door names a domain and no tenant.
create policy door on mail_domain for select to current_user using (proven_at is not null);
create or replace function tenants_of_email_domain(exact_domain text) returns setof text
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id from mail_domain where domain = exact_domain and proven_at is not null
        and exists (select from connection c where c.tenant_id = mail_domain.tenant_id
          and c.email_domains @> array[exact_domain] and c.disabled_at is null) $$;
