import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConclaveError, contracts, runtime } from '@conclave/contracts';
import { aRun, bearer, startEdgeWorld, type EdgeWorld } from './test/edge-world.js';

let world: EdgeWorld;
beforeAll(async () => {
  world = await startEdgeWorld();
});
afterAll(() => world.stop());
afterEach(() => {
  world.owner.seen.length = 0;
  world.owner.answer = async () => aRun;
});

const run = `/v1/runs/${aRun.id}`;
const admin = (): Record<string, string> => bearer(world.keys.admin);

/** Sends and reads a refusal; anything but a problem document fails. */
async function refusal(path: string, init: RequestInit = {}) {
  const response = await world.fetch(path, {
    ...init,
    headers: { ...admin(), ...(init.headers as Record<string, string>) },
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    expect.any(Number),
    'application/problem+json; charset=utf-8',
  ]);
  const problem = (await response.json()) as { code: string; status: number; [param: string]: unknown };
  expect(problem.status).toBe(response.status);
  return problem;
}
const post = (body: string | Uint8Array<ArrayBuffer>, type = 'application/json', path = `${run}/cancel`) =>
  refusal(path, { method: 'POST', headers: { 'content-type': type }, body });

/** One exchange on a bare socket: what fetch would never send. */
async function raw(request: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(world.edge.url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  return text(socket);
}

describe('bodies', () => {
  const types = [
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/octet-stream',
    'application/problem+json',
    'application/json; charset=utf-16',
    'application/jsonx',
    'application/json, text/plain',
    'image/png',
    'garbage',
  ];
  const withBody = contracts.flatMap(({ http, transport }) =>
    http && http.method !== 'GET'
      ? [{ method: http.method, transport, path: http.path.replaceAll(/\{\w+\}/g, aRun.id) }]
      : [],
  );

  it.each(withBody)(
    '$method $path takes twelve other content types for what they are',
    async ({ method, path, transport }) => {
      for (const type of types) {
        if (transport === 'stream' && type === 'application/octet-stream') continue;
        const problem = await refusal(path, { method, headers: { 'content-type': type }, body: '{}' });
        expect([type, problem.code, problem.status]).toEqual([type, 'request.media-type', 415]);
        expect(problem['accepted']).toEqual([transport === 'stream' ? 'application/octet-stream' : 'application/json']);
      }
      expect(world.owner.seen).toEqual([]);
    },
  );

  it('takes JSON in any spelling of its type, an absent body, and an empty one', async () => {
    const cancel = (init: RequestInit) => world.fetch(`${run}/cancel`, { method: 'POST', ...init });
    for (const type of [
      'application/json',
      'Application/JSON',
      'application/json; charset=UTF-8',
      'application/json;charset="utf-8"',
    ])
      expect((await cancel({ headers: { ...admin(), 'content-type': type }, body: '{"reason":"no"}' })).status).toBe(
        200,
      );
    expect((await cancel({ headers: admin() })).status).toBe(200);
    expect((await cancel({ headers: { ...admin(), 'content-type': 'application/json' } })).status).toBe(200);
    expect(world.owner.seen.map(({ request }) => (request as { reason?: string }).reason)).toEqual([
      'no',
      'no',
      'no',
      'no',
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['half a document', '{"reason":'],
    ['nothing but space', '   '],
    ['JavaScript', "{reason:'x'}"],
    ['a byte order mark', '\ufeff{}'],
    ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['a member given twice', '{"reason":"a","reason":"b"}'],
    ['a member given twice in another spelling', '{"reason":"a","\\u0072eason":"b"}'],
    ['a member given twice far inside', '{"reason":[{"a":1,"b":{"c":"}\\"","c":2}}]}'],
    ['a NUL', '{"reason":"a\\u0000b"}'],
    ['half a surrogate pair', '{"reason":"\\ud83d"}'],
    ['a NUL in a member’s name', '{"a\\u0000":1}'],
    ['nesting without end', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['nesting without end in a member', `{"reason":${'['.repeat(5_000)}${']'.repeat(5_000)}}`],
  ])('refuses %s as malformed', async (_, body) => {
    const problem = await post(body);
    if (problem.code !== 'request.invalid') expect([problem.code, problem.status]).toEqual(['request.malformed', 400]);
    expect(problem.status).toBe(400);
    expect(world.owner.seen).toEqual([]);
  });

  it.each([
    ['an array', '[]'],
    ['null', 'null'],
    ['text', '"x"'],
    ['an unknown member', '{"reason":"a","admin":true}'],
    ['a member of a wrong type', '{"reason":7}'],
    ['a prototype', '{"__proto__":{"reason":"x"}}'],
    ['a member that is in the path, too', `{"id":"${aRun.id}"}`],
  ])('refuses %s as invalid, naming the member', async (_, body) => {
    const problem = await post(body);
    expect([problem.code, problem.status]).toEqual(['request.invalid', 400]);
    expect(problem['issues']).toEqual([{ path: expect.any(String), message: expect.any(String) }]);
    expect(world.owner.seen).toEqual([]);
  });

  it('refuses a body above one megabyte, announced or not, and keeps serving', async () => {
    const big = new Uint8Array(1_500_000).fill(0x20);
    const announced = await post(big);
    expect([announced.code, announced.status, announced['limitBytes']]).toEqual(['request.too-large', 413, 1_000_000]);
    const stream = new Blob([big]).stream();
    const chunked = await refusal(`${run}/cancel`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    });
    expect(chunked.code).toBe('request.too-large');
    expect((await world.fetch(run, { headers: admin() })).status).toBe(200);
  });

  it('reads no more than a passkey’s answer from somebody who signs in', async () => {
    const deep = '['.repeat(1_000);
    const [big, hostile] = [
      await post(`{"apiKey":"${'k'.repeat(20_480)}"}`, undefined, '/v1/sign-ins'),
      await post(deep, undefined, '/v1/sign-ins'),
    ];
    expect([big.code, big['limitBytes']]).toEqual(['request.too-large', 20_480]);
    expect([hostile.code, hostile['reason']]).toEqual(['request.malformed', 'more than 64 levels']);
  });

  it('outlives a client that hangs up in the middle of its body', async () => {
    const { hostname, port } = new URL(world.edge.url);
    for (let n = 0; n < 5; n++) {
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST ${run}/cancel HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.keys.admin}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"rea`,
      );
      await new Promise((done) => setTimeout(done, 20));
      socket.destroy();
    }
    expect((await world.fetch(run, { headers: admin() })).status).toBe(200);
    expect(world.owner.seen).toHaveLength(1);
  });
});

describe('queries and paths', () => {
  it('gives the owner typed members, and refuses what the contract does not know', async () => {
    world.owner.answer = async () => ({ items: [] });
    expect((await world.fetch('/v1/runs?limit=5&after=a%20b', { headers: admin() })).status).toBe(200);
    expect(world.owner.seen[0]!.request).toEqual({ limit: 5, after: 'a b' });
    for (const query of ['limit=x', 'limit=0', 'limit=5&limit=6', 'unknown=1', 'state=', '__proto__=1', 'after[]=1'])
      expect([query, (await refusal(`/v1/runs?${query}`)).code]).toEqual([query, 'request.invalid']);
    expect((await refusal('/v1/runs?after=a%00b')).code).toBe('request.malformed');
  });

  it('refuses an id of another kind or form', async () => {
    for (const id of [
      'x',
      aRun.id.toUpperCase(),
      aRun.id.replace('run_', 'dec_'),
      `${aRun.id}%2Fevents`,
      '%00',
      '..%2f..',
    ])
      expect([id, (await refusal(`/v1/runs/${id}`)).status]).toEqual([id, 400]);
    expect(world.owner.seen).toEqual([]);
  });

  it.each([
    `//v1/runs/${aRun.id}`,
    `/v1//runs/${aRun.id}`,
    `/v1/runs/${aRun.id}/`,
    `/v1/runs/${aRun.id};x=1/events`,
    '/v1/me;x=1',
    '/v1/me.',
    '/v1/me/',
    '/V1/me',
    '/v1/ME',
    '/v1%2Fme',
    '/v1/me%2F',
    '/v1/./me/x',
    '/v1/me%20',
    '/v1/me%00',
    `/v1/runs/${'x'.repeat(1_000)}`,
    `/v1/runs/${'x'.repeat(200)}%2F${'x'.repeat(200)}`,
  ])('never lets a variant of a path past the door: %s', async (path) => {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (404|401) /);
    expect(answer).toMatch(/"code":"(route\.unknown|auth\.unauthenticated)"/);
    const withKey = await raw(
      `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${world.keys.auditor}\r\n\r\n`,
    );
    expect(withKey).toMatch(/^HTTP\/1\.1 (404|403|400) /);
    expect(world.owner.seen).toEqual([]);
  });

  it('answers an escaped spelling of a path as the plain one', async () => {
    expect(await raw(`GET /v1/%72uns/${aRun.id} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 401 /,
    );
    const path = `/v1/%72uns/${aRun.id}`;
    expect(
      await raw(
        `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${world.keys.admin}\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each(['/%', '/%zz', '/v1/runs/%c3%28', '*', 'http://x/v1/me'])(
    'answers %s, which no route can have',
    async (path) => {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer).toContain('"code":"route.unknown"');
    },
  );
});

describe('a directory', () => {
  const type = 'application/scim+json';

  it('is answered by the owner at any plain path, and by the edge at no other', async () => {
    const statusAt = async (path: string) =>
      (await world.fetch(`/scim/v2/${path}`, { headers: { ...admin(), 'content-type': type } })).status;
    expect([await statusAt('018f4a2e-1'), await statusAt('Users/a/b')]).toEqual([201, 404]);
  });

  it('is told where things are, whatever it calls the host', async () => {
    const headers = Object.entries({ ...admin(), 'content-type': type }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const answer = await raw(
      `POST /scim/v2/Users HTTP/1.1\r\nhost: evil.example\r\n${headers.join('')}connection: close\r\ncontent-length: 2\r\n\r\n{}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(answer).toContain('\r\nlocation: /scim/v2/Users/prn_1\r\n');
  });

  it.each([
    ['body', 'Users', '{"userName":"a\\u0000"}'],
    ['query', 'Users?filter=%00', undefined],
  ])('is refused text that nobody could keep, in the %s', async (_, path, body) => {
    const init = body === undefined ? {} : { method: 'POST', body };
    const response = await world.fetch(`/scim/v2/${path}`, { ...init, headers: { ...admin(), 'content-type': type } });
    expect([response.status, response.headers.get('content-type')]).toEqual([400, `${type}; charset=utf-8`]);
    expect(await response.json()).toMatchObject({ status: '400', code: 'request.malformed' });
  });
});

describe('the rest of a request', () => {
  it('answers what is no HTTP in the same form', async () => {
    for (const [broken, status] of [
      ['NONSENSE\r\n\r\n', 400],
      ['GET /v1/me HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n', 400],
      ['GET /v1/me HTTP/1.1\r\nhost: x\r\nHost: y\r\nconnection: close\r\n\r\n', 400],
      ['GET /v1/me HTTP/1.1\r\nhost: x/@y\r\nconnection: close\r\n\r\n', 400],
      [`GET /v1/me HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ] as const) {
      const answer = await raw(broken);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer).toContain('"code":"request.malformed"');
    }
  });

  it('says 404 for no route, and 405 with Allow for a route that has another method', async () => {
    expect((await refusal('/v1/nothing', { method: 'POST' })).code).toBe('route.unknown');
    const response = await world.fetch(run, {
      method: 'PUT',
      headers: { ...admin(), 'content-type': 'text/plain' },
      body: 'x',
    });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await response.json()).toMatchObject({ code: 'route.method', allowed: ['GET', 'HEAD'] });
    for (const method of ['OPTIONS', 'QUERY', 'PROPFIND', 'TRACE']) {
      const answer = await raw(`${method} /v1/runs HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 405 /);
      expect(answer).toContain('"code":"route.method"');
      expect(answer.toLowerCase()).toContain('content-security-policy');
    }
  });

  it('keeps a client’s deadline when it is the sooner one', async () => {
    const ask = (deadline: string) => refusal(run, { headers: { 'conclave-deadline': deadline } });
    expect(await ask(String(Date.now() - 1))).toMatchObject({ status: 504, code: 'request.deadline', retryable: true });
    expect(await ask('soon')).toMatchObject({ status: 400, code: 'request.invalid' });
    expect(world.owner.seen).toEqual([]);
    const soon = Date.now() + 2_000;
    await world.fetch(run, { headers: { ...admin(), 'conclave-deadline': String(soon) } });
    await world.fetch(run, { headers: { ...admin(), 'conclave-deadline': String(Date.now() + 3_600_000) } });
    const [told, capped] = world.owner.seen.map(({ ctx }) => ctx.deadlineAt);
    expect(told).toBe(soon);
    expect(capped! - Date.now()).toBeLessThanOrEqual(runtime.getRun.timeoutMs);
  });

  it('answers 504 when the owner does not answer in time', async () => {
    world.owner.answer = () => new Promise((resolve) => setTimeout(() => resolve(aRun), 1_000));
    expect(await refusal(run, { headers: { 'conclave-deadline': String(Date.now() + 100) } })).toMatchObject({
      code: 'request.deadline',
      service: 'runtime',
    });
  });

  it('hands the idempotency key to the owner, and refuses one that is none', async () => {
    const review = (key: string) => ({ method: 'POST', headers: { ...admin(), 'idempotency-key': key } });
    await world.fetch(`${run}/cancel`, review('k-1'));
    expect(world.owner.seen[0]!.ctx.idempotencyKey).toBe('k-1');
    expect((await refusal(`${run}/cancel`, review('a b'))).code).toBe('request.idempotency-key');
    expect((await refusal(`${run}/cancel`, review('k'.repeat(201)))).code).toBe('request.idempotency-key');
  });

  it('passes the owner’s refusal on as it is, and hides what went wrong inside', async () => {
    world.owner.answer = async () => {
      throw new ConclaveError('runtime.run.not-found', { id: aRun.id });
    };
    expect(await refusal(run)).toMatchObject({ status: 404, code: 'runtime.run.not-found', id: aRun.id });
    world.owner.answer = async () => {
      throw new Error('password=hunter2');
    };
    const problem = await refusal(run);
    expect(problem).toMatchObject({ status: 500, code: 'service.internal', requestId: expect.any(String) });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  it('keeps a client’s request id when it is one', async () => {
    const idOf = async (id: string) =>
      (await world.fetch(run, { headers: { ...admin(), 'x-request-id': id } })).headers.get('x-request-id');
    expect(await idOf('build-4711.a')).toBe('build-4711.a');
    expect(await idOf('x"><script>')).toMatch(/^[0-9a-f-]{36}$/);
  });
});
