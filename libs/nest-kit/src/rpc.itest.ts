import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConclaveError, type ServiceName } from '@conclave/contracts';
import { connect, headers as natsHeaders, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { bootstrapService, type RunningService } from './bootstrap.js';
import { GreetingModule, ada, calls, greet } from './test/greeting.js';
import { startTestBus, type TestBus } from './test/test-bus.js';

let bus: TestBus;
let service: RunningService | undefined;
let raw: NatsConnection;

const start = async (): Promise<RunningService> =>
  (service = await bootstrapService(
    { name: 'metrics', module: GreetingModule, environment: {} },
    bus.environmentOf('metrics'),
  ));
const tokenOf = (by: ServiceName = 'auth', claims = ada): Promise<string> => bus.tokensOf(by).sign(claims, 60_000);
const callAs = async (request: Parameters<typeof greet.request.parse>[0], options: { deadlineAt?: number } = {}) =>
  (await bus.kitOf('gateway')).rpc.call(greet, request as { name: string }, { token: await tokenOf(), ...options });
const refusalOf = (call: Promise<unknown>): Promise<ConclaveError> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => (error instanceof ConclaveError ? error : Promise.reject(error as Error)),
  );

beforeAll(async () => {
  bus = await startTestBus();
  raw = await connect({ servers: bus.url });
});
beforeEach(async () => {
  if (!service) await start();
  calls.contexts = [];
  calls.gate = Promise.withResolvers();
});
afterAll(async () => {
  await raw.close();
  await service?.stop();
  await bus.stop();
});
const stopService = async (): Promise<void> => {
  await service?.stop();
  service = undefined;
};

describe('the wire', () => {
  const headed = async (more: Record<string, string> = {}): Promise<MsgHdrs> => {
    const result = natsHeaders();
    for (const [key, value] of Object.entries({ 'conclave-token': await tokenOf(), ...more })) result.set(key, value);
    return result;
  };

  it('is plain JSON: any NATS client can ask and read the answer', async () => {
    const reply = await raw.request('metrics.v1.greeting.get', '{"name":"Ada"}', {
      headers: await headed(),
      timeout: 2_000,
    });
    expect(reply.string()).toBe(
      JSON.stringify({ greeting: 'Hello Ada', tenantId: ada.tenantId, actor: ada.principal!.id }),
    );
    expect(reply.headers?.get('conclave-error') ?? '').toBe('');
  });

  it('answers a refusal with its code in a header and a problem document', async () => {
    const reply = await raw.request('metrics.v1.greeting.get', '{"name":""}', {
      headers: await headed(),
      timeout: 2_000,
    });
    expect(reply.headers!.get('conclave-error')).toBe('request.invalid');
    expect(reply.json()).toMatchObject({
      type: 'urn:conclave:problem:request.invalid',
      status: 400,
      code: 'request.invalid',
      issues: [{ path: 'name' }],
    });
  });

  it.each([
    ['no token', {}, 'auth.unauthenticated'],
    ['a forged token', { 'conclave-token': 'eyJhbGciOiJub25lIn0.e30.' }, 'auth.unauthenticated'],
    ['an expired deadline', { 'conclave-deadline': String(Date.now() - 1) }, 'request.deadline'],
  ])('refuses %s before the handler runs', async (_what, more, code) => {
    const headers = 'conclave-deadline' in more ? await headed(more) : natsHeaders();
    for (const [key, value] of Object.entries(more)) headers.set(key, value);
    const reply = await raw.request('metrics.v1.greeting.get', '{"name":"Ada"}', { headers, timeout: 2_000 });
    expect(reply.headers!.get('conclave-error')).toBe(code);
    expect(calls.contexts).toEqual([]);
  });

  it('refuses what is not JSON', async () => {
    const reply = await raw.request('metrics.v1.greeting.get', 'hello', { headers: await headed(), timeout: 2_000 });
    expect(reply.headers!.get('conclave-error')).toBe('request.malformed');
  });

  it('survives a message that nobody waits for', async () => {
    raw.publish('metrics.v1.greeting.get', '{"name":"Ada"}', { headers: await headed() });
    await expect(callAs({ name: 'Bob' })).resolves.toMatchObject({ greeting: 'Hello Bob' });
  });
});

