import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { contracts, permissions, runtime } from '@conclave/contracts';
import { aRun, bearer, startEdgeWorld, type EdgeWorld } from './test/edge-world.js';

let world: EdgeWorld;
beforeAll(async () => {
  world = await startEdgeWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  world.owner.seen.length = 0;
});

const run = `/v1/runs/${aRun.id}`;

async function codeOf(response: Response): Promise<unknown> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = (await response.json()) as { code: string; status: number };
  expect(problem.status).toBe(response.status);
  return problem.code;
}

describe('credentials', () => {
  it('takes a request of a known key to the owner, under the context auth signed', async () => {
    const response = await world.fetch(run, { headers: bearer(world.keys.admin) });
    expect([response.status, await response.json()]).toEqual([200, aRun]);
    const { ctx, request } = world.owner.seen[0]!;
    expect(request).toEqual({ id: aRun.id });
    expect(ctx.tenantId).toMatch(/^ten_/);
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['no credential', {}],
    ['an unknown key', bearer('ck_guess')],
    ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['no key behind the scheme', { authorization: 'Bearer ' }],
    ['a key with spaces', { authorization: 'Bearer ck_admin ck_admin' }],
    ['an overlong key', bearer('k'.repeat(600))],
    ['an overlong access token', bearer(`eyJh.${'e'.repeat(4_090)}.s`)],
    ['an unknown cookie', { cookie: 'conclave=sgn_guess' }],
    ['a bad key beside a good cookie', { ...bearer('ck_guess'), cookie: 'conclave=ck_admin' }],
    ['a context token of the client’s own', { 'conclave-token': 'e30.e30.e30' }],
  ])('refuses %s', async (_, headers) => {
    const response = await world.fetch(run, { headers: headers });
    expect([response.status, await codeOf(response)]).toEqual([401, 'auth.unauthenticated']);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(world.owner.seen).toEqual([]);
  });

  it('is brought to auth as what it looks like', async () => {
    const token = `eyJhbGciOiJFUzI1NiJ9.${'e'.repeat(2_000)}.c2ln`;
    for (const secret of [token, 'eyJ.only-two-parts', 'ck_a.b.c']) {
      world.addKey(secret);
      expect((await world.fetch(run, { headers: bearer(secret) })).status).toBe(200);
    }
    expect((await world.fetch(run, { headers: { cookie: `conclave=${token.slice(0, 500)}` } })).status).toBe(401);
    expect([token, 'eyJ.only-two-parts', 'ck_a.b.c', token.slice(0, 500)].map((one) => world.kinds.get(one))).toEqual([
      ...['access-token', 'api-key', 'api-key', 'sign-in'],
    ]);
  });

  it('is held to its networks on every request, as is signing in with it', async () => {
    world.addKey('ck_here', permissions, 60_000, ['127.0.0.0/8', '::1']);
    world.addKey('ck_elsewhere', permissions, 60_000, ['192.0.2.0/24', '::/0']);
    expect((await world.fetch(run, { headers: bearer('ck_here') })).status).toBe(200);
    for (const _ of ['asked', 'remembered']) {
      const response = await world.fetch(run, { headers: bearer('ck_elsewhere') });
      expect(await response.clone().json()).toMatchObject({ address: '127.0.0.1' });
      expect([response.status, await codeOf(response)]).toEqual([403, 'auth.address.refused']);
    }
    const signIn = (apiKey: string) =>
      world.fetch('/v1/sign-ins', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiKey }),
      });
    expect((await signIn('ck_here')).status).toBe(201);
    expect(await codeOf(await signIn('ck_elsewhere'))).toBe('auth.address.refused');
  });

  it('asks auth once for requests that arrive together, and not again for seconds', async () => {
    world.addKey('ck_flight');
    const before = world.exchanges();
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => world.fetch(run, { headers: bearer('ck_flight') })),
    );
    expect(responses.map(({ status }) => status)).toEqual(Array(20).fill(200));
    await world.fetch(run, { headers: bearer('ck_flight') });
    expect(world.exchanges() - before).toBe(1);
  });

  it('remembers a refusal only for a moment: a key made meanwhile works a second later', async () => {
    const ask = async () => (await world.fetch(run, { headers: bearer('ck_new') })).status;
    const before = world.exchanges();
    expect([await ask(), await ask()]).toEqual([401, 401]);
    expect(world.exchanges() - before).toBe(1);
    world.addKey('ck_new');
    await sleep(1_050);
    expect(await ask()).toBe(200);
  });

  it('stops a revoked key as soon as the doorbell rings', async () => {
    world.addKey('ck_revoked');
    const ask = async () => (await world.fetch(run, { headers: bearer('ck_revoked') })).status;
    expect(await ask()).toBe(200);
    world.revoke('ck_revoked');
    for (let waited = 0; (await ask()) === 200 && waited < 1_000; waited += 20) await sleep(20);
    expect(await ask()).toBe(401);
  });

  it('stops a revoked key also in the middle of a request: what it says after that is for nobody', async () => {
    world.addKey('ck_slow');
    const headers = { ...bearer('ck_slow'), 'content-type': 'application/json' };
    const ask = httpRequest(`${world.edge.url}${run}/cancel`, { method: 'POST', headers });
    const answered = once(ask, 'response') as Promise<[IncomingMessage]>;
    ask.write('{');
    const known = async () => (await world.fetch(run, { headers: bearer('ck_slow') })).status;
    const asked: string[] = [];
    world.owner.answer = async ({ subject }) => {
      asked.push(subject);
      return aRun;
    };
    expect(await known()).toBe(200);
    world.revoke('ck_slow');
    for (let waited = 0; (await known()) === 200 && waited < 1_000; waited += 20) await sleep(20);
    ask.end('}');
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(401);
    expect(asked).not.toContain(runtime.cancelRun.subject);
  });

  it('holds a caller to its role as changed as soon as the doorbell rings', async () => {
    world.addKey('ck_narrowed', ['run:read']);
    const ask = async () => (await world.fetch(run, { headers: bearer('ck_narrowed') })).status;
    expect(await ask()).toBe(200);
    world.narrow('ck_narrowed', ['self:read']);
    for (let waited = 0; (await ask()) === 200 && waited < 1_000; waited += 20) await sleep(20);
    expect(await ask()).toBe(403);
  });

  it('stops a revoked key within five seconds when the doorbell was missed', async () => {
    world.addKey('ck_missed');
    const ask = async () => (await world.fetch(run, { headers: bearer('ck_missed') })).status;
    expect(await ask()).toBe(200);
    world.revoke('ck_missed', false);
    expect(await ask()).toBe(200);
    await sleep(5_050);
    expect(await ask()).toBe(401);
  });
});

