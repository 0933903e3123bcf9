/** A nats-server of a test's own, and keys for every service, so that tests neither share subjects nor trust. */
import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, connect as dial, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { natsPermissions, serviceNames, type ServiceName } from '@conclave/contracts';
import { baseEnvironment, loadConfig } from '../config.js';
import { contextTokens, type ContextTokens } from '../context-token.js';
import { openKit, type Kit } from '../kit.js';
import { newNkeySeed, nkeyOf } from '../nkey.js';

export interface TestBus {
  readonly url: string;
  /** What a service reads to be itself on this bus. */
  environmentOf(service: ServiceName): Record<string, string>;
  /** Signs and checks contexts as the service. */
  tokensOf(service: ServiceName): ContextTokens;
  /** The parts of a service without the service; closed with the bus. */
  kitOf(service: ServiceName): Promise<Kit>;
  /** Ends the server at once; it keeps nothing. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestBusOptions {
  /** One nkey per service with the permissions of production; otherwise anyone may say anything. */
  readonly secured?: boolean;
}

export async function startTestBus({ secured = false }: TestBusOptions = {}): Promise<TestBus> {
  const dir = await mkdtemp(join(tmpdir(), 'conclave-bus-'));
  const identities = new Map(serviceNames.map((name) => [name, { ...signingKeys(), seed: newNkeySeed() }]));
  const port = await freePort();
  const file = join(dir, 'nats.conf');
  await writeFile(file, `listen: "127.0.0.1:${port}"\n${secured ? authorization(identities) : ''}`);

  const publicKeys = Object.fromEntries([...identities].map(([name, keys]) => [name, keys.publicKey]));
  const url = `nats://127.0.0.1:${port}`;
  const kits = new Map<ServiceName, Promise<Kit>>();
  let server: ChildProcess | undefined;
  const bus: TestBus = {
    url,
    environmentOf: (service) => ({
      NODE_ENV: 'test',
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'fatal',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
      SHUTDOWN_GRACE_MS: '2000',
      NATS_URL: url,
      ...(secured ? { NATS_NKEY_SEED: identities.get(service)!.seed } : {}),
      SERVICE_KEY: identities.get(service)!.privateKey,
      SERVICE_KEYS: JSON.stringify(publicKeys),
    }),
    tokensOf: (service) => contextTokens({ service, privateKey: identities.get(service)!.privateKey, publicKeys }),
    kitOf(service) {
      const open = (): Promise<Kit> =>
        openKit(service, loadConfig(service, baseEnvironment, bus.environmentOf(service)));
      kits.set(service, kits.get(service) ?? open());
      return kits.get(service)!;
    },
    async kill() {
      const ended = server;
      server = undefined;
      if (!ended) return;
      const exit = new Promise((resolve) => ended.once('exit', resolve));
      ended.kill('SIGKILL');
      await exit;
    },
    async start() {
      server = spawn(natsServer(), ['-c', file], { stdio: 'ignore' });
      await untilListening(port);
    },
    async stop() {
      for (const kit of kits.values()) await (await kit).close();
      await bus.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
  await bus.start();
  return bus;
}

interface Identity {
  readonly privateKey: string;
  readonly publicKey: string;
  readonly seed: string;
}

function signingKeys(): Pick<Identity, 'privateKey' | 'publicKey'> {
  const pair = generateKeyPairSync('ed25519');
  return {
    privateKey: pair.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  };
}

function authorization(identities: ReadonlyMap<ServiceName, Identity>): string {
  const users = [...identities].map(([name, { seed }]) => {
    const { publish, subscribe } = natsPermissions(name);
    const permissions = { publish: { allow: publish }, subscribe: { allow: subscribe } };
    return JSON.stringify({ nkey: nkeyOf(seed), permissions });
  });
  return `authorization: { users: [\n${users.join(',\n')}\n] }\n`;
}

/** The program on the path, in the usual places, or where `npm test` put it. */
function natsServer(): string {
  const env = process.env;
  const caches = [env['XDG_CACHE_HOME'], join(homedir(), '.cache'), join(homedir(), 'Library/Caches'), '/var/cache'];
  const dirs = [
    ...(env['PATH'] ?? '').split(delimiter),
    ...['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', join(env['CONCLAVE_TOOL_CACHE'] ?? '', 'bin')],
    ...caches.map((cache) => join(cache ?? '', 'conclave/bin')),
  ];
  const found = dirs.map((dir) => join(dir, 'nats-server')).find((path) => isAbsolute(path) && existsSync(path));
  if (!found) throw new Error('nats-server was not found; npm test installs it.');
  return found;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = dial(port, '127.0.0.1').on('error', () => resolve(false));
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('nats-server did not start');
}
