-- Emergency access: a sign-in that is worth more than its role for a while.
create table break_glass (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  workspace_id text collate "C" not null,
  principal_id text collate "C" not null,
  sign_in_id text collate "C" not null,
  reason text not null,
  opened_at timestamptz not null,
  ends_at timestamptz not null,
  ended_at timestamptz,
  ended_by text collate "C",
  finding text check (finding in ('justified', 'unjustified')),
  note text,
  reviewed_by text collate "C",
  reviewed_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, workspace_id, principal_id) references membership,
  check (ends_at > opened_at),
  check ((ended_at is null) = (ended_by is null)),
  check ((finding is null) = (reviewed_by is null) and (finding is null) = (note is null))
);
create index break_glass_of_sign_in on break_glass (tenant_id, sign_in_id, ends_at);
create index break_glass_of_workspace on break_glass (tenant_id, workspace_id, id);
alter table break_glass enable row level security;
alter table break_glass force row level security;
create policy tenant on break_glass using (tenant_id = current_setting('app.tenant', true))
  with check (tenant_id = current_setting('app.tenant', true));
grant select, insert on break_glass to :app;
grant update (sign_in_id, reason, ended_at, ended_by, finding, note, reviewed_by, reviewed_at) on break_glass to :app;

-- A key that may do everything may do this as well; a key never grows otherwise.
create policy widen on api_key for update to current_user using (true);
update api_key set scopes = scopes || '{break-glass:open}' where scopes @> '{run:create,run:read,run:cancel,run:control,run:answer,budget:read,budget:manage,decision:open,decision:read,ballot:cast,voter-key:enrol,tally:compute,audit:read,audit:write,audit:manage,analytics:read,package:read,package:install,webhook:manage,api-key:manage,workspace:manage,member:read,member:manage,self:read,self:manage,secret:manage,scim:provision,access-review:manage}';
drop policy widen on api_key;
