-- Whose service a running turn asks when it is not the one its task names: caps count it there. A claim takes it back.
alter table turn add column asks text collate "C";
