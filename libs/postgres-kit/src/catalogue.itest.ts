/**
 * The tenant wall as Postgres has it, over the migrations of every service: a table, policy, function or view that lets
 * anybody past it fails the build. Exceptions are named here, each with its reason, and nowhere else.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { schemas } from './migrate.js';
import { createEmptyDatabase, migrateTest, withRoles, type TestDatabase } from './test/test-database.js';

/** Tables of every schema, or of one, that hold no tenant's data. */
const withoutTenant = [
  '*.schema_migration',
  '*.event_lane', // heads of the log, per lane of many tenants
  '*.erased_tenant', // who is no longer there, so that nothing of theirs comes back
  '*.event_cursor', // how far other logs are applied, per lane of many tenants
  'auth.oauth_request', // what programs asked for before anybody knows whom
  'auth.oauth_signing_key', // keys of the whole installation
  'runtime.scheduler', // how far fair queueing has come, over all tenants
  'runtime.worker', // processes of the engine
];

/** Unique without the tenant. */
const uniqueAcrossTenants = [
  '*.outbound_event_pkey', // the log's own order
  '*.outbound_event_position', // positions are per lane of many tenants
  'runtime.trigger_id_key', // a delivery from outside names its trigger and no tenant
  'auth.mail_domain_proven', // a domain is whose its DNS says it is, and that is one tenant
  'auth.passkey_credential', // browsers name a passkey and no tenant
  'auth.tenant_name', // the name by which an operator finds a tenant
  'auth.tenant_name_in_lower_case',
  'auth.tenant_of_operators', // there is one
];

/** Policies besides the strict one that let the system role see more than one tenant. */
const acrossTenants = [
  '*.outbound_event: relay',
  '*.dead_letter: operate',
  '*.idempotency: sweep',
  'audit.checkpoint: sequencer',
  'audit.cosignature: witnessing',
  'audit.entry: sequencer',
  'audit.held_proof: witnessing',
  'audit.log: sequencer',
  'audit.node: sequencer',
  'audit.retention: rounds',
  'audit.search_head: rounds',
  'audit.self_audit: rounds',
  'audit.stage: sequencer',
  'audit.stream: rounds',
  'audit.witness_standing: witnessing',
  'auth.data_key: rotation',
  'auth.tenant: operate',
  'auth.tenant_erasure: erasing',
  'auth.directory: due',
  'auth.mail: claim',
  'auth.mail_domain: recheck',
  'consensus.decision: deadlines',
  'consensus.decision: lanes',
  'consensus.decision: lanes_turn',
  'consensus.decision_event: lanes',
  'consensus.held_tenant: deadlines',
  'consensus.log_origin: lanes',
  'consensus.receipt: lanes',
  'consensus.voter_key: lanes',
  'delivery.delivery: claim',
  'delivery.delivery: ended',
  'delivery.delivery: sweep',
  'delivery.held_tenant: claim',
  'marketplace.installation: follow',
  'marketplace.package: publish',
  'marketplace.release: publish',
  'runtime.budget: engine',
  'runtime.budget_hold: engine',
  'runtime.cap: engine',
  'runtime.departed_member: engine',
  'runtime.distrusted_credential: engine',
  'runtime.run: engine',
  'runtime.run_event: engine',
  'runtime.run_message: engine',
  'runtime.signal: engine',
  'runtime.step: engine',
  'runtime.task: engine',
  'runtime.tenant_share: engine',
  'runtime.trigger: engine',
  'runtime.trigger_delivery: engine',
  'runtime.trigger_failure: engine',
  'runtime.turn: engine',
  'runtime.usage_ledger: engine',
  'runtime.wait: engine',
  'runtime.work_to_end: engine',
];

/** Policies that let everybody see what the platform itself publishes. */
const forEverybody = ['marketplace.package: platform', 'marketplace.release: platform'];

