-- What operators let a tenant have at most: a number for each name, no bounds where there is none.
alter table tenant add column limits jsonb not null default '{}';
grant update (limits) on tenant to :app;
