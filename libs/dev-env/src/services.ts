/** Which processes make up Conclave and what each is told by its environment: the one table behind `up` and the tests. */
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { natsPermissions, serviceNames, type ServiceName } from '@conclave/contracts';
import { newNkeySeed, nkeyOf } from '@conclave/nest-kit/nkey';
import { repositoryRoot } from './paths.js';
import { key256, password, publicKeyOf, signingKey, type Secrets } from './secrets.js';
import type { NatsUser } from './stores/nats.js';
import type { StoreName } from './stores/store.js';
import { compileCacheDir } from './supervisor/bundle.js';

export interface ServiceEntry {
  readonly name: ServiceName;
  /** Folder below `services/`; two entries of one folder are two roles of one image. */
  readonly folder: string;
  /** What Node is told: a small young generation saves a quarter of a process's memory. */
  readonly nodeFlags: readonly string[];
  /** What `main.js` is told, roles as flags. */
  readonly args: readonly string[];
  /** Whether it has a schema and two roles of its own in Postgres. */
  readonly schema: boolean;
  /** What it reads besides what all read. */
  readonly env: (world: World) => Readonly<Record<string, string>>;
}

/** Everything an environment is built from. */
export interface World {
  readonly secrets: Secrets;
  readonly stores: Readonly<Record<StoreName, string>>;
  readonly ports: Readonly<Record<ServiceName, number>>;
  readonly dataDir: string;
  /** The user's environment: proxies, certificates, model keys; `PATH` finds git and bubblewrap. */
  readonly outer: NodeJS.ProcessEnv;
}

/** First part of every log's origin: audit signs it, consensus writes it into receipts. */
const LOG_HOST = 'conclave.local';

/** With which the image starts every service (deploy/docker/Dockerfile); of flags that contradict each other Node takes the last. */
export const imageNodeFlags = ['--max-semi-space-size=32'] as const;

const plain = { nodeFlags: ['--max-semi-space-size=4'], args: [], schema: true, env: () => ({}) } as const;

export const services: readonly ServiceEntry[] = [
  {
    ...plain,
    name: 'auth',
    folder: 'auth',
    env: ({ secrets, ports, outer }) => ({
      ...pick(outer, [...OUTSIDE_VARIABLES, ...TENANT_VARIABLES]),
      API_KEY_PEPPER: secrets.of('auth.api-key-pepper', key256),
      SECRETS_KEK: secrets.of('auth.secrets-kek', key256),
      PUBLIC_URL: `http://localhost:${ports.gateway}`,
    }),
  },
  {
    ...plain,
    name: 'audit',
    folder: 'audit',
    env: ({ secrets, dataDir }) => ({
      AUDIT_SIGNING_KEY: secrets.of('audit.signing-key', signingKey),
      AUDIT_LOG_HOST: LOG_HOST,
      AUDIT_STORE: pathToFileURL(join(dataDir, 'logs-published')).href,
    }),
  },
  {
    ...plain,
    name: 'consensus',
    folder: 'consensus',
    env: ({ secrets, ports }) => ({
      CONSENSUS_SIGNING_KEY: secrets.of('consensus.signing-key', signingKey),
      AUDIT_LOG_HOST: LOG_HOST,
      PASSKEY_ORIGINS: `http://localhost:${ports.gateway}`,
    }),
  },
  {
    ...plain,
    name: 'runtime',
    folder: 'agent-runtime',
    env: ({ secrets, stores, dataDir, outer }) => ({
      REDIS_URL: stores.redis,
      SIGNER_KEK: secrets.of('runtime.signer-kek', key256),
      SANDBOX_DIR: join(dataDir, 'sandbox'),
      SANDBOX_READ_ONLY_PATHS: dirname(process.execPath),
      ...pick(outer, [...MODEL_VARIABLES, ...SANDBOX_VARIABLES, ...ENGINE_VARIABLES]),
    }),
  },
  { ...plain, name: 'metrics', folder: 'metrics' },
  { ...plain, name: 'marketplace', folder: 'marketplace' },
  {
    ...plain,
    name: 'delivery',
    folder: 'gateway',
    args: ['--role=delivery'],
    env: ({ secrets, outer }) => ({
      ...pick(outer, DELIVERY_VARIABLES),
      DELIVERY_KEK: secrets.of('delivery.kek', key256),
    }),
  },
  {
    name: 'gateway',
    folder: 'gateway',
    nodeFlags: [],
    args: ['--role=edge'],
    schema: false,
    env: ({ stores, ports, outer }) => ({
      ...pick(outer, RATE_VARIABLES),
      REDIS_URL: stores.redis,
      PUBLIC_URL: `http://localhost:${ports.gateway}`,
      CONSOLE_DIR: join(repositoryRoot, 'services/console/dist'),
    }),
  },
];

const MODEL_VARIABLES = [
  ...['OPENAI', 'ANTHROPIC', 'GEMINI', 'OPENAI_COMPATIBLE'].flatMap((vendor) =>
    ['API_KEY', 'BASE_URL', 'MODEL'].map((part) => `${vendor}_${part}`),
  ),
  'MODELS_ALLOW',
];

