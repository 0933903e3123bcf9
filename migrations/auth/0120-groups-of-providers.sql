-- Whether the connection made the person, not only knows them: then groups of its provider may say what they are.
alter table external_identity add column made boolean not null default false;
