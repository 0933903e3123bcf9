-- What the credential permitted that a link was made with: a link opens no more, whatever its person is given later.
-- Null for links of the operator, and those from before, which are good for days.
alter table one_time_link add column held text[];
