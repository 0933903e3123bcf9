-- How people like what they see, and how a tenant shows itself at the door.
alter table person add column time_zone text, add column theme text check (theme in ('auto', 'light', 'dark'));
grant update (time_zone, theme) on person to :app;
alter table tenant add column branding jsonb not null default '{}';
grant update (branding) on tenant to :app;
