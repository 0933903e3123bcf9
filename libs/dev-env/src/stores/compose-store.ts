import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assignPorts } from '../processes/ports.js';
import { mustRun, run } from '../processes/run.js';
import { portsFileOf } from './local-store.js';
import { natsConfig } from './nats.js';
import { canQuery, postgresUrl } from './postgres.js';
import { answers } from './probe.js';
import { redisUrl } from './redis.js';
import { librariesOf, storeNames, type Store, type StoreName, type StoreOptions } from './store.js';

const images = { postgres: 'postgres:17', nats: 'nats:2.12', redis: 'redis:7' } as const;
const innerPorts = { postgres: 5432, nats: 4222, redis: 6379 } as const;

/** Whether a container engine with compose answers here. */
export const composeWorks = async () =>
  (await run('docker', ['compose', 'version'])).code === 0 &&
  (await run('docker', ['info'], { timeoutMs: 10_000 })).code === 0;

/** The compose project of a data directory; `down` and a later `up` find their containers by it. */
const composeProject = (dataDir: string) =>
  `conclave-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`;

/** A store in a container, published on a loopback port that it keeps; its data is a named volume of the project. */
export function composeStore(name: StoreName, options: StoreOptions): Store {
  const file = join(options.dataDir, `compose.${name}.json`);
  const compose = (...args: string[]) =>
    mustRun('docker', ['compose', '-p', composeProject(options.dataDir), '-f', file, ...args]);
  let port = 0;
  const urls = {
    postgres: () => postgresUrl({ port, password: options.passwords.postgres }),
    nats: () => `nats://127.0.0.1:${port}`,
    redis: () => redisUrl({ port, password: options.passwords.redis }),
  };
  return {
    get url() {
      return urls[name]();
    },
    local: false,
    pid: undefined,
    async start() {
      ({ [name]: port } = await assignPorts(portsFileOf(options.dataDir), [name]));
      mkdirSync(options.dataDir, { recursive: true, mode: 0o711 });
      const natsFile = join(options.dataDir, 'nats.compose.conf');
      writeFileSync(natsFile, natsConfig({ port: innerPorts.nats, host: '0.0.0.0', users: options.natsUsers ?? [] }));
      writeFileSync(file, JSON.stringify(composeFile(name, port, options, natsFile)), { mode: 0o600 });
      await compose('up', '-d', name);
      await untilReady(name, port, urls[name]());
    },
    stop: async () => void (await compose('stop', name)),
    kill9: async () => void (await compose('kill', '-s', 'SIGKILL', name)),
  };
}

/** Stops the containers of a data directory, or removes them with their volumes; nothing when none were ever made. */
export async function endContainers(dataDir: string, how: 'stop' | 'remove'): Promise<void> {
  const words = how === 'stop' ? ['stop'] : ['down', '-v'];
  const files = storeNames.map((name) => join(dataDir, `compose.${name}.json`)).filter((file) => existsSync(file));
  for (const file of files) await mustRun('docker', ['compose', '-p', composeProject(dataDir), '-f', file, ...words]);
}

function composeFile(name: StoreName, port: number, options: StoreOptions, natsFile: string): object {
  const { passwords } = options;
  const service = { image: images[name], ports: [`127.0.0.1:${port}:${innerPorts[name]}`] };
  const details = {
    postgres: {
      environment: { POSTGRES_PASSWORD: passwords.postgres },
      volumes: ['postgres:/var/lib/postgresql/data'],
      command: ['postgres', '-c', `shared_preload_libraries=${librariesOf(options)}`],
    },
    nats: { command: ['-c', '/etc/nats/conclave.conf'], volumes: [`${natsFile}:/etc/nats/conclave.conf:ro`] },
    redis: { command: ['redis-server', '--requirepass', passwords.redis, '--save', '', '--appendonly', 'no'] },
  };
  return {
    services: { [name]: { ...service, ...details[name] } },
    ...(name === 'postgres' ? { volumes: { postgres: {} } } : {}),
  };
}

async function untilReady(name: StoreName, port: number, url: string): Promise<void> {
  const ready = {
    postgres: () => canQuery(url),
    nats: () => answers(port, '', /^INFO \{/),
    redis: () => answers(port, 'PING\r\n', /NOAUTH|PONG/),
  };
  for (const deadline = Date.now() + 120_000; !(await ready[name]()); await sleep(100))
    if (Date.now() > deadline) throw new Error(`${name} did not answer within 120 s in its container.`);
}
