import { randomUUID } from 'node:crypto';
import fastifyCookie from '@fastify/cookie';
import { contracts, type Contract } from '@conclave/contracts';
import { CONFIG, type Kit } from '@conclave/nest-kit';
import type { INestApplicationContext } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { Histogram } from 'prom-client';
import type { EdgeConfig } from '../config.js';
import { registerConnectionSignIns } from './connection-sign-ins.js';
import { registerProviderLogouts } from './provider-logouts.js';
import { openConsoleFiles } from './console-files.js';
import { registerContractRoute, type HttpContract } from './contract-routes.js';
import { Credentials } from './credentials.js';
import { Door } from './door.js';
import { registerHooks } from './hooks.js';
import { answerToKnownHosts } from './known-hosts.js';
import { serveListedOnly } from './listed-routes.js';
import { registerOauth } from './oauth.js';
import { refuseUnclearHost } from './one-host.js';
import { answerBrokenRequests, sendProblem } from './problems.js';
import { RateLimits } from './rate-limits.js';
import { registerReference } from './reference.js';
import { registerScim } from './scim.js';
import { securityHeaders } from './security-headers.js';
import { SharedCounters } from './shared-counters.js';
import { SignInCookie } from './sign-in-cookie.js';
import { registerSignIns } from './sign-ins.js';
import { registerStepUp } from './step-up.js';
import { StreamProxy } from './stream-proxy.js';
import { KnownRoutes, leadAstrayPathsHome, registerUnknownRoutes } from './unknown-routes.js';

const isHttp = (contract: Contract): contract is HttpContract => contract.http !== undefined;

/** Puts the public API, the console and the reference on the listener. */
export async function openEdge(fastify: FastifyInstance, app: INestApplicationContext, kit: Kit): Promise<void> {
  const config = app.get<EdgeConfig>(CONFIG);
  const counters = await SharedCounters.open(config.REDIS_URL, config.RATE_LIMIT_REPLICAS, kit.log);
  const limits = new RateLimits(counters, config);
  const credentials = new Credentials(kit);
  const cookie = new SignInCookie(config);
  const door = new Door(credentials, limits, cookie, config.TRUSTED_PROXY_HOPS);
  const proxy = new StreamProxy(credentials, config.INTERNAL_URLS, config.UPLOAD_LIMIT_BYTES);
  boundConnections(fastify);
  answerBrokenRequests(fastify);
  leadAstrayPathsHome(fastify);
  const secured = await securityHeaders(config);
  answerToKnownHosts(fastify, kit, config, secured);
  serveListedOnly(fastify);

  await fastify.register(async (scope) => {
    await prepareScope(scope, kit, config, secured);
    const known = new KnownRoutes();
    known.watch(scope);
    for (const contract of contracts.filter(isHttp)) registerContractRoute(scope, contract, { kit, door, proxy });
    registerSignIns(scope, { kit, door, credentials, limits, cookie });
    registerStepUp(scope, { kit, door, credentials, cookie });
    registerConnectionSignIns(scope, { kit, limits, cookie });
    registerProviderLogouts(scope, { kit, limits, cookie });
    registerScim(scope, { kit, door, config });
    registerOauth(scope, { kit, limits, config });
    registerHooks(scope, { kit, limits });
    registerReference(scope);
    const console = await openConsoleFiles(scope, config.CONSOLE_DIR);
    await scope.register(async (last) => registerUnknownRoutes(last, known, console, limits));
    scope.addHook('preClose', () => proxy.close());
    scope.addHook('onClose', async () => counters.close());
  });
}

/** What holds for every public route: security headers, ids, one error form, metrics, bodies read by hand. */
async function prepareScope(
  scope: FastifyInstance,
  kit: Kit,
  config: EdgeConfig,
  secured: readonly [string, string][],
): Promise<void> {
  await scope.register(fastifyCookie);
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const reporter = { log: kit.log, publicUrl: config.PUBLIC_URL };
  scope.setErrorHandler((thrown, request, reply) => sendProblem(reporter, request, reply, thrown));
  const seconds = new Histogram({
    name: 'conclave_http_request_duration_seconds',
    help: 'Time to answer an HTTP request, by route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [kit.metrics],
  });
  scope.addHook('onRequest', async (request, reply) => {
    request.id = requestIdOf(request.headers['x-request-id']);
    reply.header('x-request-id', request.id);
    for (const [name, value] of secured) reply.raw.setHeader(name, value);
    refuseUnclearHost(request);
  });
  scope.addHook('onResponse', async (request, reply) => {
    const { method, url: route } = request.routeOptions;
    seconds.observe(
      {
        method: [method].flat().length > 1 ? request.method : String(method),
        route: route ?? '',
        status: reply.statusCode,
      },
      reply.elapsedTime / 1_000,
    );
  });
}

/** The caller's own id when it is one; logs and headers must not carry anything else. */
function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[A-Za-z0-9._-]{8,100}$/.test(given) ? given : randomUUID();
}

/** Longest times for headers and for a whole request: the longest upload, and a little more. */
function boundConnections({ server }: FastifyInstance): void {
  server.headersTimeout = 30_000;
  server.requestTimeout = Math.max(...contracts.map(({ timeoutMs }) => timeoutMs)) + 30_000;
}