/**
 * Functions that run as the owner, to find the tenant of a credential or connection before there is a context, to forget
 * old sign-ins, challenges, flows and mail, and to erase a tenant that asked; and their policies with what each allows.
 */
const asOwner = [
  '*.erase_tenant',
  'auth.access_reviews_due',
  'auth.sweep_challenges',
  'auth.sweep_connection_flows',
  'auth.sweep_oauth',
  'auth.sweep_mail',
  'auth.sweep_sign_ins',
  'auth.tenant_named',
  'auth.tenant_of_api_key',
  'auth.tenant_of_connection',
  'auth.tenant_of_link',
  'auth.tenant_of_oauth_client',
  'auth.tenant_of_oauth_grant',
  'auth.tenant_of_oauth_token',
  'auth.tenant_of_passkey',
  'auth.tenant_of_sign_in',
  'auth.tenants_of_email_domain',
];
const ofOwner = [
  'auth.access_review: due SELECT',
  'auth.api_key: exchange SELECT',
  'auth.connection: door SELECT',
  'auth.connection_flow: sweep DELETE',
  'auth.connection_flow: sweep_reads SELECT',
  'auth.known_device: sweep DELETE',
  'auth.known_device: sweep_reads SELECT',
  'auth.mail: sweep DELETE',
  'auth.mail: sweep_reads SELECT',
  'auth.mail_domain: door SELECT',
  'auth.oauth_client: exchange SELECT',
  'auth.oauth_grant: exchange SELECT',
  'auth.oauth_grant: sweep DELETE',
  'auth.oauth_token: exchange SELECT',
  'auth.oauth_token: sweep DELETE',
  'auth.oauth_wrong_code: sweep DELETE',
  'auth.oauth_wrong_code: sweep_reads SELECT',
  'auth.one_time_link: exchange SELECT',
  'auth.passkey: exchange SELECT',
  'auth.provider_logout: sweep DELETE',
  'auth.provider_logout: sweep_reads SELECT',
  'auth.saml_assertion: sweep DELETE',
  'auth.saml_assertion: sweep_reads SELECT',
  'auth.sign_in: exchange SELECT',
  'auth.sign_in: sweep DELETE',
  'auth.spent_challenge: sweep DELETE',
  'auth.spent_challenge: sweep_reads SELECT',
  'auth.tenant: bootstrap SELECT',
];

const STRICT = `(tenant_id = current_setting('app.tenant'::text, true))`;
const except = (found: readonly string[], named: readonly string[]): string[] =>
  found.filter((name) => !named.includes(name) && !named.includes(name.replace(/^[^.]+/, '*')));

/** The names themselves, a `*` standing for each schema. */
const inEverySchema = (named: readonly string[]): string[] =>
  named.flatMap((name) => (name.startsWith('*') ? schemas.map((schema) => name.replace('*', schema)) : [name])).sort();

let database: TestDatabase;
const names = async (sql: string): Promise<string[]> =>
  (await database.query<{ name: string }>(sql, [schemas])).map(({ name }) => name).sort();

beforeAll(async () => {
  database = await createEmptyDatabase();
  await migrateTest(database, { migrationsDir: join(import.meta.dirname, '../../../migrations') });
});
afterAll(() => database.drop());

const TABLES = `select c.oid, n.nspname || '.' || c.relname as name, c.relrowsecurity, c.relforcerowsecurity, c.relowner
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any ($1) and c.relkind in ('r', 'p')`;
const TENANT = `select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and not a.attisdropped`;
const WALLED = `select * from (${TABLES}) t where exists (${TENANT})`;

