-- A tenant that is suspended: none of its turns is claimed, no schedule fires, and no deadline or wait runs out. What was
-- left of them is left when it goes on.
alter table tenant_share add column held_since timestamptz;
create index tenant_share_held on tenant_share (tenant_id) where held_since is not null;
