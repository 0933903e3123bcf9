import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '../paths.js';

export interface Tenant {
  readonly tenant: string;
  readonly workspace: string;
  readonly apiKey: string;
}

const JOB = join(repositoryRoot, 'services/auth/dist/jobs/create-tenant.js');
const KNOWN_WITHIN_MS = 15_000;

/**
 * Creates a tenant with a first workspace and an administrator's key, by auth's own job. Where a tenant of that name
 * exists whose key is lost (a named database, a new checkout), another one is made beside it.
 */
export async function createTenant(
  name: string,
  authEnv: Readonly<Record<string, string>>,
  ...flags: readonly '--operators'[]
): Promise<Tenant> {
  const create = (wanted: string) => runJob(['--name', wanted, ...flags], authEnv);
  try {
    return await create(name);
  } catch (error) {
    if (!/exists/.test(String(error))) throw error;
    return create(`${name} ${randomBytes(3).toString('hex')}`);
  }
}

function runJob(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Tenant> {
  return new Promise((done, refuse) => {
    execFile(process.execPath, [JOB, ...args], { env }, (error, stdout, stderr) => {
      if (error) return refuse(new Error(`create-tenant ${args.join(' ')}: ${stderr.trim() || error.message}`));
      const { tenant, workspace, apiKey } = JSON.parse(stdout) as Tenant;
      done({ tenant, workspace, apiKey });
    });
  });
}

/** Whether the key still opens the door, asked of the running platform. */
export async function isAccepted(gateway: string, tenant: Tenant): Promise<boolean> {
  const response = await read(gateway, '/v1/me', tenant);
  if (response.status !== 200 && response.status !== 401) throw await unexpected(response);
  return response.status === 200;
}

/** The identity of the tenant's log, as an auditor pins it; a tenant just made is known to the log within moments. */
export async function logOf(gateway: string, tenant: Tenant): Promise<{ origin: string; vkey: string }> {
  for (const deadline = Date.now() + KNOWN_WITHIN_MS; ; await sleep(100)) {
    const response = await read(gateway, '/v1/audit/log', tenant);
    if (!response.ok && Date.now() < deadline) continue;
    if (!response.ok) throw await unexpected(response);
    const { origin, vkey } = (await response.json()) as { origin: string; vkey: string };
    return { origin, vkey };
  }
}

const read = (gateway: string, path: string, { apiKey }: Tenant) =>
  fetch(gateway + path, { headers: { authorization: `Bearer ${apiKey}` } });

const unexpected = async (response: Response) =>
  new Error(`GET ${response.url} answered ${response.status}: ${await response.text()}`);
