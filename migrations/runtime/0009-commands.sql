-- A command that outlasts its turn goes on in the worker that started it, and ends with it.
alter table wait add column worker text collate "C";
create index wait_worker on wait (worker) where state = 'open' and worker is not null;
