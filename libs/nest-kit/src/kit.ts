import { connect, type NatsConnection } from '@nats-io/transport-node';
import { inboxPrefix, policies as api, type ServiceName } from '@conclave/contracts';
import type { INestApplicationContext, Provider } from '@nestjs/common';
import type { Logger } from 'pino';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { BaseConfig } from './config.js';
import { contextTokens, type ContextTokens } from './context-token.js';
import { createDispatcher, type Dispatcher } from './dispatch.js';
import { createLogger } from './logger.js';
import { nkeySigner } from './nkey.js';
import { PolicyBundles } from './policy/policy-bundles.js';
import { RpcClient } from './rpc-client.js';
import { startTelemetry } from './tracing.js';
import { within } from './within.js';

const CONNECT_TIMEOUT_MS = 3_000;
const CLOSE_PATIENCE_MS = 2_000;

/** What every service has before Nest starts; injectable by the tokens below. */
export interface Kit {
  readonly service: ServiceName;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly nats: NatsConnection;
  readonly tokens: ContextTokens;
  readonly rpc: RpcClient;
  readonly policies: PolicyBundles;
  readonly dispatcher: Dispatcher;
  close(): Promise<void>;
}

/** A part of a service with a life of its own, such as its database: made before Nest, started after, stopped last. */
export interface Resource {
  readonly providers: Provider[];
  /** Takes on no more work and hands over what it has: called first, while requests under way are answered. */
  drain?(): Promise<void>;
  /** Throws while the service should get no traffic. */
  ready(): Promise<void>;
  start(app: INestApplicationContext): Promise<void>;
  stop(): Promise<void>;
}

export type ResourceFactory<Config> = (kit: Kit, config: Config) => Promise<Resource>;

/** Injection tokens of the kit's parts. */
export const KIT = Symbol('kit');
export const CONFIG = Symbol('config');
export const LOG = Symbol('log');
export const METRICS = Symbol('metrics');

export async function openKit(service: ServiceName, config: BaseConfig): Promise<Kit> {
  const log = createLogger(service, config.LOG_LEVEL);
  const metrics = serviceMetrics(service);
  const flushTelemetry = await startTelemetry(service, config.OTEL_EXPORTER_OTLP_ENDPOINT);
  const tokens = contextTokens({ service, privateKey: config.SERVICE_KEY, publicKeys: config.SERVICE_KEYS });
  const nats = await openNats(service, config, log);
  const rpc = new RpcClient(nats, tokens);
  const policies = policiesOverBus(rpc);
  return {
    service,
    log,
    metrics,
    nats,
    tokens,
    rpc,
    policies,
    dispatcher: createDispatcher({ service, tokens, log, metrics, policies }),
    async close() {
      // Draining flushes, which cannot succeed while the bus is away.
      await within(
        CLOSE_PATIENCE_MS,
        nats.drain().catch(() => undefined),
      );
      await nats.close();
      // A collector that is away costs its spans, not an orderly end.
      const flushed = flushTelemetry().catch((error: unknown) => log.warn({ err: error }, 'spans lost'));
      await within(CLOSE_PATIENCE_MS, flushed);
    },
  };
}

/** The policies of tenants, asked of auth. */
const policiesOverBus = (rpc: RpcClient): PolicyBundles =>
  new PolicyBundles({
    load: (tenantId) => rpc.callAsService(api.readPolicySet, { tenantId }, {}),
    async record({ tenantId, principal, permission, operation, policies, verdict }, times) {
      const claims = { tenantId, onBehalfOf: principal, ...(verdict ? { verdict } : {}) };
      await rpc.callAsService(api.recordRefusal, claims, { permission, operation, policies: [...policies], times });
    },
  });

/** One registry per service: two services in one process must not share counters. */
function serviceMetrics(service: ServiceName): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: 'conclave_up', help: 'Always 1.', registers: [registry] }).set(1);
  return registry;
}

async function openNats(service: ServiceName, config: BaseConfig, log: Logger): Promise<NatsConnection> {
  log.info('connecting to nats');
  const servers = config.NATS_URL.split(',');
  const nats = await connect({
    servers,
    // The client drops the scheme: without this it would speak in clear to a server that offers no TLS.
    ...(servers.some((server) => server.trim().startsWith('tls://')) ? { tls: {} } : {}),
    // Users may come later, as the bus may; the client gives up for good at the second refusal otherwise.
    ignoreAuthErrorAbort: true,
    name: `conclave-${service}`,
    inboxPrefix: inboxPrefix(service),
    // A server that dies during the handshake is noticed by this clock alone.
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    waitOnFirstConnect: true,
    // It would capture a stack for every request, in case it fails; our errors name service and subject.
    noAsyncTraces: true,
    ...(config.NATS_NKEY_SEED ? { authenticator: nkeySigner(config.NATS_NKEY_SEED) } : {}),
  });
  void (async () => {
    for await (const status of nats.status())
      if (status.type !== 'ping') log.info({ nats: status.type }, 'nats status');
  })();
  return nats;
}
