-- Groups of a directory give roles of the tenant's own, too: what they gave is told from what was given by hand.
alter table scim_user add column given_role text;
grant update (given_role) on scim_user to :app;
