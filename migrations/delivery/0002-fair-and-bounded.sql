-- Failed attempts are counted apart from attempts: those that our own faults ate use up nothing of the schedule.
alter table delivery add column failures int not null default 0;
grant update (failures) on delivery to :app;

-- Ended deliveries are forgotten after a while.
create policy ended on delivery for select to :system using (state <> 'pending');
create policy sweep on delivery for delete to :system using (state <> 'pending');
grant select (created_at), delete on delivery to :system;
create index delivery_ended on delivery (created_at) where state <> 'pending';
