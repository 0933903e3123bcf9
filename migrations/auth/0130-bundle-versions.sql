-- How often a tenant has changed its own roles and policies: entries of its log name the version that decided.
alter table policy_set add column version int not null default 0;
grant update (version) on policy_set to :app;