describe('permissions', () => {
  it('refuses at the edge what the token does not permit, naming the permission', async () => {
    const response = await world.fetch(run, { headers: bearer(world.keys.auditor) });
    const problem = (await response.json()) as object;
    expect(problem).toMatchObject({ status: 403, code: 'auth.forbidden', permission: 'run:read' });
    expect(world.owner.seen).toEqual([]);
  });

  it('leaves no public route without a permission that principals can hold', () => {
    const open = contracts.filter(
      ({ http, permission }) => http && !(permissions as readonly string[]).includes(permission),
    );
    expect(open.map(({ subject }) => subject)).toEqual([]);
  });

  const routes = contracts.flatMap(({ http }) =>
    http ? [{ method: http.method, path: http.path.replaceAll(/\{\w+\}/g, 'x') }] : [],
  );
  it.each(routes)('$method $path answers nobody without a credential', async ({ method, path }) => {
    const response = await world.fetch(path, { method });
    expect([response.status, await codeOf(response)]).toEqual([401, 'auth.unauthenticated']);
  });
});

describe('second factors', () => {
  const as = (secret: string) => ({ cookie: `conclave=${secret}`, 'x-conclave-csrf': 'csrf-of-the-page' });
  const routes = contracts.flatMap((contract) => {
    const { http } = contract;
    return http ? [{ contract, method: http.method, path: http.path.replaceAll(/\{\+?\w+\}/g, 'x') }] : [];
  });
  const ask = async (secret: string, method: string, path: string) => {
    const response = await world.fetch(path, { method, headers: as(secret) });
    return (await response.json().catch(() => ({}))) as { code?: string; factors?: string[] };
  };
  const proof = { totp: '123456' };
  const stepUp = (headers: object, body: object = proof) =>
    world.fetch('/v1/sign-ins/current/step-up', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('to be shown leave a sign-in worth nothing on any route, but its word, its end and showing one', async () => {
    world.addSignIn('sgn_pending', { provenUntil: 0, factors: ['totp'], withheld: permissions });
    for (const { method, path } of routes)
      expect([method, path, await ask('sgn_pending', method, path)]).toEqual([
        ...[method, path],
        expect.objectContaining({ code: 'auth.second-factor.required', factors: ['totp'] }),
      ]);
    expect(await ask('sgn_pending', 'GET', '/v1/sign-ins/current')).toEqual({
      ...{ csrf: 'csrf-of-the-page', secondFactor: ['totp'] },
    });
    for (const [method, path] of [
      ['PATCH', '/v1/sign-ins/current'],
      ['GET', '/scim/v2/Users'],
    ] as const)
      expect((await ask('sgn_pending', method, path)).code).toBe('auth.second-factor.required');
    const ended = await world.fetch('/v1/sign-ins/current', { method: 'DELETE', headers: as('sgn_pending') });
    expect(ended.status).toBe(204);
    expect(world.owner.seen).toEqual([]);
  });

  it('can be added where there is none to show, and nothing else', async () => {
    world.addSignIn('sgn_none', { provenUntil: Date.now() + 60_000, factors: [], withheld: permissions });
    const open: string[] = [];
    for (const { contract, method, path } of routes)
      if ((await ask('sgn_none', method, path)).code !== 'auth.second-factor.required') open.push(contract.subject);
    expect(open.sort()).toEqual(
      contracts
        .filter(({ whilePending }) => whilePending)
        .map(({ subject }) => subject)
        .sort(),
    );
    world.addSignIn('sgn_old', { provenUntil: 0, factors: [], withheld: permissions });
    expect(await ask('sgn_old', 'POST', '/v1/mfa/totp/options')).toMatchObject({ code: 'auth.step-up.required' });
  });

  it('of late are asked for where the contract says so, of browsers and programs and not of keys', async () => {
    world.addSignIn('sgn_stale', { provenUntil: Date.now() - 1, factors: ['passkey'] });
    world.addSignIn('sgn_fresh', { provenUntil: Date.now() + 60_000, factors: ['passkey'] });
    for (const { method, path } of routes.filter(({ contract }) => contract.stepUp))
      expect([method, path, await ask('sgn_stale', method, path)]).toEqual([
        ...[method, path],
        expect.objectContaining({ code: 'auth.step-up.required', factors: ['passkey'] }),
      ]);
    expect(await ask('sgn_stale', 'GET', run)).toEqual(aRun);
    expect(await ask('sgn_fresh', 'POST', '/v1/api-keys')).toMatchObject({ code: 'request.invalid' });
    const [stale, fresh] = ['eyJh.stale.s', 'eyJh.fresh.s'];
    world.addProgram(stale, { provenUntil: Date.now() - 1, factors: [], maxAgeS: 900 });
    world.addProgram(fresh, { provenUntil: Date.now() + 60_000, factors: [], maxAgeS: 900 });
    for (const { method, path } of routes.filter(({ contract }) => contract.stepUp)) {
      const response = await world.fetch(path, { method, headers: bearer(stale) });
      expect([method, path, response.status, await codeOf(response)]).toEqual([
        method,
        path,
        401,
        'auth.proof.too-old',
      ]);
      expect(response.headers.get('www-authenticate')).toBe(
        'Bearer realm="conclave", error="insufficient_user_authentication", ' +
          'error_description="The person has to prove again who they are", max_age="900"',
      );
    }
    expect((await world.fetch(run, { headers: bearer(stale) })).status).toBe(200);
    const byProgram = await world.fetch('/v1/api-keys', { method: 'POST', headers: bearer(fresh) });
    expect(await codeOf(byProgram)).toBe('request.invalid');
    const byKey = await world.fetch('/v1/api-keys', { method: 'POST', headers: bearer(world.keys.admin) });
    expect(await codeOf(byKey)).toBe('request.invalid');
  });

  it('that were shown put another sign-in into the cookie, and the one before opens nothing', async () => {
    world.addSignIn('sgn_before', { provenUntil: 0, factors: ['totp'], withheld: permissions });
    expect(await codeOf(await stepUp({ cookie: 'conclave=sgn_before' }))).toBe('auth.csrf');
    expect(await codeOf(await stepUp(bearer(world.keys.admin)))).toBe('auth.unauthenticated');
    for (const wrong of [{}, { totp: '12' }, { ...proof, recoveryCode: 'x' }, { secret: 'x', proof }])
      expect(await codeOf(await stepUp(as('sgn_before'), wrong))).toBe('request.invalid');
    const locked = await stepUp(as('sgn_before'), { totp: '000 000' });
    expect([locked.status, locked.headers.get('retry-after')]).toEqual([429, '30']);
    const shown = await stepUp(as('sgn_before'), { totp: '123 456' });
    const set = shown.headers.get('set-cookie')!;
    expect([shown.status, await shown.json()]).toEqual([
      200,
      { csrf: 'csrf-of-the-page', expiresAt: expect.any(String) },
    ]);
    expect(set).toMatch(/^conclave=sgn_.*; HttpOnly; SameSite=Strict$/);
    const cookie = set.split(';', 1)[0]!;
    expect((await world.fetch(run, { headers: { cookie } })).status).toBe(200);
    expect((await world.fetch(run, { headers: as('sgn_before') })).status).toBe(401);
  });
});

describe('sign-ins', () => {
  async function signIn() {
    const response = await world.fetch('/v1/sign-ins', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiKey: world.keys.admin }),
    });
    const set = response.headers.get('set-cookie')!;
    return {
      response,
      set,
      cookie: set.split(';', 1)[0]!,
      ...((await response.json()) as { csrf: string; expiresAt: string }),
    };
  }
  const cancel = (headers: Record<string, string>) => world.fetch(`${run}/cancel`, { method: 'POST', headers });

  it('keeps the secret where no page reads it, and gives the page its CSRF value', async () => {
    const { response, set, cookie, csrf } = await signIn();
    expect(response.status).toBe(201);
    expect(set).toMatch(/^conclave=sgn_.*; Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/);
    expect((await world.fetch(run, { headers: { cookie } })).status).toBe(200);
    expect((await cancel({ cookie, 'x-conclave-csrf': csrf })).status).toBe(200);
  });

  it('refuses a write with the cookie alone, or with a wrong value', async () => {
    const { cookie } = await signIn();
    expect(await codeOf(await cancel({ cookie }))).toBe('auth.csrf');
    for (const headers of [
      { cookie, 'x-conclave-csrf': '' },
      { cookie, 'x-conclave-csrf': 'csrf-of-the-pagf' },
    ])
      expect(await codeOf(await cancel(headers))).toBe('auth.csrf');
    expect(world.owner.seen).toEqual([]);
  });

  it('refuses a write that another page asks for, whatever it knows', async () => {
    const { cookie, csrf } = await signIn();
    const from = (origin: string) => cancel({ cookie, 'x-conclave-csrf': csrf, origin });
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1', '', 'file://'])
      expect([origin, await codeOf(await from(origin))]).toEqual([origin, 'auth.csrf']);
    expect(world.owner.seen).toEqual([]);
    expect((await from(new URL(world.edge.url).origin)).status).toBe(200);
  });

  it('refuses a sign-in with an unknown key, and one that is not JSON', async () => {
    const post = (type: string, body: string) =>
      world.fetch('/v1/sign-ins', { method: 'POST', headers: { 'content-type': type }, body });
    expect(await codeOf(await post('application/json', '{"apiKey":"ck_guess"}'))).toBe('auth.unauthenticated');
    expect(await codeOf(await post('application/json', '{"apiKey":"a","admin":true}'))).toBe('request.invalid');
    expect(await codeOf(await post('application/x-www-form-urlencoded', 'apiKey=ck_admin'))).toBe('request.media-type');
  });

  it('takes a passkey as it takes a key, and asks nobody who they are before', async () => {
    const post = (path: string, body: object) =>
      world.fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const asked = await post('/v1/sign-ins/challenges', {});
    expect([asked.status, await asked.json()]).toEqual([200, { options: { challenge: 'AAAA' } }]);
    const parts = { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA', userHandle: 'AAAA' };
    const signedIn = await post('/v1/sign-ins', { passkey: { id: 'known', ...parts } });
    const cookie = signedIn.headers.get('set-cookie')!.split(';', 1)[0]!;
    expect([signedIn.status, (await world.fetch(run, { headers: { cookie } })).status]).toEqual([201, 200]);
    expect(await codeOf(await post('/v1/sign-ins', { passkey: { id: 'other', ...parts } }))).toBe(
      'auth.unauthenticated',
    );
    const both = { apiKey: world.keys.admin, passkey: { id: 'known', ...parts } };
    expect(await codeOf(await post('/v1/sign-ins', both))).toBe('request.invalid');
    for (const body of [null, 7, [], 'text', {}, { toString: 1 }])
      expect(await codeOf(await post('/v1/sign-ins', body as object))).toBe('request.invalid');
  });

  it('tells a page of ours its word for writes again, and nobody else', async () => {
    const { cookie, csrf } = await signIn();
    const word = (headers: Record<string, string>) => world.fetch('/v1/sign-ins/current', { headers });
    const told = await word({ cookie });
    expect([await told.json(), told.headers.get('cache-control')]).toEqual([{ csrf }, 'no-store']);
    expect(told.headers.get('access-control-allow-origin')).toBeNull();
    expect(await codeOf(await word(bearer(world.keys.admin)))).toBe('auth.unauthenticated');
    expect(await codeOf(await word({}))).toBe('auth.unauthenticated');
  });

  it('ends a sign-in at once, with its CSRF value only', async () => {
    const { cookie, csrf } = await signIn();
    const end = (headers: Record<string, string>) => world.fetch('/v1/sign-ins/current', { method: 'DELETE', headers });
    expect(await codeOf(await end({ cookie }))).toBe('auth.csrf');
    expect(await codeOf(await end(bearer(world.keys.admin)))).toBe('auth.unauthenticated');
    const ended = await end({ cookie, 'x-conclave-csrf': csrf });
    expect([ended.status, ended.headers.get('set-cookie')]).toEqual([
      204,
      expect.stringMatching(/^conclave=; .*Expires=Thu, 01 Jan 1970/),
    ]);
    expect((await world.fetch(run, { headers: { cookie } })).status).toBe(401);
  });
});
