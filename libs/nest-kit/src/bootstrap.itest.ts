import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Module } from '@nestjs/common';
import { consensus, contract, type ServiceName } from '@conclave/contracts';
import { Counter, Registry } from 'prom-client';
import { z } from 'zod';
import { bootstrapService, type RunningService, type ServiceSpec } from './bootstrap.js';
import { Handles } from './handles.js';
import { CONFIG, KIT, LOG, METRICS, type Kit, type Resource } from './kit.js';
import { GreetingModule, ada, calls, greet } from './test/greeting.js';
import { startTestBus, type TestBus } from './test/test-bus.js';

let bus: TestBus;
const running: RunningService[] = [];
async function start(spec: Partial<ServiceSpec<z.ZodRawShape>> = {}, env = {}): Promise<RunningService> {
  const complete = { name: 'metrics' as const, module: GreetingModule, environment: {}, ...spec };
  const service = await bootstrapService(complete, { ...bus.environmentOf(complete.name), ...env });
  running.push(service);
  return service;
}
const tokenOf = (by: ServiceName = 'auth', claims = ada): Promise<string> => bus.tokensOf(by).sign(claims, 60_000);
const get = (service: RunningService, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(service.url + path, { headers });

beforeAll(async () => {
  bus = await startTestBus();
});
beforeEach(() => {
  calls.contexts = [];
  calls.gate = Promise.withResolvers();
});
afterEach(async () => {
  calls.gate.resolve();
  await Promise.all(running.splice(0).map((service) => service.stop()));
});
afterAll(() => bus.stop());

/** A resource that says what happens to it. */
function spyResource(story: string[], ready: () => Promise<void> = async () => undefined): () => Promise<Resource> {
  return async () => {
    story.push('open');
    return {
      providers: [],
      ready,
      start: async () => void story.push('start'),
      stop: async () => void story.push('stop'),
    };
  };
}

describe('health', () => {
  it('is alive and ready once started', async () => {
    const service = await start();
    expect(await (await get(service, '/healthz')).json()).toEqual({ status: 'ok', service: 'metrics' });
    const ready = await get(service, '/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ready', service: 'metrics', pid: process.pid, faults: [] });
  });

  it('is alive but not ready while NATS is away, and ready again when it is back', async () => {
    const service = await start();
    await bus.kill();
    const response = await get(service, '/readyz');
    expect(response.status).toBe(503);
    expect(((await response.json()) as { faults: string[] }).faults).toHaveLength(1);
    expect((await get(service, '/healthz')).status).toBe(200);
    await bus.start();
    for (let i = 0; i < 50 && (await get(service, '/readyz')).status !== 200; i++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await get(service, '/readyz')).status).toBe(200);
  });

  it('is not ready while a resource is not, and says why', async () => {
    const broken = spyResource([], () => Promise.reject(new Error('the database is away')));
    const service = await start({ resources: [broken] });
    const response = await get(service, '/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ status: 'not-ready', faults: ['the database is away'] });
  });

  it('is not ready while draining, and still answers what is under way', async () => {
    const service = await start();
    const { rpc } = await bus.kitOf('gateway');
    const call = rpc.call(greet, { name: 'Ada', mood: 'slow' }, { token: await tokenOf() });
    while (calls.contexts.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const stopping = service.stop();
    const response = await get(service, '/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ faults: ['draining'] });
    calls.gate.resolve();
    await expect(call).resolves.toMatchObject({ greeting: 'Hello Ada' });
    await stopping;
  });
});

describe('metrics', () => {
  it('are of one service each, also with two in one process', async () => {
    const first = await start();
    const second = await start({ name: 'audit', module: class Empty {} });
    new Counter({ name: 'only_in_audit', help: 'x', registers: [second.kit.metrics] }).inc();
    const texts = await Promise.all([first, second].map(async (s) => (await get(s, '/metrics')).text()));
    expect(texts[0]).toContain('conclave_up{service="metrics"} 1');
    expect(texts[1]).toContain('conclave_up{service="audit"} 1');
    expect(texts[0]).not.toContain('only_in_audit');
    expect(texts[0]).not.toContain('service="audit"');
  });
});

describe('wiring', () => {
  it('gives providers the kit, the configuration, the log and the registry', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Asking {
      constructor(
        @Inject(KIT) kit: Kit,
        @Inject(CONFIG) config: unknown,
        @Inject(LOG) log: unknown,
        @Inject(METRICS) metrics: unknown,
      ) {
        seen.push(kit, config, log, metrics);
      }
    }
    @Module({ controllers: [Asking] })
    class AskingModule {}
    const service = await start({ module: AskingModule, environment: { COLOUR: z.string() } }, { COLOUR: 'red' });
    expect(seen[0]).toBe(service.kit);
    expect(seen[1]).toMatchObject({ COLOUR: 'red', NODE_ENV: 'test' });
    expect(seen[2]).toBe(service.kit.log);
    expect(seen[3]).toBeInstanceOf(Registry);
  });

  it('starts resources after Nest and stops them when nobody needs them any more', async () => {
    const story: string[] = [];
    const service = await start({
      resources: [spyResource(story)],
      http: async (fastify) => void fastify.get('/own', async () => ({ own: true })),
    });
    expect(story).toEqual(['open', 'start']);
    expect(await (await get(service, '/own')).json()).toEqual({ own: true });
    await service.stop();
    expect(story).toEqual(['open', 'start', 'stop']);
  });

  it('hands over the work of its resources first, while requests under way are answered', async () => {
    const story: string[] = [];
    const open = async (): Promise<Resource> => ({
      ...(await spyResource(story)()),
      drain: async () => void story.push('drain'),
    });
    const service = await start({ resources: [open] });
    const { rpc } = await bus.kitOf('gateway');
    const call = rpc.call(greet, { name: 'Ada', mood: 'slow' }, { token: await tokenOf() });
    while (calls.contexts.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const stopping = service.stop();
    while (!story.includes('drain')) await new Promise((resolve) => setTimeout(resolve, 10));
    story.push('answer');
    calls.gate.resolve();
    await call;
    await stopping;
    expect(story).toEqual(['open', 'start', 'drain', 'answer', 'stop']);
  });

  it('has one grace for everything that takes its time', async () => {
    const open = async (): Promise<Resource> => ({ ...(await spyResource([])()), drain: () => new Promise(() => {}) });
    const service = await start({ resources: [open] }, { SHUTDOWN_GRACE_MS: '4000' });
    const { rpc } = await bus.kitOf('gateway');
    const call = rpc.call(greet, { name: 'Ada', mood: 'slow' }, { token: await tokenOf() }).catch(() => undefined);
    const response = await get(service, '/v1/greetings/forever', { 'conclave-token': await tokenOf() });
    while (calls.contexts.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
    const began = Date.now();
    await service.stop();
    expect(Date.now() - began).toBeLessThan(7_900);
    calls.gate.resolve();
    await Promise.all([call, response.text().catch(() => undefined)]);
  });

  it('stops in order although its collector of spans is away', async () => {
    const service = await start({}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    const { rpc } = await bus.kitOf('gateway');
    await rpc.call(greet, { name: 'Ada' }, { token: await tokenOf() });
    await service.stop();
  });

  it('hears everything that is said once it is ready, on a slow bus too', async () => {
    const slow = createServer((client) => {
      const server = connect(Number(new URL(bus.url).port), '127.0.0.1');
      client.on('data', (chunk) => void setTimeout(() => server.write(chunk), 100));
      server.pipe(client);
      for (const socket of [client, server])
        socket.on('error', () => undefined).once('close', () => void [client.destroy(), server.destroy()]);
    }).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const heard = Promise.withResolvers<string>();
    const open = async ({ nats }: Kit): Promise<Resource> => ({
      ...(await spyResource([])()),
      start: async () =>
        void nats.subscribe('events.auth', { callback: (_error, message) => heard.resolve(message.string()) }),
    });
    const { nats } = await bus.kitOf('auth');
    const { port } = slow.address() as AddressInfo;
    await start({ resources: [open] }, { NATS_URL: `nats://127.0.0.1:${port}` }).finally(() => slow.close());
    nats.publish('events.auth', 'said once');
    expect(await Promise.race([heard.promise, sleep(2_000, 'nothing')])).toBe('said once');
  });

  it('refuses a handler for an operation of another service', async () => {
    @Controller()
    class Usurper {
      @Handles(consensus.cancelDecision)
      async cancel(): Promise<never> {
        throw new Error('never called');
      }
    }
    @Module({ controllers: [Usurper] })
    class UsurperModule {}
    await expect(start({ module: UsurperModule })).rejects.toThrow('consensus.v1.decision.cancel belongs to consensus');
  });

  it('does not start on a bad environment', async () => {
    await expect(start({}, { SERVICE_KEY: '' })).rejects.toThrow(/metrics cannot start[\s\S]*SERVICE_KEY/);
  });

  it('closes what it opened when it cannot start, the last first', async () => {
    const story: string[] = [];
    let kit: Kit | undefined;
    @Controller()
    class Closing {
      onModuleDestroy(): void {
        story.push(`nest, bus ${kit!.nats.isClosed() ? 'closed' : 'open'}`);
      }
    }
    @Module({ controllers: [Closing] })
    class ClosingModule {}
    const failing = async (opened: Kit): Promise<Resource> => {
      kit = opened;
      return { ...(await spyResource(story)()), start: () => Promise.reject(new Error('no database')) };
    };
    await expect(start({ module: ClosingModule, resources: [spyResource(story), failing] })).rejects.toThrow(
      'no database',
    );
    expect(story).toEqual(['open', 'open', 'start', 'nest, bus open', 'stop', 'stop']);
    expect(kit!.nats.isClosed()).toBe(true);
  });
});

describe('streams on the internal listener', () => {
  const headersFor = async (more: Record<string, string> = {}) => ({ 'conclave-token': await tokenOf(), ...more });

  it('are written by the handler, with path and query parsed by the contract', async () => {
    const service = await start();
    const response = await get(service, '/v1/greetings/Ada?count=2', await headersFor());
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await response.text()).toBe('data: Hello Ada\n\ndata: Hello Ada\n\n');
  });

  it.each([
    ['no token', {}, 401, 'auth.unauthenticated'],
    ['a deadline that has passed', { 'conclave-deadline': '1' }, 504, 'request.deadline'],
  ])('are refused with %s', async (_what, headers, status, code) => {
    const service = await start();
    const token: Record<string, string> = 'conclave-deadline' in headers ? await headersFor() : {};
    const response = await get(service, '/v1/greetings/Ada', { ...token, ...headers });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ code });
    expect(calls.contexts).toEqual([]);
  });

  it.each([
    ['/v1/greetings/Ada?count=many', 400, 'request.invalid'],
    ['/v1/greetings/nobody', 404, 'route.unknown'],
  ])('answer %s with a problem document', async (path, status, code) => {
    const service = await start();
    const response = await get(service, path, await headersFor());
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it('that never end do not hold a service that stops', async () => {
    const service = await start({}, { SHUTDOWN_GRACE_MS: '300' });
    const response = await get(service, '/v1/greetings/forever', await headersFor());
    const ended = response.text().then(
      () => 'ended',
      () => 'cut',
    );
    const began = Date.now();
    await service.stop();
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(await ended).toMatch(/ended|cut/);
  });
});

describe('a handshake that is refused', () => {
  it('leaves nothing open, however long the client would', async () => {
    const { hostname, port } = new URL((await start()).url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const heard: Buffer[] = [];
    socket.on('data', (chunk) => heard.push(chunk)).on('error', () => undefined);
    socket.write(
      'GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
        'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\nx',
    );
    await once(socket, 'end');
    // Only who goes on sending is told that nobody is there any more.
    for (; !socket.destroyed; await sleep(20)) socket.write('x');
    expect(Buffer.concat(heard).toString()).toMatch(/^HTTP\/1.1 404 /);
  });
});

describe('operations without a handler', () => {
  it('are nobody’s: the caller is told the service is unavailable', async () => {
    await start();
    const { rpc } = await bus.kitOf('gateway');
    const missing = contract({ ...greet, subject: 'metrics.v1.greeting.miss', permission: 'none' });
    const call = rpc.call(missing, { name: 'Ada' }, { token: await tokenOf(), deadlineAt: Date.now() + 300 });
    await expect(call).rejects.toMatchObject({ code: 'service.unavailable', params: { service: 'metrics' } });
  });
});
