-- Whoever operates the platform belongs to a tenant like any other, of which there is one. They see that there are tenants,
-- as the system role does; what is in one stays behind its wall.
alter table tenant add column operators boolean not null default false;
create unique index tenant_of_operators on tenant (operators) where operators;
create policy operate on tenant for select to :system using (true);
grant select on tenant to :system;
