-- What a provider calls the person and the session behind a grant: the provider's sign-out ends it also when the sign-in
-- it was given under has long been forgotten.
alter table oauth_grant
  add column provider_subject bytea,
  add column provider_session bytea;
create policy widen on oauth_grant for update to current_user using (true);
update oauth_grant g set provider_subject = s.provider_subject, provider_session = s.provider_session
  from sign_in s where s.tenant_id = g.tenant_id and s.id = g.sign_in_id and g.revoked_at is null;
drop policy widen on oauth_grant;
create index oauth_grant_of_provider_subject on oauth_grant (tenant_id, connection_id, provider_subject)
  where revoked_at is null and provider_subject is not null;
