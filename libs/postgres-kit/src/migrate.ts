/**
 * The migration job: makes each service's schema and its two roles, then applies the kit's and the service's SQL files
 * in order, each in its own transaction, all under one advisory lock. Files that ran are remembered with their digest;
 * a file that was edited afterwards is refused, because two installs would then differ under one name.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';

/** Services with a schema of their own. */
export const schemas = ['auth', 'runtime', 'consensus', 'audit', 'metrics', 'marketplace', 'delivery'] as const;
export type Schema = (typeof schemas)[number];

export interface MigrateOptions {
  /** A role that may create schemas and roles. */
  readonly adminUrl: string;
  /** Folder with one sub-folder per service. */
  readonly migrationsDir: string;
  /** Passwords of the roles `<schema>_app` and `<schema>_system`. */
  readonly passwords: Readonly<Record<string, string>>;
  readonly schemas?: readonly Schema[];
  readonly onApplied?: (schema: Schema, file: string) => void;
}

const LOCK = 4_215_001;
/** A migration that waits for a table longer than this gives up: everybody else would queue behind it. */
const LOCK_TIMEOUT = '10s';
const KIT_DIR = join(import.meta.dirname, '..', 'migrations');

export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** Brings every schema to the newest version. Safe to run twice and at once. @returns the files applied now */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const client = new Client({ connectionString: options.adminUrl, application_name: 'conclave-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    const applied: string[] = [];
    for (const schema of options.schemas ?? schemas) {
      await prepareSchema(client, schema, options.passwords);
      for (const file of await filesOf(schema, options.migrationsDir)) {
        if (!(await applyFile(client, schema, file))) continue;
        applied.push(`${schema}/${file.name}`);
        options.onApplied?.(schema, file.name);
      }
    }
    return applied;
  } finally {
    await client.end();
  }
}

interface SqlFile {
  readonly name: string;
  readonly path: string;
}

const FILE_NAME = /^\d{4}-[a-z0-9]+(-[a-z0-9]+)*\.sql$/;

async function filesOf(schema: Schema, migrationsDir: string): Promise<SqlFile[]> {
  const own = (await readdir(migrationsDir)).includes(schema) ? await list(join(migrationsDir, schema), '') : [];
  return [...(await list(KIT_DIR, 'kit/')), ...own];
}

async function list(dir: string, prefix: string): Promise<SqlFile[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort();
  const misnamed = names.find((name) => !FILE_NAME.test(name));
  if (misnamed) throw new MigrationError(`${join(dir, misnamed)} is not called NNNN-what-it-does.sql`);
  return names.map((name) => ({ name: prefix + name, path: join(dir, name) }));
}

async function prepareSchema(
  client: Client,
  schema: Schema,
  passwords: Readonly<Record<string, string>>,
): Promise<void> {
  for (const role of [`${schema}_app`, `${schema}_system`]) await prepareRole(client, role, passwords[role]);
  await client.query(`create schema if not exists ${escapeIdentifier(schema)}`);
  await client.query(`grant usage on schema ${escapeIdentifier(schema)} to ${schema}_app, ${schema}_system`);
  await client.query(
    `create table if not exists ${schema}.schema_migration (file text primary key, sha256 text not null, at timestamptz not null default now())`,
  );
}

/** A role that can only sign in. Attributes are checked, not set: setting them takes a superuser, whom few have. */
async function prepareRole(client: Client, role: string, password: string | undefined): Promise<void> {
  if (password === undefined) throw new MigrationError(`no password given for role ${role}`);
  const { rows } = await client.query<{ mighty: boolean }>(
    'select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb as mighty from pg_roles where rolname = $1',
    [role],
  );
  if (rows[0]?.mighty)
    throw new MigrationError(`role ${role} could step over the tenant wall; take its attributes away`);
  const verb = rows[0] ? 'alter' : 'create';
  await client.query(`${verb} role ${escapeIdentifier(role)} login password ${escapeLiteral(password)}`);
}

async function applyFile(client: Client, schema: Schema, file: SqlFile): Promise<boolean> {
  const text = await readFile(file.path, 'utf8');
  const sha256 = createHash('sha256').update(text).digest('hex');
  const { rows } = await client.query<{ sha256: string }>(
    `select sha256 from ${schema}.schema_migration where file = $1`,
    [file.name],
  );
  if (rows[0]) {
    if (rows[0].sha256 !== sha256)
      throw new MigrationError(`${schema}/${file.name} was edited after it ran; add a new file instead`);
    return false;
  }
  const sql = text.replaceAll(/:app\b/g, `${schema}_app`).replaceAll(/:system\b/g, `${schema}_system`);
  await client.query('begin');
  try {
    await client.query(`set local search_path = ${schema}; set local lock_timeout = '${LOCK_TIMEOUT}'`);
    await client.query(sql);
    await client.query(`insert into ${schema}.schema_migration (file, sha256) values ($1, $2)`, [file.name, sha256]);
    await client.query('commit');
    return true;
  } catch (cause) {
    await client.query('rollback');
    throw new MigrationError(
      `${schema}/${file.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
