-- The origin of a tenant's present log, once it is not the first one any more.
create table log_origin (
  tenant_id text collate "C" primary key,
  origin text not null
);
alter table log_origin enable row level security;
alter table log_origin force row level security;
create policy tenant on log_origin using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, update on log_origin to :app;
