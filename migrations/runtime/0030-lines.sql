-- Ready turns stand in lines: the common one, '', or that of a cap which counts them (ADR 22). What stands in the line of
-- a full cap is looked at by nobody.
alter table turn add column line text collate "C" not null default '';
alter table cap add column line text collate "C" generated always as (kind || '/' || key) stored;
drop index turn_ready;
create index turn_ready on turn (tenant_id, slow, line, sort_at) where state = 'ready';
