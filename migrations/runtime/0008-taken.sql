-- A worker of the process that creates a run may take its turn at once, if it is enlisted; runs are created as :app, too.
grant select (id, beat_at) on worker to :app;

-- What is changed once stays on its page, and its key needs no second entry.
alter table task set (fillfactor = 60);

-- One entry for each running turn: workers are few, so those of a tenant are found by looking at each.
drop index turn_owned;
drop index turn_running;
create index turn_running on turn (lease_owner, tenant_id) where state = 'running';
