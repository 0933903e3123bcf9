import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { aRun, bearer, startEdgeWorld, type EdgeWorld } from './test/edge-world.js';

const run = `/v1/runs/${aRun.id}`;
/** Found on the PATH, which `npm test` provides. */
const SERVER = 'redis-server';
const LIMITS = { RATE_LIMIT_PRINCIPAL: '20', RATE_LIMIT_ADDRESS: '10' };
let world: EdgeWorld;
afterEach(() => world.stop());

async function statuses(count: number, headers: Record<string, string>): Promise<number[]> {
  const found = [];
  for (let n = 0; n < count; n++) found.push((await world.fetch(run, { headers })).status);
  return found;
}

/** How many get through before one is refused: `expected`, if it is that and no more than was given back meanwhile. */
async function until429(headers: Record<string, string>, expected: number): Promise<number> {
  const began = performance.now();
  const through = (await statuses(40, headers)).indexOf(429);
  const givenBack = Math.ceil((performance.now() - began) / (60_000 / 20));
  return through >= expected && through <= expected + givenBack ? expected : through;
}

describe('without Redis', () => {
  it('limits a principal by itself, with Retry-After, and leaves another alone', async () => {
    world = await startEdgeWorld(LIMITS);
    world.addKey('ck_other');
    expect(await until429(bearer(world.keys.admin), 20)).toBe(20);
    const refused = await world.fetch(run, { headers: bearer(world.keys.admin) });
    expect(await refused.json()).toMatchObject({ code: 'request.rate-limited', retryable: true, limit: 20 });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await world.fetch(run, { headers: bearer('ck_other') })).status).toBe(200);
  });

  it('gives back what was used bit by bit, so that no moment lets through twice as much', async () => {
    world = await startEdgeWorld(LIMITS);
    expect(await until429(bearer(world.keys.admin), 20)).toBe(20);
    const now = Date.now.bind(Date);
    for (const [laterMs, passing] of [
      [30_000, 10],
      [33_500, 1],
      [300_000, 20],
    ] as const) {
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + laterMs);
      try {
        expect(await until429(bearer(world.keys.admin), passing)).toBe(passing);
      } finally {
        clock.mockRestore();
      }
    }
  });

  it('limits guesses by address without asking auth, and still serves who is known', async () => {
    world = await startEdgeWorld(LIMITS);
    expect((await world.fetch(run, { headers: bearer(world.keys.admin) })).status).toBe(200);
    const guesses = await Promise.all(
      Array.from({ length: 30 }, (_, n) => world.fetch(run, { headers: bearer(`ck_guess${n}`) })),
    );
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(9);
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(21);
    expect(world.exchanges()).toBe(10);
    expect((await world.fetch(run, { headers: bearer(world.keys.admin) })).status).toBe(200);
    for (const path of ['/v1/nothing', '/v1/sign-ins'])
      expect((await world.fetch(path, { method: 'POST' })).status).toBe(429);
    expect((await world.fetch('/healthz')).status).toBe(200);
  });

  it('serves who was known however long ago that was, whatever strangers do at the same address', async () => {
    world = await startEdgeWorld(LIMITS);
    const admin = async () => (await world.fetch(run, { headers: bearer(world.keys.admin) })).status;
    expect(await admin()).toBe(200);
    const now = Date.now.bind(Date);
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + 6_000);
    try {
      expect((await statuses(20, bearer('ck_guess'))).at(-1)).toBe(429);
      const before = world.exchanges();
      expect(await admin()).toBe(200);
      expect(world.exchanges()).toBe(before + 1);
      world.revoke(world.keys.admin, false);
      clock.mockImplementation(() => now() + 12_000);
      expect([await admin(), await admin(), await admin()]).toEqual([401, 401, 429]);
    } finally {
      clock.mockRestore();
    }
  });

  it('limits all of a tenant together where operators said so, and names what was reached', async () => {
    world = await startEdgeWorld(LIMITS);
    world.limitTenant(12);
    world.addKey('ck_other');
    const found = await Promise.all([world.keys.admin, 'ck_other'].map((key) => statuses(10, bearer(key))));
    expect(found.flat().filter((status) => status === 200)).toHaveLength(12);
    const refused = await world.fetch(run, { headers: bearer('ck_other') });
    expect(await refused.json()).toMatchObject({ code: 'request.rate-limited', limit: 12, of: 'requestsPerMinute' });
  });

  it('counts a principal’s sign-ins with its key', async () => {
    world = await startEdgeWorld(LIMITS);
    const cookies = [];
    for (let n = 0; n < 3; n++) {
      const signedIn = await world.fetch('/v1/sign-ins', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiKey: world.keys.admin }),
      });
      cookies.push(signedIn.headers.get('set-cookie')!.split(';', 1)[0]!);
    }
    const found = [];
    for (const cookie of cookies) found.push(...(await statuses(7, { cookie })));
    expect([...found.slice(0, 20), found[20]]).toEqual([...Array<number>(20).fill(200), 429]);
  });

  it('believes X-Forwarded-For only as far as there are proxies', async () => {
    world = await startEdgeWorld({ ...LIMITS, RATE_LIMIT_ADDRESS: '1' });
    const from = (address: string) => world.fetch(run, { headers: { 'x-forwarded-for': address } });
    expect([(await from('192.0.2.1')).status, (await from('192.0.2.2')).status]).toEqual([401, 429]);
    await world.stop();
    world = await startEdgeWorld({ ...LIMITS, RATE_LIMIT_ADDRESS: '1', TRUSTED_PROXY_HOPS: '1' });
    const seen = [
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.9, 192.0.2.1',
      '2001:db8:0:1::5',
      '2001:db8:0:1:ffff::6',
      '2001:db8:0:2::5',
    ];
    const answers = [];
    for (const address of seen) answers.push((await from(address)).status);
    expect(answers).toEqual([401, 401, 429, 401, 429, 401]);
  });

  it('tells nothing of the inside to who came through a proxy, whatever they call the host', async () => {
    world = await startEdgeWorld({ ...LIMITS, TRUSTED_PROXY_HOPS: '1' });
    for (const path of ['/metrics', '/readyz']) {
      const statusOf = async (headers: Record<string, string>) => (await world.fetch(path, { headers })).status;
      expect([await statusOf({ 'x-forwarded-for': '192.0.2.1' }), await statusOf({})]).toEqual([404, 200]);
    }
  });
});

