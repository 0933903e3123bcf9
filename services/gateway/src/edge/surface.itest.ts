import { createHash } from 'node:crypto';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contracts, type OpenApiDocument } from '@conclave/contracts';
import { aRun, bearer, startEdgeWorld, type EdgeWorld } from './test/edge-world.js';

let world: EdgeWorld;
const PAGE = '<!doctype html><title>Console</title><script nonce="CSP-NONCE" src="/assets/app-1a2b.js"></script>';
const dir = mkdtempSync(join(tmpdir(), 'conclave-console-'));
beforeAll(async () => {
  mkdirSync(join(dir, 'assets'));
  writeFileSync(join(dir, 'index.html'), PAGE);
  writeFileSync(join(dir, 'assets/app-1a2b.js'), 'export {}');
  writeFileSync(join(dir, '..', 'secret-beside.txt'), 'secret');
  world = await startEdgeWorld({
    CONSOLE_DIR: dir,
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://conclave.example.com',
    ALLOWED_HOSTS: 'Inside.example, conclave-gateway',
    RATE_LIMIT_ADDRESS: '1000000',
    RATE_LIMIT_PRINCIPAL: '1000000',
  });
});
afterAll(async () => {
  await world.stop();
  rmSync(dir, { recursive: true });
});

const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
/** OpenAPI has no word for the rest of a path. */
const inDocument = (path: string): string => path.replace('{+', '{');

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await world.fetch(path, { headers });
  return { status: response.status, headers: response.headers, body: await response.text() };
};

