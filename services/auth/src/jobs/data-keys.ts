/**
 * The operator's job on data keys: `data-keys rewrap` wraps all of them under the current key-encryption key, and fails
 * when some did not open, which it names;
 * `data-keys destroy --tenant NAME [--purpose PURPOSE]` makes unreadable what that tenant had sealed, for good
 * (docs/secrets.md has the purposes);
 * `data-keys rotate-signing-key` makes a key that signs access tokens from a minute later on.
 *
 * Needs auth's database and key-encryption keys, no running service. Prints one JSON line.
 */
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { Database, pgConnections } from '@conclave/postgres-kit';
import { z } from 'zod';
import { jobConfig, type AuthConfig } from '../config.js';
import { DestroyDataKeys } from '../data-keys/destroy-data-keys.js';
import { KeyRing } from '../data-keys/key-ring.js';
import { RewrapDataKeys } from '../data-keys/rewrap-data-keys.js';
import { SigningKeys } from '../oauth/signing-keys.js';
import { FindTenant } from '../tenants/find-tenant.js';

const wanted = z.discriminatedUnion('verb', [
  z.strictObject({ verb: z.literal('rewrap') }),
  z.strictObject({ verb: z.literal('rotate-signing-key') }),
  z.strictObject({ verb: z.literal('destroy'), tenant: z.string(), purpose: z.string().optional() }),
]);

try {
  const options = { tenant: { type: 'string' }, purpose: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [verb, ...more] = positionals;
  if (more.length > 0) throw new Error(`unexpected: ${more.join(' ')}`);
  process.stdout.write(`${JSON.stringify(await run(wanted.parse({ verb, ...values }), jobConfig()))}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}\n`);
  process.exitCode = 1;
}

async function run(job: z.output<typeof wanted>, config: AuthConfig): Promise<object> {
  const db = openDatabase(config);
  try {
    if (job.verb === 'rewrap') return await rewrap(db, config);
    if (job.verb === 'rotate-signing-key') return await new SigningKeys(db, new KeyRing(config)).rotate();
    const found = await new FindTenant(db).run(job.tenant);
    if (!found) throw new Error(`There is no tenant named "${job.tenant}".`);
    return { tenant: found.tenant, destroyed: await new DestroyDataKeys(db).run(found.tenant, job.purpose) };
  } finally {
    await db.close();
  }
}

async function rewrap(db: Database, config: AuthConfig): Promise<object> {
  const done = await new RewrapDataKeys(db, new KeyRing(config)).run();
  if (done.unopened.length > 0) process.exitCode = 1;
  return done;
}

function openDatabase(config: AuthConfig): Database {
  const app = { schema: 'auth', size: 1, applicationName: 'conclave-data-keys', url: config.DATABASE_URL };
  const system = { ...app, url: config.DATABASE_SYSTEM_URL };
  const ignoreIdle = (): void => undefined;
  return new Database(pgConnections(app, ignoreIdle), pgConnections(system, ignoreIdle));
}
