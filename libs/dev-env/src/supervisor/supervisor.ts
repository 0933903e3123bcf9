/**
 * One installation: stores, schemas, services and tenants below one data directory, brought to the state the checkout
 * asks for. `bring` is the only way there and idempotent: what is as it should be is left alone.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '@conclave/contracts';
import { readJson, writeJson } from '../json-file.js';
import { PortTakenError, assignPorts, forgetPort } from '../processes/ports.js';
import { end, recorded } from '../processes/records.js';
import { migrateSchemas, refuseRolesInUse } from '../provision/migrate.js';
import { createTenant, isAccepted, logOf, type Tenant } from '../provision/tenants.js';
import { openSecrets, password, type Secrets } from '../secrets.js';
import { natsSeed, natsUsers, rolePasswords, serviceEnv, services, type World } from '../services.js';
import { portsFileOf, recordsDirOf, stopLocalStores } from '../stores/local-store.js';
import { storeNames } from '../stores/store.js';
import { startStores, type Stores } from '../stores/stores.js';
import { bundled } from './bundle.js';
import { codeHash } from './code-hash.js';
import { boundLog } from './log-file.js';
import { ServiceProcess } from './service-process.js';
import type { StepStatus, SupervisorStatus } from './status.js';

export interface SupervisorOptions {
  readonly dataDir: string;
  readonly logDir: string;
  /** The user's environment: named stores, proxies, model keys, search path. */
  readonly outer: NodeJS.ProcessEnv;
  readonly build?: string;
  /** Wished for the gateway; another is taken when it is busy. */
  readonly gatewayPort?: number;
  readonly quickInit?: boolean;
  /** What Node is told besides what the table of services says. */
  readonly nodeFlags?: readonly string[];
  /** Called with every change of status. */
  readonly onStatus?: (status: SupervisorStatus) => void;
  /** Where addresses, keys and pids are written for whoever uses the installation. */
  readonly devFile: string;
}

/** `.conclave/dev.json`. */
export interface DevFile {
  readonly gateway: string;
  readonly console: string;
  readonly apiKey: string;
  readonly tenant: string;
  readonly workspace: string;
  /** A second tenant, to try the wall between them. */
  readonly apiKeyB: string;
  readonly tenantB: string;
  /** A key of those who operate the platform; missing where another checkout made their tenant. */
  readonly operatorKey?: string;
  readonly log: { readonly origin: string; readonly vkey: string };
  readonly postgres: string;
  readonly nats: string;
  readonly redis: string;
  readonly pids: Readonly<Record<string, number>>;
}

const WATCH_EVERY_MS = 1_000;

export class Supervisor {
  readonly status: SupervisorStatus;
  private readonly secrets: Secrets;
  private readonly processes = new Map<ServiceName, ServiceProcess>();
  private stores: Stores | undefined;
  private ports: Record<ServiceName, number> | undefined;
  private dev: Omit<DevFile, 'pids'> | undefined;
  private watching: NodeJS.Timeout | undefined;
  private untold: NodeJS.Timeout | undefined;
  /** Everything that starts or stops something goes through here, one after the other. */
  private queue: Promise<unknown> = Promise.resolve();
  private queued = 0;
  private stopping = false;

  constructor(private readonly options: SupervisorOptions) {
    mkdirSync(options.dataDir, { recursive: true, mode: 0o711 });
    this.secrets = openSecrets(join(options.dataDir, 'secrets.json'));
    const build = options.build ?? '';
    this.status = {
      pid: process.pid,
      build,
      request: '',
      state: 'starting',
      error: undefined,
      steps: [],
      services: [],
    };
  }