describe('the console', () => {
  it('is served with its files, and as the page of every address of its own', async () => {
    for (const path of ['/', '/index.html', '/runs', `/decisions/${aRun.id}`]) {
      const { status, headers, body } = await get(path, page);
      const nonce = /nonce="([\w-]{22})"/.exec(body)?.[1];
      expect([path, status, body]).toEqual([path, 200, PAGE.replace('CSP-NONCE', String(nonce))]);
      expect(headers.get('cache-control')).toBe('no-cache');
    }
    const script = await get('/assets/app-1a2b.js');
    expect([script.status, script.headers.get('content-type'), script.headers.get('cache-control')]).toEqual([
      200,
      expect.stringMatching(/^(text|application).javascript; charset=utf-8$/),
      'public, max-age=31536000, immutable',
    ]);
    expect((await world.fetch('/runs', { method: 'HEAD', headers: page })).status).toBe(200);
  });

  it('never answers for the API, for other methods, for programs, or from outside of its folder', async () => {
    for (const path of [
      '/v1',
      '/v1/nothing',
      '/assets/missing.js',
      '/../secret-beside.txt',
      '/..%2fsecret-beside.txt',
      '/%2e%2e/secret-beside.txt',
    ])
      expect([path, (await get(path, path.startsWith('/v1') ? page : {})).status]).toEqual([path, 404]);
    expect((await get('/runs')).status).toBe(404);
    expect((await world.fetch('/runs', { method: 'POST', headers: page })).status).toBe(404);
  });

  it('may run its own scripts only, and nothing may frame it', async () => {
    const [first, second] = [await get('/', page), await get('/', page)];
    const policyOf = (response: typeof first) => response.headers.get('content-security-policy')!.split(';');
    const nonceOf = ({ body }: typeof first) => /nonce="([\w-]{22})"/.exec(body)![1]!;
    expect(nonceOf(first)).not.toBe(nonceOf(second));
    for (const response of [first, second]) {
      const nonce = `'nonce-${nonceOf(response)}'`;
      expect(policyOf(response)).toEqual(
        expect.arrayContaining([
          ...[`script-src ${nonce} 'strict-dynamic'`, `style-src 'self' ${nonce}`, "default-src 'none'"],
          ...["base-uri 'none'", "frame-ancestors 'none'"],
        ]),
      );
    }
    const { headers } = await get('/assets/app-1a2b.js');
    expect(headers.get('content-security-policy')).not.toMatch(/nonce|unsafe|strict-dynamic/);
    const docs = await get('/docs', page);
    const style = /<style>([^]*)<\/style>/.exec(docs.body)![1]!;
    expect(policyOf(docs)).toContain(
      `style-src 'self' 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    );
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('answers under its own names and by address alone', async () => {
    const { port } = new URL(world.edge.url);
    const statusOf = (host: string, path: string) =>
      new Promise<[number, string, unknown]>((resolve, reject) => {
        request({ port, path, headers: { host } }, (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (part: string) => (body += part));
          response.on('end', () => resolve([response.statusCode!, body, response.headers['x-content-type-options']]));
        })
          .on('error', reject)
          .end();
      });
    for (const path of ['/v1/me', '/', '/oauth/token', '/scim/v2/Users', '/auth/saml/x/metadata']) {
      const [expected] = await statusOf('conclave.example.com', path);
      for (const host of [
        'conclave.example.com:443',
        'CONCLAVE.example.com.',
        'inside.example',
        '10.0.0.7:8080',
        '[::1]:1',
      ])
        expect([host, path, (await statusOf(host, path))[0]]).toEqual([host, path, expected]);
      for (const host of ['evil.example', 'conclave.example.com.evil.example', 'xconclave.example.com', '@']) {
        const [status, body, sniffed] = await statusOf(host, path);
        expect([host, path, status, sniffed]).toEqual([host, path, 421, 'nosniff']);
        expect(JSON.parse(body)).toMatchObject({ code: 'request.misdirected', host });
      }
    }
    const metrics = ['evil.example', 'conclave.example.com', 'inside.example', '10.0.0.7'].map((host) =>
      statusOf(host, '/metrics'),
    );
    expect((await Promise.all(metrics)).map(([status]) => status)).toEqual([421, 404, 200, 200]);
  });

  it.each(['/v1/me', '/scim/v2/Users'])('tells a program without a credential where to begin: %s', async (path) => {
    const { status, headers } = await world.fetch(path);
    expect([status, headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="conclave", resource_metadata="https://conclave.example.com/.well-known/oauth-protected-resource"',
    ]);
  });

  it('signs in with a cookie that is for https and this host alone', async () => {
    const response = await world.fetch('/v1/sign-ins', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiKey: world.keys.admin }),
    });
    expect(response.headers.get('set-cookie')).toMatch(
      /^__Host-conclave=.*; Path=\/; .*HttpOnly; Secure; SameSite=Strict$/,
    );
  });
});

describe('the reference', () => {
  it('is the document of the contracts and of the edge’s own operations, and every route in it exists', async () => {
    const { headers, body } = await get('/openapi.json');
    const document = JSON.parse(body) as OpenApiDocument;
    expect(document.openapi).toBe('3.1.0');
    const spelled = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const expected = contracts.flatMap(({ http }) => (http ? [`${http.method} ${inDocument(http.path)}`] : []));
    expect(spelled.sort()).toEqual(
      [
        ...expected,
        ...[
          'POST /v1/hooks/{id}',
          'POST /v1/links/open',
          'POST /v1/mfa/totp',
          'POST /v1/sign-ins/current/step-up',
          'POST /v1/sign-in-options',
          'POST /v1/sign-ins',
          'POST /v1/sign-ins/challenges',
        ],
        ...['GET /v1/sign-ins/current', 'PATCH /v1/sign-ins/current', 'DELETE /v1/sign-ins/current'],
      ].sort(),
    );
    for (const route of spelled) {
      const [method, path] = route.split(' ') as [string, string];
      expect([route, (await world.fetch(path.replaceAll(/\{\w+\}/g, 'x'), { method })).status]).not.toEqual([
        route,
        404,
      ]);
    }
    expect((await get('/openapi.json', { 'if-none-match': headers.get('etag')! })).status).toBe(304);
  });

  it('is a page without scripts that shows every route', async () => {
    const { headers, body } = await get('/docs');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    for (const { http } of contracts) if (http) expect(body).toContain(`<code>${inDocument(http.path)}</code>`);
    expect(body).not.toMatch(/<script|https?:\/\/(?!json-schema)/);
  });
});

describe('operations', () => {
  it('counts requests by route, method and status, without ids in the labels', async () => {
    await world.fetch(`/v1/runs/${aRun.id}`, { headers: bearer(world.keys.admin) });
    await world.fetch('/v1/nothing');
    const { body } = await get('/metrics');
    expect(body).toMatch(
      /conclave_http_request_duration_seconds_count\{[^}]*method="GET",route="\/v1\/runs\/:id",status="200"[^}]*\} \d+/,
    );
    expect(body).toMatch(/route="\/\*",status="404"/);
    expect(body).not.toContain(aRun.id);
  });

  it('says whether it lives and should get traffic', async () => {
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
  });

  it('tells nobody of the inside who asks by the public name', async () => {
    const { hostname, port } = new URL(world.edge.url);
    const statusOf = (path: string, host: string) =>
      new Promise<number | undefined>((done, refuse) => {
        const asked = request({ hostname, port, path, headers: { host }, agent: false }, (response) => {
          response.resume();
          done(response.statusCode);
        });
        asked.once('error', refuse).end();
      });
    for (const path of ['/readyz', '/metrics'])
      for (const host of ['conclave.example.com', 'Conclave.Example.com:443', 'conclave.example.com.'])
        expect([path, host, await statusOf(path, host)]).toEqual([path, host, 404]);
    expect(await statusOf('/healthz', 'conclave.example.com')).toBe(200);
    expect(await statusOf('/metrics', 'conclave-gateway:8080')).toBe(200);
  });
});
