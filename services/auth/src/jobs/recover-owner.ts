/**
 * The job for when nobody of a tenant gets in any more: `recover-owner --name NAME [--owner ID]`.
 *
 * Needs auth's database and pepper, no running service. Lets people in by every way again, if they came in through
 * identity providers only, and prints one JSON line `{tenant, principal, link}`: a one-time link with which the owner, the
 * first one unless told, makes a passkey in place of those they had. Running edges hear of it within a second.
 */
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { auth, idOf } from '@conclave/contracts';
import { z } from 'zod';
import { jobConfig, type AuthConfig } from '../config.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { MakeLink } from '../links/make-link.js';
import { RecoverOwner } from '../owners/recover-owner.js';
import { jobDatabase } from './job-database.js';

const { name } = auth.createWorkspace.request.shape;
const options = z.strictObject({ name, owner: idOf('principal').optional() });

try {
  const { values } = parseArgs({ options: { name: { type: 'string' }, owner: { type: 'string' } } });
  process.stdout.write(`${JSON.stringify(await run(options.parse(values), jobConfig()))}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}\n`);
  process.exitCode = 1;
}

async function run(wanted: z.output<typeof options>, config: AuthConfig): Promise<object> {
  const db = await jobDatabase(config, 'conclave-recover-owner');
  try {
    return await new RecoverOwner(db, new MakeLink(config, new CredentialDigest(config))).run(wanted);
  } finally {
    await db.close();
  }
}
