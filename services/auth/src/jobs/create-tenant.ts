/**
 * The bootstrap job: `create-tenant --name NAME [--admin NAME] [--operators] [--if-absent]`.
 *
 * Needs auth's database and pepper, no running service. Prints one JSON line `{tenant, workspace, principal, apiKey,
 * welcome}`, the last a one-time link with which the owner makes a passkey. `--operators` makes the tenant whose
 * administrators operate the platform; with `--if-absent` a tenant of that
 * name that exists already is printed without key and link. The running service tells the
 * others of a new tenant within a second.
 */
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { ConclaveError, auth } from '@conclave/contracts';
import { z } from 'zod';
import { ApiKeyMint } from '../api-keys/api-key-mint.js';
import { jobConfig, type AuthConfig } from '../config.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { MakeLink } from '../links/make-link.js';
import { CreateTenant } from '../tenants/create-tenant.js';
import { FindTenant } from '../tenants/find-tenant.js';
import { jobDatabase } from './job-database.js';

const { name } = auth.createWorkspace.request.shape;
const options = z.strictObject({
  name,
  admin: name.default('Administrator'),
  'if-absent': z.boolean().default(false),
  operators: z.boolean().default(false),
});

try {
  const { values } = parseArgs({
    options: {
      ...{ name: { type: 'string' }, admin: { type: 'string' } },
      ...{ operators: { type: 'boolean' }, 'if-absent': { type: 'boolean' } },
    },
  });
  process.stdout.write(`${JSON.stringify(await run(options.parse(values), jobConfig()))}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}\n`);
  process.exitCode = 1;
}

async function run(wanted: z.output<typeof options>, config: AuthConfig): Promise<object> {
  const db = await jobDatabase(config, 'conclave-create-tenant');
  try {
    const digest = new CredentialDigest(config);
    const create = new CreateTenant(db, new ApiKeyMint(config, digest), new MakeLink(config, digest));
    const { name, admin: owner, operators } = wanted;
    return await create.run({ name, owner, operators, workspace: 'default', withKey: true });
  } catch (error) {
    const existing = wanted['if-absent'] && error instanceof ConclaveError && error.code === 'auth.tenant.exists';
    const ids = existing ? await new FindTenant(db).run(wanted.name) : undefined;
    if (ids) return ids;
    throw error;
  } finally {
    await db.close();
  }
}
