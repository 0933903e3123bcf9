import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers } from './probe.js';
import { startProcess } from './store-process.js';

export interface RedisServer {
  /** `redis-server` or `valkey-server`. */
  readonly programs: readonly string[];
  readonly dir: string;
  readonly logFile: string;
  readonly recordsDir: string;
  readonly port: number;
  readonly password: string;
}

export const redisUrl = ({ port, password }: Pick<RedisServer, 'port' | 'password'>) =>
  `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}/0`;

/** A cache and nothing more: nothing is written to disk, and it evicts rather than grows. */
export async function startRedis(server: RedisServer): Promise<void> {
  const file = join(server.dir, 'redis.conf');
  mkdirSync(server.dir, { recursive: true });
  const settings = {
    bind: '127.0.0.1',
    port: server.port,
    requirepass: server.password,
    dir: JSON.stringify(server.dir),
    save: '""',
    appendonly: 'no',
    maxmemory: '256mb',
    'maxmemory-policy': 'allkeys-lru',
    daemonize: 'no',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} ${value}\n`);
  writeFileSync(file, lines.join(''), { mode: 0o600 });
  await startProcess({
    name: 'redis',
    program: server.programs[0] ?? '',
    args: [file],
    ...server,
    isReady: () => answers(server.port, `AUTH ${server.password}\r\nPING\r\n`, /\+PONG/),
  });
}
