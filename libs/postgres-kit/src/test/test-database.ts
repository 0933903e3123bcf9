/** A database of a test's own on the server that `npm test` starts, with the kit's tables and those of the test. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Pool } from 'pg';
import { pgConnections, type PoolOptions } from '../connections.js';
import { Database } from '../database.js';
import { migrate, type MigrateOptions, type Schema } from '../migrate.js';

/** Roles belong to the server: whoever makes them holds this lock, and everybody gives them the same passwords. */
const ROLES_LOCK = 4_215_002;

export interface TestDatabase {
  readonly name: string;
  /** Past row-level security. */
  readonly adminUrl: string;
  urlOf(role: string): string;
  /** `DATABASE_URL` and `DATABASE_SYSTEM_URL` of a service. */
  environmentOf(schema: Schema): Record<string, string>;
  poolOf(schema: Schema, role: 'app' | 'system', size?: number): PoolOptions;
  /** As the service would open it; closed with the database. */
  open(schema: Schema, size?: number): Database;
  query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

function server(): string {
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('DATABASE_URL is not set; run the tests with npm test.');
  return url;
}

/** An empty database. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const name = `conclave_kit_${randomBytes(6).toString('hex')}`;
  await onServer((client) => client.query(`create database ${name}`));
  const urlOf = (role?: string): string => {
    const url = new URL(server());
    url.pathname = `/${name}`;
    if (role) [url.username, url.password] = [role, passwordOf(role)];
    return url.toString();
  };
  const admin = new Pool({ connectionString: urlOf(), max: 2 });
  admin.on('error', () => undefined);
  const opened: Database[] = [];
  const poolOf = (schema: Schema, role: 'app' | 'system', size = 10): PoolOptions => ({
    url: urlOf(`${schema}_${role}`),
    schema,
    size,
    applicationName: `test-${schema}-${role}`,
  });
  return {
    name,
    adminUrl: urlOf(),
    urlOf,
    environmentOf: (schema) => ({
      DATABASE_URL: urlOf(`${schema}_app`),
      DATABASE_SYSTEM_URL: urlOf(`${schema}_system`),
    }),
    poolOf,
    open(schema, size) {
      const connect = (role: 'app' | 'system') => pgConnections(poolOf(schema, role, size), () => undefined);
      const db = new Database(connect('app'), connect('system'));
      opened.push(db);
      return db;
    },
    query: async <Row extends object>(sql: string, params: readonly unknown[] = []) =>
      (await admin.query<Row & Record<string, unknown>>(sql, [...params])).rows,
    async drop() {
      await Promise.all(opened.map((db) => db.close()));
      await admin.end();
      await onServer((client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

/** A database with the schemas of some services, each with the kit's tables and what its SQL makes. */
export async function createTestDatabase(tables: Partial<Record<Schema, string>>): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  const migrationsDir = await mkdtemp(join(tmpdir(), 'conclave-migrations-'));
  const schemas = Object.keys(tables) as Schema[];
  for (const schema of schemas) {
    await mkdir(join(migrationsDir, schema));
    await writeFile(join(migrationsDir, schema, '0001-test.sql'), tables[schema] ?? '');
  }
  await migrateTest(database, { migrationsDir, schemas });
  await rm(migrationsDir, { recursive: true });
  return database;
}

/** Migrates as the job does. */
export function migrateTest(
  database: TestDatabase,
  options: Omit<MigrateOptions, 'adminUrl' | 'passwords'> & Partial<MigrateOptions>,
): Promise<string[]> {
  const { adminUrl } = database;
  return withRoles(() => migrate({ adminUrl, passwords, ...options }));
}

/** Passwords of any role. */
export const passwords: Readonly<Record<string, string>> = new Proxy<Record<string, string>>(
  {},
  { get: (_target, role) => passwordOf(String(role)) },
);

/** Runs `work` while nobody else makes or alters roles. */
export async function withRoles<T>(work: () => Promise<T>): Promise<T> {
  return onServer(async (client) => {
    await client.query('select pg_advisory_lock($1)', [ROLES_LOCK]);
    return work();
  });
}

/** As the test environment derives it, so that its databases and these can share the server. */
const passwordOf = (role: string): string => createHash('sha256').update(`${server()}\n${role}`).digest('hex');

async function onServer<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: server() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A table with tenant data, walled as every one must be. */
export const walledTable = (name: string, columns: string): string => `
create table ${name} (tenant_id text collate "C" not null, ${columns});
alter table ${name} enable row level security;
alter table ${name} force row level security;
create policy tenant on ${name} using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
grant select, insert, update, delete on ${name} to :app;
`;
