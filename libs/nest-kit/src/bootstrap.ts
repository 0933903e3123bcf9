import 'reflect-metadata';
import {
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type LoggerService,
  type Type,
} from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner, NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Contract, ServiceName } from '@conclave/contracts';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { baseEnvironment, loadConfig, type BaseConfig } from './config.js';
import { CONTRACT, type RpcHandler, type StreamHandler } from './handles.js';
import { serveHealth } from './health.js';
import { CONFIG, KIT, LOG, METRICS, openKit, type Kit, type Resource, type ResourceFactory } from './kit.js';
import { stopOnSignals, type Stoppable } from './process-signals.js';
import { RpcServer } from './rpc-server.js';
import { serveStream } from './stream-server.js';
import { isHandshake, routeUpgrades } from './upgrades.js';
import { within } from './within.js';

/** What a resource has to end in when the grace is over already. */
const STOP_PATIENCE_MS = 1_000;

type ConfigOf<S extends z.ZodRawShape> = Readonly<z.output<z.ZodObject<S>>> & BaseConfig;

export interface ServiceSpec<S extends z.ZodRawShape> {
  readonly name: ServiceName;
  readonly module: Type;
  /** What the service reads besides `baseEnvironment`. */
  readonly environment: S;
  readonly resources?: readonly ResourceFactory<ConfigOf<S>>[];
  /** Adds routes of its own to the listener, before it listens (the edge's public API). */
  readonly http?: (fastify: FastifyInstance, app: INestApplicationContext, kit: Kit) => Promise<void>;
  /** Body limit of the listener in bytes. */
  readonly bodyLimitBytes?: number;
}

export interface RunningService {
  readonly app: INestApplicationContext;
  readonly kit: Kit;
  /** Base URL of the HTTP listener. */
  readonly url: string;
  /** Drains and stops; what a SIGTERM does. */
  stop(): Promise<void>;
}

/**
 * Starts a service: environment, bus, resources, Nest, handlers, listener; and stops it gracefully on SIGTERM, in the
 * opposite order and within one grace. What was opened by a start that fails is closed again.
 */
export async function bootstrapService<S extends z.ZodRawShape>(
  spec: ServiceSpec<S>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningService> {
  const config = loadConfig(spec.name, { ...baseEnvironment, ...spec.environment }, env) as ConfigOf<S>;
  await using opened = new AsyncDisposableStack();
  // Before anything is waited for: as the first process of a container, nothing else would end it.
  const signals: Stoppable = { stop: async () => undefined };
  opened.defer(stopOnSignals(signals));
  const kit = await openKit(spec.name, config);
  signals.log = kit.log;
  opened.defer(() => kit.close());
  const grace = new Grace(config.SHUTDOWN_GRACE_MS);
  const resources: Resource[] = [];
  for (const open of spec.resources ?? []) {
    const resource = await open(kit, config);
    opened.defer(async () => void (await within(Math.max(grace.leftMs(), STOP_PATIENCE_MS), resource.stop())));
    resources.push(resource);
  }
  const adapter = fastifyAdapter(spec.bodyLimitBytes);
  const fastify = adapter.getInstance<FastifyInstance>();
  const app = await createApp(rootModule(spec.module, kit, config, resources), adapter, kit.log);
  const destroyUpgraded = routeUpgrades(fastify);
  opened.defer(() => closeListener(app, fastify, destroyUpgraded, grace.leftMs()));
  const rpc = new RpcServer(kit.nats, spec.name, kit.dispatcher, kit.log);
  opened.defer(async () => {
    const drained = resources.map(async (resource) => resource.drain?.());
    await Promise.all([rpc.drain(grace.leftMs()), within(grace.leftMs(), Promise.all(drained))]);
  });
  const state = { draining: false };
  serveHealth(fastify, kit, resources, state);
  bindHandlers(app, spec.name, (contract, handler) =>
    contract.transport === 'rpc'
      ? rpc.serve(contract, handler as RpcHandler)
      : serveStream(fastify, kit, contract, handler),
  );
  await spec.http?.(fastify, app, kit);
  for (const resource of resources) await resource.start(app);
  await kit.nats.flush(); // what it listens to stands at the bus before it says that it is ready
  await app.listen({ host: config.HTTP_HOST, port: config.HTTP_PORT });
  const running = opened.move();
  const stop = once(async () => {
    state.draining = true;
    await running.disposeAsync();
  });
  signals.stop = stop;
  const url = await app.getUrl();
  kit.log.info({ url }, 'ready');
  return { app, kit, url, stop };
}

/** The time a service has to stop, which runs from when it is first asked for. */
class Grace {
  private endsAt: number | undefined;

  constructor(private readonly ms: number) {}

  leftMs(): number {
    this.endsAt ??= performance.now() + this.ms;
    return Math.max(0, this.endsAt - performance.now());
  }
}

const fastifyAdapter = (bodyLimitBytes = 1_048_576): FastifyAdapter =>
  new FastifyAdapter({
    bodyLimit: bodyLimitBytes,
    http: { shouldUpgradeCallback: isHandshake },
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 300 },
  });

async function createApp(module: DynamicModule, adapter: FastifyAdapter, log: Logger): Promise<NestFastifyApplication> {
  const options = { logger: nestLogger(log), abortOnError: false, bodyParser: false };
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, options);
  await app.init();
  return app;
}

/** What Nest has to say is said in our log; its stories of start-up are not worth a line each. */
const nestLogger = (log: Logger): LoggerService => ({
  log: () => undefined,
  warn: (message: unknown) => log.warn({ nest: message }, 'nest'),
  error: (message: unknown) => log.error({ nest: message }, 'nest'),
});

/** Ends the requests under way, by force after the grace: a stream that is followed for days would hold the process. */
async function closeListener(
  app: NestFastifyApplication,
  { server }: FastifyInstance,
  destroyUpgraded: () => void,
  graceMs: number,
): Promise<void> {
  const closed = app.close();
  if (!(await within(graceMs, closed))) {
    server.closeAllConnections();
    destroyUpgraded();
  }
  await closed;
}

/** The service's module with the kit's parts beside it. */
function rootModule(module: Type, kit: Kit, config: unknown, resources: readonly Resource[]): DynamicModule {
  const providers = [
    { provide: KIT, useValue: kit },
    { provide: CONFIG, useValue: config },
    { provide: LOG, useValue: kit.log },
    { provide: METRICS, useValue: kit.metrics },
    ...resources.flatMap((resource) => resource.providers),
  ];
  @Module({})
  class KitModule {}
  const exports = providers.map((provider) => (typeof provider === 'function' ? provider : provider.provide));
  return { module, imports: [DiscoveryModule, { module: KitModule, providers, exports }] };
}

/** Finds every method bound by `@Handles` and hands it over with its contract. */
function bindHandlers(
  app: INestApplicationContext,
  service: ServiceName,
  bind: (contract: Contract, handler: RpcHandler | StreamHandler) => void,
): void {
  const reflector = app.get(Reflector);
  const scanner = new MetadataScanner();
  for (const { instance } of app.get(DiscoveryService).getControllers()) {
    if (typeof instance !== 'object' || instance === null) continue;
    const methods = instance as Record<string, RpcHandler>;
    for (const name of scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object)) {
      const method = methods[name]!;
      const contract = reflector.get<Contract | undefined>(CONTRACT, method);
      if (!contract) continue;
      if (contract.owner !== service)
        throw new Error(`${contract.subject} belongs to ${contract.owner}, not ${service}`);
      bind(contract, method.bind(instance));
    }
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
