import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { natsAuthorization, natsRefusal } from './nats.js';
import { answers } from './probe.js';
import type { Store, StoreName, StoreOptions } from './store.js';
import { tools } from './tools.js';

/** A store that somebody else runs: its address and version are checked, and it is otherwise left alone. */
export function externalStore(name: StoreName, url: string, options: StoreOptions): Store {
  const refuse = () =>
    Promise.reject(new Error(`${name} is named by ${tools[name].variable}; Conclave did not start it.`));
  return {
    url,
    local: false,
    pid: undefined,
    start: () => check(name, url, options),
    stop: () => Promise.resolve(),
    kill9: refuse,
  };
}

async function check(name: StoreName, url: string, options: StoreOptions): Promise<void> {
  const { title, variable } = tools[name];
  const failure =
    name === 'postgres'
      ? await postgresFailure(url)
      : ((await greetingFailure(name, url)) ?? (name === 'nats' ? await admissionFailure(url, options) : undefined));
  if (failure) throw new Error(`${title} at ${withoutPassword(url)} (${variable}) cannot be used: ${failure}`);
}

async function postgresFailure(url: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; admin: boolean }>(
      `select current_setting('server_version_num')::int as version,
              rolsuper or (rolcreaterole and rolcreatedb) as admin from pg_roles where rolname = current_user`,
    );
    const [oldest] = tools.postgres.minimum;
    if ((rows[0]?.version ?? 0) < oldest * 10_000) return `version ${oldest} or newer is needed.`;
    return rows[0]?.admin ? undefined : 'its user must be allowed to create roles and databases.';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function greetingFailure(name: 'nats' | 'redis', url: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url);
  const [words, expected] =
    name === 'nats' ? (['', /^INFO \{/] as const) : (['PING\r\n', /PONG|NOAUTH|WRONGPASS/] as const);
  const tls = /^(tls|rediss):/.test(url);
  const greeted = await answers(
    Number(port || (name === 'nats' ? 4222 : 6379)),
    tls ? '' : words,
    tls ? /(?:)/ : expected,
    hostname,
  );
  return greeted ? undefined : 'nothing there answers as it should.';
}

/** Asks as services will; a bus that wants TLS is left to them. */
async function admissionFailure(
  url: string,
  { dataDir, natsSeed, natsUsers = [] }: StoreOptions,
): Promise<string | undefined> {
  const { hostname, port, protocol } = new URL(url);
  const refusal = protocol === 'tls:' ? undefined : await natsRefusal(Number(port || 4222), hostname, natsSeed);
  if (refusal === undefined) return undefined;
  if (natsUsers.length === 0) return refusal;
  const file = join(dataDir, 'nats-users.conf');
  writeFileSync(file, natsAuthorization(natsUsers));
  return `it does not let Conclave's services in (${refusal}). Their nkeys and permissions, to be included in its configuration, are in ${file}`;
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = '***';
  return shown.toString();
}
