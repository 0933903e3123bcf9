import { SetMetadata } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import {
  readEvents,
  type EventContract,
  type EventProducer,
  type RequestOf,
  type ServiceName,
} from '@conclave/contracts';
import { RpcServer, type DatabaseConfig, type Kit, type Resource, type ResourceFactory } from '@conclave/nest-kit';
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import { entityConnections, pgConnections } from './connections.js';
import { Consumer, type Apply, type ApplyTogether, type ConsumerHandler } from './consumer.js';
import { Database } from './database.js';
import { DeadLetters } from './dead-letters.js';
import { sweepAnswers } from './once.js';
import { Relay, readLog } from './relay.js';
import { TenantEraser, type Eraser } from './tenant-eraser.js';

const CONSUMES = 'conclave:consumes';
const CONSUMES_TOGETHER = 'conclave:consumes-together';
const ERASES = 'conclave:erases';
const SWEEP_MS = 3_600_000;

/** Binds a provider's method `(tx, event) => Promise<void>` to events of other services. */
export function Consumes(...events: readonly EventContract[]) {
  return <M extends Apply>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>): void => {
    SetMetadata(CONSUMES, events)(target, key, descriptor);
  };
}

/**
 * Binds a provider's method `(tx, events) => Promise<void>`: it gets those of one tenant that come together, in their
 * order, at most 50, so that it can write them in one statement. What the transaction emits has the name of the first
 * one's actor. When it fails, it gets them one by one, and those that still fail go to the dead letters.
 */
export function ConsumesTogether(...events: readonly EventContract[]) {
  return <M extends ApplyTogether>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    SetMetadata(CONSUMES_TOGETHER, events)(target, key, descriptor);
  };
}

/** Binds a provider's method to the erasure of a tenant: it erases what of it is not in the database. */
export function Erases() {
  return <M extends Eraser>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>): void => {
    SetMetadata(ERASES, true)(target, key, descriptor);
  };
}

export interface PostgresOptions {
  /** TypeORM entities; without them the service speaks plain SQL. */
  readonly entities?: readonly (new () => object)[];
  /** Forgets what the service has kept long enough; runs every hour. */
  readonly sweep?: (db: Database) => Promise<void>;
}

/** The service's database with its event log: relay, `events.read`, and a consumer per producer it listens to. */
export function postgres<C extends DatabaseConfig>(options: PostgresOptions = {}): ResourceFactory<C> {
  return async (kit, config) => {
    const db = await openDatabase(kit, config, options);
    const relay = new Relay(db, kit.nats, kit.service, kit.log);
    const deadLetters = new DeadLetters(kit.log, kit.metrics);
    const rpc = new RpcServer(kit.nats, kit.service, kit.dispatcher, kit.log);
    const consumers: Consumer[] = [];
    let sweeper: NodeJS.Timeout | undefined;
    let eraser: TenantEraser | undefined;
    return {
      providers: [
        { provide: Database, useValue: db },
        { provide: DeadLetters, useValue: deadLetters },
      ],
      ready: () => db.ready(),
      async start(app) {
        serveLog(rpc, kit, db);
        relay.start();
        eraser = new TenantEraser({ db, service: kit.service, erasers: erasersOf(app), rpc: kit.rpc, log: kit.log });
        await eraser.start();
        const parts = { db, nats: kit.nats, rpc: kit.rpc, log: kit.log, deadLetters, erased: eraser };
        for (const [producer, handlers] of handlersOf(app, kit.service, eraser.handler))
          consumers.push(new Consumer(producer, handlers, parts));
        for (const consumer of consumers) consumer.start();
        sweeper = setInterval(() => void sweep(db, kit.log, options), SWEEP_MS).unref();
      },
      async stop() {
        clearInterval(sweeper);
        await rpc.drain(1_000);
        await eraser?.stop();
        await Promise.all(consumers.map((consumer) => consumer.stop()));
        await relay.stop();
        await db.close();
      },
    } satisfies Resource;
  };
}

async function sweep(db: Database, log: Logger, options: PostgresOptions): Promise<void> {
  try {
    await sweepAnswers(db);
    await options.sweep?.(db);
  } catch (error) {
    log.warn({ err: error }, 'what is old is kept until the next sweep');
  }
}

async function openDatabase(kit: Kit, config: DatabaseConfig, options: PostgresOptions): Promise<Database> {
  const schema = kit.service;
  const onError = (error: Error): void => kit.log.warn({ err: error }, 'idle connection lost');
  const app = {
    url: config.DATABASE_URL,
    schema,
    size: config.DATABASE_POOL_SIZE,
    applicationName: `conclave-${kit.service}`,
  };
  const system = {
    ...app,
    url: config.DATABASE_SYSTEM_URL,
    size: 4,
    applicationName: `conclave-${kit.service}-system`,
  };
  const source = options.entities ? await entityConnections(app, options.entities) : pgConnections(app, onError);
  const db = new Database(source, pgConnections(system, onError));
  new Gauge({
    name: 'conclave_events_unstamped',
    help: 'Committed events that the relay has not placed yet.',
    registers: [kit.metrics],
    async collect() {
      this.set(await unstamped(db));
    },
  });
  return db;
}

/** NaN while the database is away: one number less must not cost the others. */
async function unstamped(db: Database): Promise<number> {
  try {
    const sql = 'select count(*)::int as n from outbound_event where pos is null';
    return (await db.system((tx) => tx.one<{ n: number }>(sql)))?.n ?? 0;
  } catch {
    return NaN;
  }
}

function serveLog(rpc: RpcServer, kit: Kit, db: Database): void {
  const contract = readEvents[kit.service as EventProducer];
  rpc.serve(contract, async (_ctx, request) => {
    const { lane, epoch, after, limit } = request as RequestOf<typeof contract>;
    return readLog(db, lane, { epoch, after }, limit);
  });
}

type Method = (...args: never[]) => unknown;

/** The methods of providers that carry metadata, with what they carry. */
function* marked<T>(app: INestApplicationContext, key: string): Generator<{ method: Method; mark: T }> {
  const reflector = app.get(Reflector);
  const scanner = new MetadataScanner();
  for (const { instance } of app.get(DiscoveryService).getProviders()) {
    if (typeof instance !== 'object' || instance === null || !Object.getPrototypeOf(instance)) continue;
    for (const name of scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object)) {
      const method = (instance as Record<string, unknown>)[name];
      if (typeof method !== 'function') continue;
      const mark = reflector.get<T | undefined>(key, method);
      if (mark !== undefined) yield { method: (method as Method).bind(instance), mark };
    }
  }
}

const erasersOf = (app: INestApplicationContext): Eraser[] =>
  [...marked<true>(app, ERASES)].map(({ method }) => method as Eraser);

function handlersOf(
  app: INestApplicationContext,
  service: ServiceName,
  own: ConsumerHandler | undefined,
): Map<EventProducer, ConsumerHandler[]> {
  const handlers: ConsumerHandler[] = own ? [own] : [];
  for (const { method, mark } of marked<readonly EventContract[]>(app, CONSUMES))
    handlers.push(...mark.map((event) => ({ event, apply: method as Apply })));
  for (const { method, mark } of marked<readonly EventContract[]>(app, CONSUMES_TOGETHER))
    handlers.push(...mark.map((event) => ({ event, applyTogether: method as ApplyTogether })));
  const stranger = handlers.find(({ event }) => !event.consumers.includes(service));
  if (stranger) throw new Error(`${stranger.event.type} does not list ${service} as a consumer`);
  return Map.groupBy(handlers, ({ event }) => event.producer as EventProducer);
}
