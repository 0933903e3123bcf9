-- Packages, their immutable releases, and who has installed what.

-- Rows of the platform publisher have the tenant id 'platform': every tenant reads them, only the system role writes them.
create table package (
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  kind text not null check (kind in ('panel')),
  title text not null,
  description text not null,
  publisher text not null,
  built_in boolean not null,
  primary key (tenant_id, name)
);

create table release (
  tenant_id text collate "C" not null,
  package text collate "C" not null,
  version text not null,
  precedence int[] not null generated always as (string_to_array(version, '.')::int[]) stored,
  sha256 text not null,
  manifest jsonb not null,
  published_at timestamptz not null,
  primary key (tenant_id, package, version),
  foreign key (tenant_id, package) references package
);

create table installation (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  package text collate "C" not null,
  kind text not null,
  version text not null,
  sha256 text not null,
  installed_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, package)
);
create index installation_of_package on installation (package, installed_at);

do $$
declare t text;
begin
  foreach t in array array['package', 'release', 'installation'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (tenant_id = current_setting(''app.tenant'', true)) with check (tenant_id = current_setting(''app.tenant'', true))', t);
  end loop;
  foreach t in array array['package', 'release'] loop
    execute format('create policy platform on %I for select using (tenant_id = ''platform'')', t);
    execute format('create policy publish on %I to :system using (tenant_id = ''platform'') with check (tenant_id = ''platform'')', t);
  end loop;
end $$;

-- Which tenants have an older release of what the platform ships; not what is in it.
create policy follow on installation for select to :system using (true);

grant select on package, release to :app;
grant select, insert, delete on installation to :app;
grant update (version, sha256, installed_at) on installation to :app;
grant select, insert on package, release to :system;
grant update (title, description) on package to :system;
grant select (tenant_id, package, sha256, installed_at) on installation to :system;
