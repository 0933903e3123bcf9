import { execFile } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { repositoryRoot } from '../paths.js';
import { asRole } from '../services.js';
import { canQuery } from '../stores/postgres.js';

/** The job that clusters run before an upgrade; ends with a JSON line that counts the files applied. */
const JOB = join(repositoryRoot, 'deploy/docker/migrate.mjs');

/**
 * Roles belong to a whole server, and the migrations set their passwords: an installation that works with other ones on
 * the same server would lose its connections.
 *
 * @throws Error when somebody else is signed in as one of them
 */
export async function refuseRolesInUse(adminUrl: string, passwords: Readonly<Record<string, string>>): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ role: string; host: string }>(
      `select distinct usename as role, coalesce(host(client_addr), 'a local socket') as host
       from pg_stat_activity where usename = any($1)`,
      [Object.keys(passwords)],
    );
    for (const { role, host } of rows)
      if (!(await canQuery(asRole(adminUrl, role, passwords[role] ?? '')))) throw new Error(inUse(role, host));
  } finally {
    await client.end();
  }
}

const inUse = (role: string, host: string) =>
  `Another installation uses this server: ${role} is signed in from ${host} with a password that is not ours. ` +
  'Roles belong to the whole server, so two installations cannot share one: stop the other, or name another server in DATABASE_URL.';

/** Brings all schemas of the database to the newest version. @returns how many files were applied */
export function migrateSchemas(adminUrl: string, passwords: Readonly<Record<string, string>>): Promise<number> {
  const env = { ...process.env, ADMIN_DATABASE_URL: adminUrl, ROLE_PASSWORDS: JSON.stringify(passwords) };
  return new Promise((done, refuse) => {
    execFile(process.execPath, [JOB], { env }, (error, stdout, stderr) => {
      if (error) refuse(new Error(explained(stderr.trim() || error.message)));
      else done((JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { applied: number }).applied);
    });
  });
}

function explained(failure: string): string {
  const hint = 'The data here is that of an unreleased version. To start without it: npm run down -- --purge';
  return `The migrations failed: ${failure}${/edited after it ran/.test(failure) ? `\n${hint}` : ''}`;
}
