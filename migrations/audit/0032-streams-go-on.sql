-- When a batch of the stream was handed over last: a stream that has waited long for its receiver goes on all the same.
alter table stream add column handed_at timestamptz not null default now();
grant update (handed_at) on stream to :app;
grant select (handed_at) on stream to :system;
