-- When the person behind a grant had last proven who they are; null where nobody knows, which is never of late.
alter table oauth_grant add column proven_at timestamptz;
