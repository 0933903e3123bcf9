-- Who opened a decision: besides an administrator, only they may cancel it. Null in decisions from before.
alter table decision add column opened_by text collate "C";
