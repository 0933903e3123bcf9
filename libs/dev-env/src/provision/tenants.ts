import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '../paths.js';

export interface Tenant {
  readonly tenant: string;
  readonly workspace: string;
  readonly apiKey: string;
}

const JOB = join(repositoryRoot, 'services/auth/dist/jobs/create-tenant.js');

/** Creates a tenant with a first workspace and an administrator's key, by auth's own job. */
export function createTenant(name: string, authEnv: Readonly<Record<string, string>>): Promise<Tenant> {
  return new Promise((done, refuse) => {
    execFile(process.execPath, [JOB, name], { env: authEnv }, (error, stdout, stderr) => {
      if (error) refuse(new Error(`Tenant "${name}" could not be created: ${stderr.trim() || error.message}`));
      else done(JSON.parse(stdout) as Tenant);
    });
  });
}

/** Whether the key still opens the door, asked of the running platform. */
export async function isAccepted(gateway: string, { apiKey }: Tenant): Promise<boolean> {
  const response = await fetch(`${gateway}/v1/me`, { headers: { authorization: `Bearer ${apiKey}` } });
  await response.body?.cancel();
  return response.status === 200;
}

/** The identity of the tenant's log, as an auditor pins it. */
export async function logOf(gateway: string, { apiKey }: Tenant): Promise<{ origin: string; vkey: string }> {
  const response = await fetch(`${gateway}/v1/audit/log`, { headers: { authorization: `Bearer ${apiKey}` } });
  if (!response.ok) throw new Error(`GET /v1/audit/log answered ${response.status}: ${await response.text()}`);
  const { origin, vkey } = (await response.json()) as { origin: string; vkey: string };
  return { origin, vkey };
}
