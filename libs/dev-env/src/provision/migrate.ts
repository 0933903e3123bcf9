import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '../paths.js';

/** The job that clusters run before an upgrade; ends with a JSON line that counts the files applied. */
const JOB = join(repositoryRoot, 'deploy/docker/migrate.mjs');

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