describe('a typed call', () => {
  it('carries who asks, the deadline and the Idempotency-Key', async () => {
    const deadlineAt = Date.now() + 1_234;
    const { rpc } = await bus.kitOf('gateway');
    await rpc.call(greet, { name: 'Ada' }, { token: await tokenOf(), deadlineAt, idempotencyKey: 'key-1' });
    expect(calls.contexts[0]).toMatchObject({
      ...ada,
      scopes: new Set(ada.scopes),
      deadlineAt,
      idempotencyKey: 'key-1',
    });
  });

  it('fails with what the owner refused with', async () => {
    const refusal = await refusalOf(callAs({ name: 'Ada', mood: 'refusing' }));
    expect(refusal).toMatchObject({ code: 'request.idempotency-mismatch', params: { name: 'Ada' } });
  });

  it.each(['broken', 'talkative', 'shapeless'])('learns nothing about a fault of the owner (%s)', async (mood) => {
    const refusal = await refusalOf(callAs({ name: 'Ada', mood }));
    expect(refusal.code).toBe('service.internal');
    expect(Object.keys(refusal.params)).toEqual(['traceId']);
  });

  it('is not sent when its deadline has passed', async () => {
    const refusal = await refusalOf(callAs({ name: 'Ada' }, { deadlineAt: Date.now() - 1 }));
    expect(refusal.code).toBe('request.deadline');
    expect(calls.contexts).toEqual([]);
  });

  it('gives up at its deadline', async () => {
    const started = Date.now();
    const refusal = await refusalOf(callAs({ name: 'Ada', mood: 'slow' }, { deadlineAt: started + 300 }));
    expect(refusal).toMatchObject({ code: 'request.deadline', params: { service: 'metrics' } });
    expect(Date.now() - started).toBeLessThan(2_500);
    calls.gate.resolve();
  });

  it('refuses to send a body that belongs into a blob', async () => {
    const refusal = await refusalOf(callAs({ name: 'x'.repeat(1_000_001) }));
    expect(refusal).toMatchObject({ code: 'request.too-large', params: { limitBytes: 1_000_000 } });
  });

  it('by a service is made in its own name', async () => {
    const runtime = await bus.kitOf('runtime');
    const claims = { tenantId: ada.tenantId, onBehalfOf: 'run_1' };
    await runtime.rpc.callAsService(greet, claims, { name: 'Ada' }, { idempotencyKey: 'step-7' });
    expect(calls.contexts[0]).toMatchObject({
      tenantId: ada.tenantId,
      actor: 'run_1',
      service: 'runtime',
      idempotencyKey: 'step-7',
    });
  });

  it('is served by one replica of many', async () => {
    const second = await bootstrapService(
      { name: 'metrics', module: GreetingModule, environment: {} },
      bus.environmentOf('metrics'),
    );
    await Promise.all(Array.from({ length: 20 }, () => callAs({ name: 'Ada' })));
    expect(calls.contexts).toHaveLength(20);
    await second.stop();
  });
});

describe('when the other side is away', () => {
  it('waits for a service that restarts', async () => {
    await stopService();
    const call = callAs({ name: 'Ada' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await start();
    await expect(call).resolves.toMatchObject({ greeting: 'Hello Ada' });
  });

  it('says which service is unavailable when its patience ends, and recovers', async () => {
    await stopService();
    const deadlineAt = Date.now() + 800;
    expect(await refusalOf(callAs({ name: 'Ada' }, { deadlineAt }))).toMatchObject({
      code: 'service.unavailable',
      params: { service: 'metrics' },
    });
    await start();
    await expect(callAs({ name: 'Ada' })).resolves.toMatchObject({ greeting: 'Hello Ada' });
  });

  it('waits for a bus that restarts, and sends what it would have dropped', async () => {
    await bus.kill();
    const call = callAs({ name: 'Ada' }, { deadlineAt: Date.now() + 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await bus.start();
    await expect(call).resolves.toMatchObject({ greeting: 'Hello Ada' });
  });

  it('says that the bus is unavailable when it stays away', async () => {
    await bus.kill();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const refusal = await refusalOf(callAs({ name: 'Ada' }, { deadlineAt: Date.now() + 600 }));
    expect(refusal).toMatchObject({ code: 'service.unavailable', params: { service: 'nats' } });
    await bus.start();
    await expect(callAs({ name: 'Ada' })).resolves.toMatchObject({ greeting: 'Hello Ada' });
  });
});

describe('draining', () => {
  it('answers what is under way and takes nothing more', async () => {
    const call = callAs({ name: 'Ada', mood: 'slow' });
    while (calls.contexts.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const stopping = stopService();
    const late = () => callAs({ name: 'Late' }, { deadlineAt: Date.now() + 500 });
    let refusal: unknown;
    while (!refusal)
      refusal = await late().then(
        () => undefined,
        (error: unknown) => error,
      ); // until it drains
    expect(refusal).toMatchObject({ code: 'service.unavailable' });
    const taken = calls.contexts.length;
    calls.gate.resolve();
    await expect(call).resolves.toMatchObject({ greeting: 'Hello Ada' });
    await stopping;
    expect(calls.contexts).toHaveLength(taken);
  });

  it('does not wait for ever', async () => {
    const call = refusalOf(callAs({ name: 'Ada', mood: 'slow' }));
    while (calls.contexts.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const started = Date.now();
    await stopService();
    expect(Date.now() - started).toBeLessThan(20_000);
    calls.gate.resolve();
    expect((await call).code).toBe('request.deadline');
  });

  it('ends while the bus is away', async () => {
    await bus.kill();
    const started = Date.now();
    await stopService();
    expect(Date.now() - started).toBeLessThan(20_000);
    await bus.start();
  });
});
