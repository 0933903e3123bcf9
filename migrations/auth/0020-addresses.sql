-- The networks a key is good from; null: anywhere.
alter table api_key add column allowed_addresses text[] check (cardinality(allowed_addresses) > 0);