/** What of this machine a project's tests may read: nothing unless told. */
const SANDBOX_VARIABLES = ['SANDBOX_DEPENDENCY_ROOTS'] as const;

/** How tenants end. */
const TENANT_VARIABLES = ['TENANT_ERASURE_GRACE_HOURS'] as const;

/** What of the outside auth deals with: providers in one's own network, name servers, mail; nothing of it unless told. */
const OUTSIDE_VARIABLES = ['EGRESS_ALLOW', 'DNS_SERVERS', 'SMTP_URL', 'SMTP_ALLOW', 'SMTP_FROM'] as const;

/** Where webhooks may go beside public addresses. */
const DELIVERY_VARIABLES = ['EGRESS_ALLOW'] as const;

/** How much may be asked in a minute. */
const RATE_VARIABLES = ['RATE_LIMIT_PRINCIPAL', 'RATE_LIMIT_ADDRESS'] as const;

/** How much runs at once. */
const ENGINE_VARIABLES = ['WORKER_SLOTS'] as const;

const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'] as const;
const NO_PROXY_VARIABLES = ['NO_PROXY', 'no_proxy'] as const;

const OUTER_VARIABLES = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  ...PROXY_VARIABLES,
  ...NO_PROXY_VARIABLES,
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'LOG_LEVEL',
] as const;

/** All of the user's environment that anything here depends on. */
export const outerVariables = [
  ...OUTER_VARIABLES,
  ...MODEL_VARIABLES,
  ...SANDBOX_VARIABLES,
  ...OUTSIDE_VARIABLES,
  ...ENGINE_VARIABLES,
  ...RATE_VARIABLES,
  ...TENANT_VARIABLES,
  ...['DATABASE_URL', 'NATS_URL', 'REDIS_URL', 'POSTGRES_LIBRARIES'],
] as const;

/** The complete environment of one service; nothing else of the user's is handed on. */
export function serviceEnv(entry: ServiceEntry, world: World): Readonly<Record<string, string>> {
  const { secrets, ports, stores, outer } = world;
  const keys = Object.fromEntries(serviceNames.map((name) => [name, publicKeyOf(serviceKey(secrets, name))]));
  const urls = Object.fromEntries(services.map(({ name }) => [name, `http://127.0.0.1:${ports[name]}`]));
  return {
    ...pick(outer, OUTER_VARIABLES),
    ...proxyEnv(outer),
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: compileCacheDir,
    SERVICE_NAME: entry.name,
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(ports[entry.name]),
    NATS_URL: stores.nats,
    NATS_NKEY_SEED: natsSeed(secrets, entry.name),
    SERVICE_KEY: serviceKey(secrets, entry.name),
    SERVICE_KEYS: JSON.stringify(keys),
    DATA_DIR: join(world.dataDir, 'services', entry.name),
    INTERNAL_URLS: JSON.stringify(urls),
    ...(entry.schema ? databaseUrls(entry.name, world) : {}),
    ...entry.env(world),
  };
}

/** Node's own HTTP heeds the proxy variables only when told to; services reach each other on the loopback interface. */
export function proxyEnv(outer: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  if (!PROXY_VARIABLES.some((name) => outer[name])) return {};
  const direct = [...NO_PROXY_VARIABLES.flatMap((name) => outer[name] ?? []), '127.0.0.1', 'localhost'].join(',');
  return { NODE_USE_ENV_PROXY: '1', ...Object.fromEntries(NO_PROXY_VARIABLES.map((name) => [name, direct])) };
}

/** Passwords of the two roles of every schema, by role. */
export function rolePasswords(secrets: Secrets): Readonly<Record<string, string>> {
  const roles = services.filter(({ schema }) => schema).flatMap(({ name }) => [`${name}_app`, `${name}_system`]);
  return Object.fromEntries(roles.map((role) => [role, secrets.of(`postgres.${role}`, password)]));
}

/** A service's identity on the bus. */
export const natsSeed = (secrets: Secrets, name: ServiceName) => secrets.of(`${name}.nkey`, newNkeySeed);

/** The bus's users, with permissions generated from the contracts. */
export const natsUsers = (secrets: Secrets): readonly NatsUser[] =>
  services.map(({ name }) => ({
    name,
    nkey: nkeyOf(natsSeed(secrets, name)),
    ...natsPermissions(name),
  }));

/** A connection of another role to the database of `url`. */
export function asRole(url: string, role: string, password: string): string {
  const own = new URL(url);
  [own.username, own.password] = [role, password];
  return own.toString();
}

function databaseUrls(name: ServiceName, { stores, secrets }: World) {
  const urlOf = (role: string) => asRole(stores.postgres, role, rolePasswords(secrets)[role] ?? '');
  return { DATABASE_URL: urlOf(`${name}_app`), DATABASE_SYSTEM_URL: urlOf(`${name}_system`) };
}

const serviceKey = (secrets: Secrets, name: ServiceName) => secrets.of(`${name}.service-key`, signingKey);

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}
