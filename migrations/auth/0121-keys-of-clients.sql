-- A client of OpenID Connect may have a key of its own, too; a SAML connection always has one.
alter table connection drop constraint connection_check,
  add constraint connection_certificate check (kind <> 'saml' or certificate is not null);
