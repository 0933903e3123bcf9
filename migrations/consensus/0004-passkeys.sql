-- Voter keys that are passkeys sign at one site; keys can be rotated; whoever enrols one answers a challenge.

alter table voter_key
  -- Of passkeys: how the browser finds it, and the site it signs at.
  add column credential_id text,
  add column rp_id text,
  add column origin text,
  -- A voter's keys in their order; the latest is the one that votes, the others stay readable.
  add column generation int not null default 1,
  add column superseded_at timestamptz;
alter table voter_key drop constraint voter_key_pkey, add primary key (tenant_id, voter_id, generation);
create unique index voter_key_current on voter_key (tenant_id, voter_id) where superseded_at is null;
grant update (superseded_at) on voter_key to :app;

-- One open challenge for each principal: a newer one takes its place.
create table voter_key_challenge (
  tenant_id text collate "C" not null,
  principal text collate "C" not null,
  challenge text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, principal)
);
alter table voter_key_challenge enable row level security;
alter table voter_key_challenge force row level security;
create policy tenant on voter_key_challenge
  using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, update, delete on voter_key_challenge to :app;
