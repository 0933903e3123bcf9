-- Reviews of who has access to a workspace: what they had when it began, what was said of each, what came of it.
create table access_review (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  workspace_id text collate "C" not null,
  name text not null,
  created_by text collate "C" not null,
  created_at timestamptz not null,
  due_at timestamptz not null,
  undecided text not null check (undecided in ('keep', 'revoke')),
  closed_at timestamptz,
  closed_by text collate "C",
  sha256 text,
  primary key (tenant_id, id),
  foreign key (tenant_id, workspace_id) references workspace,
  check ((closed_at is null) = (closed_by is null) and (closed_at is null) = (sha256 is null))
);
create index access_review_of_workspace on access_review (tenant_id, workspace_id, id);
create index access_review_due on access_review (due_at) where closed_at is null;

create table access_review_item (
  tenant_id text collate "C" not null,
  review_id text collate "C" not null,
  -- A principal as a member, or an API key.
  subject text collate "C" not null,
  principal_id text collate "C" not null,
  role text,
  scopes text[],
  last_used_at timestamptz,
  decision text check (decision in ('keep', 'revoke')),
  decided_by text collate "C",
  decided_at timestamptz,
  outcome text check (outcome in ('kept', 'revoked', 'gone', 'changed', 'failed')),
  failure text,
  primary key (tenant_id, review_id, subject),
  foreign key (tenant_id, review_id) references access_review,
  foreign key (tenant_id, principal_id) references principal,
  check ((role is null) <> (scopes is null)),
  check ((decision is null) = (decided_by is null) and (decision is null) = (decided_at is null))
);

do $$
declare t text;
begin
  foreach t in array array['access_review', 'access_review_item'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
end $$;

grant select, insert on access_review, access_review_item to :app;
grant update (closed_at, closed_by, sha256) on access_review to :app;
grant update (decision, decided_by, decided_at, outcome, failure) on access_review_item to :app;

-- Which reviews close by themselves; nothing else is told of them.
create policy due on access_review for select to current_user using (closed_at is null and due_at <= now());
create function access_reviews_due() returns table (tenant_id text, id text)
  language sql stable security definer set search_path = auth, pg_temp
  as $$ select tenant_id, id from access_review where closed_at is null and due_at <= now() order by due_at limit 100 $$;
revoke all on function access_reviews_due() from public;
grant execute on function access_reviews_due() to :system;

-- A key that may do everything may do this as well; a key never grows otherwise.
create policy widen on api_key for update to current_user using (true);
update api_key set scopes = scopes || '{access-review:manage}' where scopes @> '{run:create,run:read,run:cancel,run:control,run:answer,budget:read,budget:manage,decision:open,decision:read,ballot:cast,voter-key:enrol,tally:compute,audit:read,audit:write,audit:manage,analytics:read,package:read,package:install,webhook:manage,api-key:manage,workspace:manage,member:read,member:manage,self:read,self:manage,secret:manage,scim:provision}';
drop policy widen on api_key;
