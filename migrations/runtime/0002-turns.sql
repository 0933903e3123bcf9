-- How often a turn lost its worker without being given back: a turn that keeps killing its workers is given up.
alter table turn add column lost int not null default 0;

-- Turns that may take minutes have a share of the slots, so that they never fill them all.
alter table turn add column slow boolean not null default false;
