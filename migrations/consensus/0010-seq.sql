-- How many events a decision has, on its head row: whoever locks it sees whether what they remember of it still holds.
-- Null for decisions that nothing has happened to since; their events are read.
alter table decision add column seq integer;
grant update (seq) on decision to :app;