describe('with Redis', () => {
  let port: number;
  let redis: ChildProcess;
  const start = async (): Promise<void> => {
    redis = spawn(SERVER, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
      stdio: 'ignore',
    });
    const probe = new Redis(port, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    probe.on('error', () => undefined);
    await probe.ping();
    probe.disconnect();
  };
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    redis.kill(signal);
    if (signal === 'SIGKILL') await once(redis, 'exit');
  };

  beforeAll(async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    port = (free.address() as AddressInfo).port;
    await new Promise((done) => free.close(done));
    await start();
  });
  afterAll(() => kill('SIGKILL'));
  const env = () => ({ ...LIMITS, REDIS_URL: `redis://127.0.0.1:${port}` });

  it('counts across replicas', async () => {
    world = await startEdgeWorld(env());
    const first = await statuses(15, {});
    await world.stop();
    world = await startEdgeWorld(env());
    expect([...first, ...(await statuses(1, {}))].filter((status) => status === 401)).toHaveLength(10);
  });

  it('gives back what was used bit by bit', async () => {
    world = await startEdgeWorld({ ...env(), REDIS_URL: `redis://127.0.0.1:${port}/1` });
    world.addKey('ck_bit');
    expect(await until429(bearer('ck_bit'), 20)).toBe(20);
    const refused = await world.fetch(run, { headers: bearer('ck_bit') });
    const afterS = Number(refused.headers.get('retry-after'));
    expect(afterS).toBeLessThanOrEqual(3);
    await sleep(afterS * 1_000);
    expect(await until429(bearer('ck_bit'), 1)).toBe(1);
  });

  it('lets all replicas together through no more than the limit while Redis is away', async () => {
    world = await startEdgeWorld({ ...env(), RATE_LIMIT_REPLICAS: '3', REDIS_URL: 'redis://127.0.0.1:1' });
    expect(await until429(bearer(world.keys.admin), 6)).toBe(6);
  });

  it('tightens the limits while Redis is away, and shares them again when it is back', async () => {
    world = await startEdgeWorld(env());
    world.addKey('ck_one');
    world.addKey('ck_two');
    await kill('SIGKILL');
    await start();
    await kill('SIGKILL');
    expect(await until429(bearer(world.keys.admin), 10)).toBe(10);
    await start();
    await sleep(1_500);
    expect(await until429(bearer('ck_one'), 20)).toBe(20);
    await kill('SIGSTOP');
    const began = Date.now();
    expect(await until429(bearer('ck_two'), 10)).toBe(10);
    expect(Date.now() - began).toBeLessThan(3_000);
    await kill('SIGCONT');
  });
});
