-- Subjects that were erased: what was said of them before and is heard later is delivered without what is personal.
create table erased_subject (
  tenant_id text collate "C" not null,
  subject text not null,
  at timestamptz not null,
  primary key (tenant_id, subject)
);
alter table erased_subject enable row level security;
alter table erased_subject force row level security;
create policy tenant on erased_subject using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, update on erased_subject to :app;
grant update (body) on delivery to :app;
