-- Whoever is forgotten leaves a pseudonym: the id, without names.
grant update (name) on principal, api_key to :app;
