import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { mustRun } from '../processes/run.js';
import { serverUser } from './server-user.js';
import { startProcess } from './store-process.js';

export interface PostgresServer {
  /** `postgres` and `initdb`. */
  readonly programs: readonly string[];
  readonly clusterDir: string;
  readonly logFile: string;
  readonly recordsDir: string;
  readonly port: number;
  readonly password: string;
  /** Skips the flush at the end of `initdb`; the server flushes its commits unless it is told otherwise, as by `npm test`. */
  readonly quickInit?: boolean;
  /** What it loads as it starts, such as `pg_stat_statements`; separated by commas. */
  readonly libraries: string;
}

export const postgresUrl = ({ port, password }: Pick<PostgresServer, 'port' | 'password'>, database = 'postgres') =>
  `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;

/** The major version that wrote the data, when there is any. */
export function clusterVersion(clusterDir: string): string | undefined {
  const file = join(clusterDir, 'PG_VERSION');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/** Starts a cluster on loopback TCP with password sign-in, creating it first when there is none. */
export async function startPostgres(server: PostgresServer): Promise<void> {
  const user = serverUser();
  if (!clusterVersion(server.clusterDir)) await createCluster(server, user);
  dropStaleLock(server.clusterDir);
  const settings = {
    listen_addresses: '127.0.0.1',
    port: server.port,
    unix_socket_directories: '',
    max_connections: 300,
    // What it is without a word is for machines of long ago: whoever needs a page would first write out another one.
    shared_buffers: '512MB',
    jit: 'off',
    log_min_messages: 'warning',
    shared_preload_libraries: server.libraries,
  };
  const args = [
    '-D',
    server.clusterDir,
    ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ];
  const [program = ''] = server.programs;
  const start = () =>
    startProcess({ name: 'postgres', program, args, ...server, user, isReady: () => canQuery(postgresUrl(server)) });
  await retryWhileShared(start);
}

/** Whether the server at the URL answers a query. */
export async function canQuery(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createCluster(server: PostgresServer, user: { uid: number; gid: number } | undefined): Promise<void> {
  rmSync(server.clusterDir, { recursive: true, force: true });
  mkdirSync(server.clusterDir, { recursive: true, mode: 0o700 });
  chmodSync(server.clusterDir, 0o700);
  const passwordFile = `${server.clusterDir}.password`;
  writeFileSync(passwordFile, server.password, { mode: 0o600 });
  if (user) for (const path of [server.clusterDir, passwordFile]) chownSync(path, user.uid, user.gid);
  try {
    const options = ['--auth=scram-sha-256', '--username=postgres', '--encoding=UTF8', '--locale=C'];
    const [, initdb = ''] = server.programs;
    const quick = server.quickInit ? ['--no-sync'] : [];
    await mustRun(initdb, ['-D', server.clusterDir, `--pwfile=${passwordFile}`, ...options, ...quick], {
      cwd: '/',
      ...user,
    });
  } catch (error) {
    rmSync(server.clusterDir, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/**
 * A lock left by a killed server names a pid that the system may have given to another program since; Postgres would
 * then refuse to start. It goes when that pid is no Postgres.
 */
function dropStaleLock(clusterDir: string): void {
  const lock = join(clusterDir, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const pid = readFileSync(lock, 'utf8').split('\n')[0] ?? '';
  const comm = `/proc/${pid}/comm`;
  if (process.platform === 'linux' && !(existsSync(comm) && readFileSync(comm, 'utf8').startsWith('postgres')))
    rmSync(lock, { force: true });
}

/** After a kill the old server's children hold its shared memory for a moment; Postgres says so and gives up. */
async function retryWhileShared(start: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await start();
      return;
    } catch (error) {
      const shared = error instanceof Error && /shared memory block|lock file "postmaster.pid"/.test(error.message);
      if (!shared || attempt === 40) throw error;
      await sleep(250);
    }
  }
}
