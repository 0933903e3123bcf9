-- The event that told the log of a key, until its entry is in a published checkpoint: before that the key opens nothing.
alter table voter_key add column pending_event_id text collate "C";
create index voter_key_pending on voter_key (tenant_id, pending_event_id) where pending_event_id is not null;
grant update (pending_event_id) on voter_key to :app;