  /** Brings everything up, or up to date; a failure is in the status as well as thrown. */
  bring(request: string): Promise<DevFile> {
    return this.exclusively(async () => {
      Object.assign(this.status, { request, state: 'starting', error: undefined, steps: [] });
      try {
        const code = new Map(services.map(({ folder }) => [folder, codeHash(`services/${folder}`)]));
        const bundle = bundled(digest(...code.values()));
        bundle.catch(() => undefined); // told where it is awaited
        const stores = await this.step('Stores', (say) => this.bringStores(say));
        await this.step('Schemas', (say) => this.bringSchemas(stores, say));
        const program = await bundle;
        const world = await this.step('Services', (say) => this.bringServices(stores, program, code, say));
        await this.step('Tenants', () => this.bringTenants(world));
        const dev = this.writeDev();
        this.watch();
        this.change({ state: 'ready' });
        return dev;
      } catch (error) {
        this.change({ state: 'failed', error: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    });
  }

  /** Services first, each draining, also while they are still being brought up; then the stores. */
  async stop(): Promise<void> {
    clearInterval(this.watching);
    this.stopping = true;
    await Promise.all([...this.processes.values()].map((service) => service.stop()));
    await this.exclusively(async () => {
      this.change({ state: 'stopping' });
      await Promise.all([...this.processes.values()].map((service) => service.stop()));
      await this.stores?.stop();
    });
  }

  service(name: ServiceName): ServiceProcess {
    const service = this.processes.get(name);
    if (!service) throw new Error(`There is no service ${name}.`);
    return service;
  }

  /** Runs `work` on the stores while nothing else starts or stops them. */
  withStores<T>(work: (stores: Stores) => Promise<T>): Promise<T> {
    return this.exclusively(async () => {
      if (!this.stores) throw new Error('The stores are not running.');
      return work(this.stores);
    });
  }

  private async bringStores(say: (detail: string) => void): Promise<Stores> {
    const stores = (this.stores ??= await this.startStores(say));
    for (const name of storeNames) if (stores.isLocal(name) && stores.pid(name) === undefined) await stores.start(name);
    say(storeNames.map((name) => `${name} ${new URL(stores.urls[name]).host}`).join(', '));
    return stores;
  }

  private async startStores(say: (detail: string) => void): Promise<Stores> {
    const { dataDir, logDir, quickInit, outer: env } = this.options;
    await endLeftovers(dataDir);
    const passwords = { postgres: this.secrets.of('postgres', password), redis: this.secrets.of('redis', password) };
    const bus = { natsUsers: natsUsers(this.secrets), natsSeed: natsSeed(this.secrets, 'gateway') };
    return startStores({ dataDir, logDir, passwords, ...bus, quickInit, say, env });
  }

  private async bringSchemas(stores: Stores, say: (detail: string) => void): Promise<void> {
    const passwords = rolePasswords(this.secrets);
    if (!stores.isLocal('postgres')) await refuseRolesInUse(stores.urls.postgres, passwords);
    const applied = await migrateSchemas(stores.urls.postgres, passwords);
    say(applied === 0 ? 'up to date' : `${applied} migrations applied`);
  }

  private async bringPorts(stores: Stores): Promise<World> {
    const { dataDir, outer, gatewayPort } = this.options;
    const names = services.map(({ name }) => name);
    const wished = gatewayPort === undefined ? {} : { gateway: gatewayPort };
    this.ports ??= await assignPorts(portsFileOf(dataDir), names, wished);
    return { secrets: this.secrets, stores: stores.urls, ports: this.ports, dataDir, outer };
  }

  private async bringServices(
    stores: Stores,
    program: string,
    code: ReadonlyMap<string, string>,
    say: (detail: string) => void,
  ): Promise<World> {
    for (let attempt = 1; ; attempt++) {
      const world = await this.bringPorts(stores);
      const started = await Promise.all(
        services.map(async (entry) => {
          const nodeFlags = [...entry.nodeFlags, ...(this.options.nodeFlags ?? [])];
          const args = [...nodeFlags, join(program, `${entry.folder}.js`), ...entry.args];
          const env = serviceEnv(entry, world);
          mkdirSync(env['DATA_DIR'] ?? '', { recursive: true, mode: 0o700 });
          const hash = digest(code.get(entry.folder) ?? '', JSON.stringify([nodeFlags, entry.args, env]));
          const url = `http://127.0.0.1:${world.ports[entry.name]}`;
          return this.processOf(entry.name).ensure({ args, env, url, hash });
        }),
      );
      try {
        await Promise.all(services.map(({ name }) => this.whenReadyOrMoved(name)));
      } catch (error) {
        if (error instanceof PortTakenError && attempt < 5) continue;
        throw error;
      }
      const count = started.filter(Boolean).length;
      say(`${services.length} ready${count > 0 && count < services.length ? `, ${count} of them restarted` : ''}`);
      return world;
    }
  }

  /** @throws PortTakenError when somebody has its port: the next round starts it on another */
  private async whenReadyOrMoved(name: ServiceName): Promise<void> {
    try {
      await this.service(name).whenReady();
    } catch (error) {
      if (error instanceof PortTakenError && this.ports) {
        const file = portsFileOf(this.options.dataDir);
        forgetPort(file, name);
        const { [name]: port } = await assignPorts(file, [name]);
        this.ports = { ...this.ports, [name]: port };
      }
      throw error;
    }
  }

  private processOf(name: ServiceName): ServiceProcess {
    const known = this.processes.get(name);
    if (known) return known;
    const made = new ServiceProcess(name, {
      recordsDir: recordsDirOf(this.options.dataDir),
      logFile: join(this.options.logDir, `${name}.log`),
      onChange: () => this.change({}),
    });
    this.processes.set(name, made);
    return made;
  }

  private async bringTenants(world: World): Promise<void> {
    const gateway = `http://127.0.0.1:${world.ports.gateway}`;
    const auth = services.find(({ name }) => name === 'auth');
    if (!auth) throw new Error('There is no service auth.');
    const file = join(this.options.dataDir, 'tenants.json');
    const known = readJson<Partial<Record<'A' | 'B' | 'operators', Tenant>>>(file);
    const obtain = async (name: 'A' | 'B' | 'operators', make: () => Promise<Tenant>) => {
      const tenant = known?.[name];
      return tenant && (await isAccepted(gateway, tenant)) ? tenant : make();
    };
    const env = serviceEnv(auth, world);
    const [a, b, operators] = await Promise.all([
      obtain('A', () => createTenant('Tenant A', env)),
      obtain('B', () => createTenant('Tenant B', env)),
      obtain('operators', () => createTenant('Operators', env, '--operators')).catch(() => undefined),
    ]);
    writeJson(file, { A: a, B: b, ...(operators ? { operators } : {}) });
    const { postgres, nats, redis } = world.stores;
    const operating = operators ? { operatorKey: operators.apiKey } : {};
    const others = {
      ...operating,
      apiKeyB: b.apiKey,
      tenantB: b.tenant,
      log: await logOf(gateway, a),
      postgres,
      nats,
      redis,
    };
    // Browsers keep cookies and passkeys by host name, so they are sent to the one that links and logins name.
    this.dev = { gateway, console: `${env['PUBLIC_URL']}/`, ...a, ...others };
  }

  private writeDev(): DevFile {
    if (!this.dev) throw new Error('Nothing is up.');
    const entries = recorded(recordsDirOf(this.options.dataDir)).map(({ name, pid }) => [name, pid] as const);
    const dev = { ...this.dev, pids: Object.fromEntries(entries) };
    writeJson(this.options.devFile, dev);
    return dev;
  }

  /** Brings dead stores back and keeps logs within bounds; services watch themselves. */
  private watch(): void {
    this.watching ??= setInterval(() => {
      if (this.queued > 0) return;
      void this.withStores(async (stores) => {
        const dead = storeNames.filter((name) => stores.isLocal(name) && stores.pid(name) === undefined);
        for (const name of dead) await stores.start(name);
        if (dead.length > 0) this.change({});
        for (const name of [...storeNames, ...this.processes.keys()])
          boundLog(join(this.options.logDir, `${name}.log`));
      }).catch((error: unknown) => this.change({ error: String(error) }));
    }, WATCH_EVERY_MS);
  }

  private async step<T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T> {
    const started = Date.now();
    const step: StepStatus = { title, state: 'running', detail: '', ms: 0 };
    const update = (next: Partial<StepStatus>) => {
      Object.assign(step, next, { ms: Date.now() - started });
      this.change({});
    };
    if (this.stopping) throw new Error('Stopped.');
    this.status.steps.push(step);
    update({});
    try {
      const result = await work((detail) => update({ detail }));
      update({ state: 'done' });
      return result;
    } catch (error) {
      update({ state: 'failed' });
      throw error;
    }
  }

  private change(next: Partial<SupervisorStatus>): void {
    Object.assign(this.status, next);
    this.status.services = [...this.processes.values()].map(({ status }) => status);
    this.tell();
  }

  /** A full disk ends nobody: what cannot be written now is written as soon as there is room. */
  private tell(): void {
    clearTimeout(this.untold);
    try {
      this.options.onStatus?.(this.status);
      if (this.status.state === 'ready' && this.dev && existsSync(this.options.devFile)) this.writeDev();
    } catch {
      this.untold = setTimeout(() => this.tell(), WATCH_EVERY_MS).unref();
    }
  }

  private exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.queued += 1;
    const result = this.queue.then(work).finally(() => (this.queued -= 1));
    this.queue = result.catch(() => undefined);
    return result;
  }
}

/** Ends what a crashed supervisor of this data directory left running: its services, then its stores. */
export async function endLeftovers(dataDir: string): Promise<number> {
  const dir = recordsDirOf(dataDir);
  const names: readonly string[] = services.map(({ name }) => name);
  const left = recorded(dir).filter(({ name }) => names.includes(name));
  const ended = await Promise.all(left.map((entry) => end(dir, entry, 'SIGTERM', 15_000)));
  await stopLocalStores(dataDir);
  return ended.filter(Boolean).length;
}

const digest = (...parts: readonly string[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
