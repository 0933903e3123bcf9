-- Ids are made at random and looked for by nobody: an index of them would be a third of what an event costs to write.
alter table outbound_event drop constraint outbound_event_id_key;
