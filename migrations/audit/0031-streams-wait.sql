-- Batches of a stream that were handed over and have not come to their end: a stream that has many waits.
alter table stream add column undelivered int not null default 0;
grant update (undelivered) on stream to :app;
grant select (undelivered) on stream to :system;