describe('every table', () => {
  it('of every service is looked at', async () => {
    const found = await names(`select distinct n.nspname as name from pg_namespace n where nspname = any ($1)`);
    expect(found).toEqual([...schemas].sort());
    expect((await names(TABLES)).length).toBeGreaterThan(schemas.length * 6);
  });

  it('has a tenant, or is named here', async () => {
    const found = await names(`select name from (${TABLES}) t where not exists (${TENANT})`);
    expect(except(found, withoutTenant)).toEqual([]);
  });

  it('spells the tenant the same way: text, in byte order, never null', async () => {
    const odd =
      await names(`select t.name from (${TABLES}) t join pg_attribute a on a.attrelid = t.oid and a.attname = 'tenant_id'
      left join pg_collation c on c.oid = a.attcollation
      where a.atttypid <> 'text'::regtype or not a.attnotnull or c.collname is distinct from 'C'`);
    expect(odd).toEqual([]);
  });

  it('with a tenant forces row-level security, on its owner, too', async () => {
    expect(await names(`select name from (${WALLED}) t where not (relrowsecurity and relforcerowsecurity)`)).toEqual(
      [],
    );
  });

  it('with a tenant has the strict policy', async () => {
    const open = await names(`select name from (${WALLED}) t where not exists (
      select from pg_policies p where p.schemaname || '.' || p.tablename = t.name and p.cmd = 'ALL' and p.permissive = 'PERMISSIVE'
        and p.roles = '{public}' and p.qual = $$${STRICT}$$ and p.with_check = $$${STRICT}$$)`);
    expect(open).toEqual([]);
  });

  it('with a tenant has it in every unique index, the primary key included', async () => {
    const found = await names(`select n.nspname || '.' || i.relname as name from (${WALLED}) t
      join pg_index x on x.indrelid = t.oid and x.indisunique join pg_class i on i.oid = x.indexrelid
      join pg_namespace n on n.oid = i.relnamespace
      where not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnum = any (x.indkey))`);
    expect(except(found, uniqueAcrossTenants)).toEqual([]);
  });

  it('with a tenant has a primary key', async () => {
    const found = await names(
      `select name from (${WALLED}) t where not exists (select from pg_index x where x.indrelid = t.oid and x.indisprimary)`,
    );
    expect(found).toEqual([]);
  });

  it('refers to rows of the same tenant only', async () => {
    const loose =
      await names(`select t.name || '.' || k.conname as name from (${WALLED}) t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'
      where not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnum = any (k.conkey))`);
    expect(loose).toEqual([]);
  });
});

describe('every policy besides the strict one', () => {
  const OTHER = `select p.schemaname || '.' || p.tablename || ': ' || p.policyname as name, p.* from pg_policies p
    where p.schemaname = any ($1) and (p.qual, p.with_check, p.roles::text) is distinct from ($$${STRICT}$$, $$${STRICT}$$, '{public}')`;

  it('is for the system role and named here, or only shows what the platform publishes', async () => {
    const system = await names(`select name from (${OTHER}) o where roles = array[schemaname || '_system']::name[]`);
    expect(system).toEqual(inEverySchema(acrossTenants));
    const others = await names(`select name from (${OTHER}) o where roles <> array[schemaname || '_system']::name[]`);
    expect(others).toEqual([...forEverybody, ...ofOwner.map((policy) => policy.replace(/ [A-Z]+$/, ''))].sort());
  });

  it('of the owner lets it read only', async () => {
    const owners = await names(
      `select name || ' ' || cmd as name from (${OTHER}) o where roles = array[current_user]::name[]`,
    );
    expect(owners).toEqual(ofOwner);
  });

  it('for everybody shows the platform’s rows only', async () => {
    const shown = await database.query<{ qual: string; cmd: string }>(
      `select distinct qual, cmd from (${OTHER}) o where roles = '{public}'`,
      [schemas],
    );
    expect(shown).toEqual([{ qual: `(tenant_id = 'platform'::text)`, cmd: 'SELECT' }]);
  });
});

