/** Stores of the bench's own, with a database for each contestant; gone when the measurement is over. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrateSchemas } from '../../provision/migrate.js';
import { repositoryRoot } from '../../paths.js';
import { openSecrets, password } from '../../secrets.js';
import { natsUsers, rolePasswords, serviceEnv, services, type World } from '../../services.js';
import { recordsDirOf } from '../../stores/local-store.js';
import { startStores, type Stores } from '../../stores/stores.js';
import { ServiceProcess } from '../../supervisor/service-process.js';
import { closeTestRun, openTestRun } from '../../testing/test-run.js';
import { startContestant, type Process } from './contestant.js';

const TEMPLATE = 'engine_template';

export type Service = (typeof services)[number]['name'];
export type Ports = Readonly<Partial<Record<Service, number>>>;

/** Compiled, and loaded by its path: this library knows no service. */
const moduleOf = (folder: string, module: string) => join(repositoryRoot, 'services', folder, 'dist', module);

/** How an engine's process takes part. */
export interface EngineOptions {
  /** Turns at once; without a worker it only creates runs. */
  readonly slots?: number;
  /** Whether its events get their places and ring. */
  readonly relays?: boolean;
  /** Whether its turns stop for ever inside one of their steps, the n-th run's in step n modulo the steps. */
  readonly hangs?: boolean;
}

export interface Installation {
  readonly postgresPid: number;
  readonly stores: Stores;
  /** Gone with it. */
  readonly dir: string;
  /** A new database, migrated for the engine or empty. */
  createDatabase(name: string, kind: 'engine' | 'empty'): Promise<void>;
  /** With the processes on it that work still, as when a case fell over. */
  dropDatabase(name: string): Promise<void>;
  /** Asks as the administrator, past row-level security. */
  query<Row extends object>(database: string, sql: string, values?: readonly unknown[]): Promise<Row[]>;
  startEngine(database: string, options: EngineOptions): Promise<Process>;
  start(module: string, database: string): Promise<Process>;
  /** Starts a module of a service, named from its compiled output, which is given the service's environment. */
  startService(service: Service, module: string, database: string, options?: object): Promise<Process>;
  /** What a service is told that finds others, and is found, at these ports. */
  environmentOf(service: Service, database: string, ports?: Ports): Readonly<Record<string, string>>;
  /** Keeps a service running, as `npm run up` does: when it dies it is started again. */
  keepRunning(service: Service, environment: Readonly<Record<string, string>>): Promise<ServiceProcess>;
}

export async function withInstallation<T>(work: (installation: Installation) => Promise<T>): Promise<T> {
  const dir = openTestRun();
  const secrets = openSecrets(join(dir, 'secrets.json'));
  const passwords = { postgres: password(), redis: password() };
  const { DATABASE_URL: _, NATS_URL: __, REDIS_URL: ___, ...env } = process.env;
  const stores = await startStores({
    ...{ dataDir: dir, logDir: join(dir, 'logs'), passwords, natsUsers: natsUsers(secrets) },
    ...{ quickInit: true, env },
  });
  const pools = new Map<string, pg.Pool>();
  const started: { readonly process: Process; readonly database: string }[] = [];
  const kept: ServiceProcess[] = [];
  const killAll = (among: typeof started): Promise<unknown> =>
    Promise.all(among.map(({ process }) => process.kill9().catch(() => undefined)));
  let ending: Promise<void> | undefined;
  const end = () =>
    (ending ??= (async () => {
      await Promise.all([killAll(started), ...kept.map((service) => service.stop())]);
      await Promise.all([...pools.values()].map((pool) => pool.end()));
      await stores.stop();
      closeTestRun(dir);
    })());
  const interrupted = () => void end().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupted);

  const urlOf = (database: string) => Object.assign(new URL(stores.urls.postgres), { pathname: `/${database}` }).href;
  const query = async <Row extends object>(database: string, sql: string, values: readonly unknown[] = []) => {
    const pool = pools.get(database) ?? openPool(urlOf(database));
    pools.set(database, pool);
    return (await pool.query<Row & Record<string, unknown>>(sql, [...values])).rows;
  };
  const start = async (module: string, database: string, options: unknown) => {
    const process = await startContestant(module, options);
    started.push({ process, database });
    return process;
  };
  const { environmentOf, keepRunning } = servicesIn(dir, kept, ({ database, ...more }) => ({
    ...{ secrets, dataDir: dir, outer: env, ...more },
    stores: { ...stores.urls, postgres: urlOf(database) },
  }));
  const startService: Installation['startService'] = (name, module, database, options) =>
    start(moduleOf(entryOf(name).folder, module), database, { ...options, environment: environmentOf(name, database) });
  try {
    await query('postgres', `create database ${TEMPLATE}`);
    await migrateSchemas(urlOf(TEMPLATE), rolePasswords(secrets));
    return await work({
      postgresPid: stores.pid('postgres') ?? NaN,
      query,
      async createDatabase(name, kind) {
        const template = kind === 'engine' ? TEMPLATE : 'template0';
        await query('postgres', `create database ${name} template ${template}`);
      },
      async dropDatabase(name) {
        await killAll(started.filter(({ database }) => database === name));
        await pools.get(name)?.end();
        pools.delete(name);
        await query('postgres', `drop database ${name} with (force)`);
      },
      ...{ stores, dir, startService, environmentOf, keepRunning },
      startEngine: (database, options) => startService('runtime', 'bench/engine-contestant.js', database, options),
      start: (name, database) =>
        start(join(import.meta.dirname, `${name}.js`), database, { databaseUrl: urlOf(database) }),
    });
  } finally {
    await end();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
  }
}

interface Place {
  readonly database: string;
  readonly ports: World['ports'];
}

/** How services are told of each other, and kept running: those in `kept` are to be stopped in the end. */
function servicesIn(
  dir: string,
  kept: ServiceProcess[],
  worldOf: (place: Place) => World,
): Pick<Installation, 'environmentOf' | 'keepRunning'> {
  return {
    environmentOf(name, database, ports = {}) {
      const all = Object.fromEntries(services.map((one) => [one.name, ports[one.name] ?? 0])) as Place['ports'];
      return serviceEnv(entryOf(name), worldOf({ database, ports: all }));
    },
    async keepRunning(name, env) {
      const logFile = join(dir, 'logs', `${name}.log`);
      const service = new ServiceProcess(name, { recordsDir: recordsDirOf(dir), logFile, onChange: () => undefined });
      kept.push(service);
      const { nodeFlags, folder, args } = entryOf(name);
      mkdirSync(env['DATA_DIR'] ?? '', { recursive: true });
      await service.ensure({
        args: [...nodeFlags, moduleOf(folder, 'main.js'), ...args],
        ...{ env, url: `http://127.0.0.1:${env['HTTP_PORT']}`, hash: name },
      });
      await service.whenReady();
      return service;
    },
  };
}

const entryOf = (name: Service) => services.find((one) => one.name === name)!;

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 2, connectionTimeoutMillis: 10_000 });
  pool.on('error', () => undefined); // told by the next query
  return pool;
}
