import { Database, entityConnections, pgConnections } from '@conclave/postgres-kit';
import type { AuthConfig } from '../config.js';
import { entities } from '../entities.js';

/** Auth's database for a job that does one thing and ends. */
export async function jobDatabase(config: AuthConfig, applicationName: string): Promise<Database> {
  const app = { schema: 'auth', size: 1, applicationName, url: config.DATABASE_URL };
  const system = { ...app, url: config.DATABASE_SYSTEM_URL };
  const ignoreIdle = (): void => undefined;
  return new Database(await entityConnections(app, entities), pgConnections(system, ignoreIdle));
}