describe('what could step around the wall', () => {
  const ROLES = schemas.flatMap((schema) => [`${schema}_app`, `${schema}_system`]);
  const LIST = ROLES.map((role) => `'${role}'`).join(', ');

  it('no role of a service has power over others', async () => {
    const mighty = await withRoles(() =>
      names(`select rolname as name from pg_roles where rolname in (${LIST}) and $1::text[] is not null
      and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)`),
    );
    expect(mighty).toEqual([]);
  });

  it('no role of a service owns anything', async () => {
    const owned = await names(
      `select name from (${TABLES}) t where relowner in (select oid from pg_roles where rolname in (${LIST}))`,
    );
    expect(owned).toEqual([]);
  });

  it('no role of a service is a member of another', async () => {
    const members = await names(`select m.rolname as name from pg_auth_members a join pg_roles m on m.oid = a.member
      where m.rolname in (${LIST}) and $1::text[] is not null`);
    expect(members).toEqual([]);
  });

  it('no role of a service may touch the schema of another', async () => {
    const foreign =
      await names(`select grantee || ' in ' || table_schema as name from information_schema.role_table_grants
      where table_schema = any ($1) and grantee in (${LIST}) and grantee not in (table_schema || '_app', table_schema || '_system')`);
    expect(foreign).toEqual([]);
    const usage = await names(`select r.rolname || ' in ' || n.nspname as name from pg_roles r, pg_namespace n
      where r.rolname in (${LIST}) and n.nspname = any ($1) and split_part(r.rolname, '_', 1) <> n.nspname
        and has_schema_privilege(r.rolname, n.nspname, 'usage')`);
    expect(usage).toEqual([]);
  });

  it('nothing is granted to everybody', async () => {
    const open = await names(`select table_schema || '.' || table_name as name from information_schema.role_table_grants
      where table_schema = any ($1) and grantee = 'PUBLIC'`);
    expect(open).toEqual([]);
  });

  it('no role for people may empty a table: TRUNCATE asks no policy', async () => {
    const able = await names(`select table_schema || '.' || table_name as name from information_schema.role_table_grants
      where table_schema = any ($1) and grantee like '%\\_app' and privilege_type in ('TRUNCATE', 'TRIGGER', 'REFERENCES')`);
    expect(able).toEqual([]);
  });

  it('functions run as their caller, or are named here, fixed to a search path and not for everybody', async () => {
    const definers = await database.query<{ name: string; fixed: boolean; open: boolean }>(
      `select n.nspname || '.' || p.proname as name, coalesce(p.proconfig::text like '%search_path=%', false) as fixed,
              has_function_privilege('audit_app', p.oid, 'execute') as open
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any ($1) and p.prosecdef order by 1`,
      [schemas],
    );
    expect(definers).toEqual(inEverySchema(asOwner).map((name) => ({ name, fixed: true, open: false })));
  });

  it('views look with the eyes of who asks', async () => {
    const views =
      await names(`select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any ($1) and c.relkind in ('v', 'm')
        and (c.relkind = 'm' or not coalesce(c.reloptions::text like '%security_invoker=true%', false))`);
    expect(views).toEqual([]);
  });
});

describe('this test', () => {
  it.each([
    [
      'a table without a tenant',
      'create table metrics.leak (id text primary key)',
      'metrics.leak',
      `select name from (${TABLES}) t where not exists (${TENANT})`,
    ],
    [
      'a table without forced security',
      `create table metrics.leak (tenant_id text collate "C" primary key)`,
      'metrics.leak',
      `select name from (${WALLED}) t where not (relrowsecurity and relforcerowsecurity)`,
    ],
    [
      'a policy for everybody',
      'create policy leak on metrics.dead_letter using (true)',
      'metrics.dead_letter: leak',
      `select schemaname || '.' || tablename || ': ' || policyname as name from pg_policies where schemaname = any ($1) and qual = 'true' and roles = '{public}'`,
    ],
  ])('would notice %s', async (_what, sql, name, search) => {
    await database.query(sql);
    expect(await names(search)).toContain(name);
    await database.query(
      sql.startsWith('create table') ? 'drop table metrics.leak' : 'drop policy leak on metrics.dead_letter',
    );
  });
});
