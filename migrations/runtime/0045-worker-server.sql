-- When the server started on which a worker holds its lock: a lock that is free on a later one tells of an outage, and not of a death.
alter table worker add column server_started_at timestamptz not null default pg_postmaster_start_time();
