-- Webhooks that want the entries of the audit log: in which format, and from which index.
alter table webhook add column entries json;
