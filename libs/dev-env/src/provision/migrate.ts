import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '../paths.js';

/** Where a service's SQL files lie, one folder per schema. */
export const migrationsDir = join(repositoryRoot, 'migrations');

/** postgres-kit's job, found by path: postgres-kit is tested with this package, so neither may import the other. */
const KIT = join(repositoryRoot, 'libs/postgres-kit/dist/index.js');

const JOB = `
const { migrate } = await import(process.argv[1]);
const options = JSON.parse(process.env.MIGRATE_OPTIONS);
const applied = await migrate(options).catch((error) => { console.error(error.message); process.exit(1); });
console.log(JSON.stringify(applied));
`;

/** Brings all schemas of the database to the newest version, in a process of its own. @returns the files applied */
export function migrateSchemas(
  adminUrl: string,
  passwords: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const options = JSON.stringify({ adminUrl, passwords, migrationsDir });
  const args = ['--input-type=module', '-e', JOB, pathToFileURL(KIT).href];
  const env = { ...process.env, MIGRATE_OPTIONS: options };
  return new Promise((done, refuse) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      if (error) refuse(new Error(`The migrations failed: ${stderr.trim() || error.message}`));
      else done(JSON.parse(stdout) as string[]);
    });
  });
}
