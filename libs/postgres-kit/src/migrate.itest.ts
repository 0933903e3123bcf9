import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MigrationError, migrate } from './migrate.js';
import { createEmptyDatabase, migrateTest, passwords, withRoles, type TestDatabase } from './test/test-database.js';

let database: TestDatabase;
let migrationsDir: string;
const put = async (file: string, sql: string): Promise<void> => {
  await mkdir(join(migrationsDir, 'metrics'), { recursive: true });
  await writeFile(join(migrationsDir, 'metrics', file), sql);
};
const run = (): Promise<string[]> => migrateTest(database, { migrationsDir, schemas: ['metrics'] });
const tables = async (): Promise<string[]> =>
  (
    await database.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'metrics' and tablename like 'thing%' order by 1`,
    )
  ).map(({ name }) => name);

beforeEach(async () => {
  database = await createEmptyDatabase();
  migrationsDir = await mkdtemp(join(tmpdir(), 'conclave-migrations-'));
});
afterEach(async () => {
  await database.drop();
  await rm(migrationsDir, { recursive: true });
});

describe('the migration job', () => {
  it('applies the kit’s files and then the service’s, in the order of their numbers', async () => {
    await put('0002-second.sql', 'alter table thing add b int;');
    await put(
      '0001-first.sql',
      'create table thing (a int); grant select on thing to :app; grant insert on thing to :system;',
    );
    expect(await run()).toEqual([
      'metrics/kit/0001-kit.sql',
      'metrics/kit/0002-epochs.sql',
      'metrics/kit/0003-event-ids.sql',
      'metrics/kit/0004-erased-tenants.sql',
      'metrics/kit/0005-verdicts.sql',
      'metrics/0001-first.sql',
      'metrics/0002-second.sql',
    ]);
    const [grants] = await database.query(
      `select has_table_privilege('metrics_app', 'metrics.thing', 'select') as app_reads,
              has_table_privilege('metrics_app', 'metrics.thing', 'insert') as app_writes,
              has_table_privilege('metrics_system', 'metrics.thing', 'insert') as system_writes`,
    );
    expect(grants).toEqual({ app_reads: true, app_writes: false, system_writes: true });
  });

  it('does nothing the second time, and only what is new the third', async () => {
    await put('0001-first.sql', 'create table thing (a int);');
    await run();
    expect(await run()).toEqual([]);
    await put('0002-second.sql', 'create table thing_2 (a int);');
    expect(await run()).toEqual(['metrics/0002-second.sql']);
  });

  it('runs each file once when several start at the same moment', async () => {
    await put('0001-first.sql', 'create table thing (a int); select pg_sleep(0.2);');
    await run();
    await put('0002-second.sql', 'create table thing_2 (a int); select pg_sleep(0.2);');
    const job = () => migrate({ adminUrl: database.adminUrl, passwords, migrationsDir, schemas: ['metrics'] });
    const applied = await withRoles(() => Promise.all([job(), job(), job()]));
    expect(applied.flat()).toEqual(['metrics/0002-second.sql']);
  });

  it('refuses a file that was edited after it ran', async () => {
    await put('0001-first.sql', 'create table thing (a int);');
    await run();
    await put('0001-first.sql', 'create table thing (a int, b int);');
    await expect(run()).rejects.toThrow('metrics/0001-first.sql was edited after it ran');
  });

  it('undoes a file that fails, keeps those before it, and goes on from there', async () => {
    await put('0001-first.sql', 'create table thing (a int);');
    await put('0002-second.sql', 'create table thing_2 (a int); select 1 / 0;');
    const refusal = await run().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(MigrationError);
    expect((refusal as Error).message).toBe('metrics/0002-second.sql failed: division by zero');
    expect(await tables()).toEqual(['thing']);
    await put('0002-second.sql', 'create table thing_2 (a int);');
    expect(await run()).toEqual(['metrics/0002-second.sql']);
  });

  it('waits ten seconds for a table somebody holds, so that nobody queues behind it for longer', async () => {
    await put('0001-first.sql', `create table thing as select current_setting('lock_timeout') as patience;`);
    await run();
    expect(await database.query('select patience from metrics.thing')).toEqual([{ patience: '10s' }]);
  });

  it.each(['1-first.sql', '0001_first.sql', '0001-First.sql', 'first.sql'])(
    'refuses a file called %s',
    async (file) => {
      await put(file, 'select 1;');
      await expect(run()).rejects.toThrow('is not called NNNN-what-it-does.sql');
    },
  );

  it('refuses a folder that is not there, rather than migrate nothing', async () => {
    await expect(migrateTest(database, { migrationsDir: '/nowhere', schemas: ['metrics'] })).rejects.toThrow(/ENOENT/);
  });

  it('refuses to make a role without a password', async () => {
    const job = migrate({ adminUrl: database.adminUrl, passwords: {}, migrationsDir, schemas: ['metrics'] });
    await expect(job).rejects.toThrow('no password given for role metrics_app');
  });

  it('refuses a role that could step over the tenant wall', async () => {
    await run();
    await withRoles(async () => {
      // Not bypassrls: roles belong to the server, and tests beside this one are to be walled meanwhile.
      await database.query('alter role metrics_system createdb');
      try {
        const job = migrate({ adminUrl: database.adminUrl, passwords, migrationsDir, schemas: ['metrics'] });
        await expect(job).rejects.toThrow(/metrics_system could step over the tenant wall/);
      } finally {
        await database.query('alter role metrics_system nocreatedb');
      }
    });
  });
});

describe('an administrator who is no superuser', () => {
  const role = `kit_owner_${process.pid}`;
  beforeAll(() => asAdmin(`create role ${role} login createrole password 'test'`));
  afterAll(() => asAdmin(`drop role ${role}`));
  const asAdmin = async (sql: string): Promise<void> => {
    const empty = await createEmptyDatabase();
    await empty.query(sql);
    await empty.drop();
  };

  it('can migrate, as on a managed Postgres', async () => {
    await database.query(`grant create on database ${database.name} to ${role}`);
    const url = new URL(database.adminUrl);
    [url.username, url.password] = [role, 'test'];
    const own = await withRoles(() =>
      migrate({ adminUrl: url.toString(), passwords, migrationsDir, schemas: ['metrics'] }),
    );
    expect(own).toEqual([
      ...['metrics/kit/0001-kit.sql', 'metrics/kit/0002-epochs.sql', 'metrics/kit/0003-event-ids.sql'],
      'metrics/kit/0004-erased-tenants.sql',
      'metrics/kit/0005-verdicts.sql',
    ]);
    await database.query(`drop schema metrics cascade; drop owned by ${role}`);
  });
});
