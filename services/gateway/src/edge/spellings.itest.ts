/** Every route of the contracts and of the edge's own, and every other way to spell its path. */
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contracts, edgeRoutes, newId, type EdgeRoute } from '@conclave/contracts';
import fastifyInstance from 'fastify';
import { serveListedOnly } from './listed-routes.js';
import { bearer, startEdgeWorld, type EdgeWorld } from './test/edge-world.js';

const HOST = 'conclave.example.com';
const env = { NODE_ENV: 'production', PUBLIC_URL: `https://${HOST}`, RATE_LIMIT_PRINCIPAL: '1000000' };
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
afterAll(() => agent.destroy());

/** Puts something between the first segment and the rest; what has one segment alone has no other spelling so. */
const between = (what: string) => (path: string) => path.replace(/^(\/[^/]+)\/(?=.)/, `$1${what}`);
const before = (what: string) => (path: string) => what + path;
const after = (what: string) => (path: string) => path + what;
const spellings: readonly (readonly [string, (path: string) => string])[] = [
  ['two slashes first', before('/')],
  ['two slashes within', between('//')],
  ['a slash last', after('/')],
  ['two slashes last', after('//')],
  ['a dot last', after('.')],
  ['a dot segment last', after('/.')],
  ['a dot segment', between('/./')],
  ['an encoded dot segment', between('/%2e/')],
  ['a way back', before('/healthz/..')],
  ['an encoded way back', before('/healthz/%2e%2e')],
  ['a way back last', after('/x/..')],
  ['an encoded slash', between('%2F')],
  ['an encoded slash twice', between('%252F')],
  ['an encoded letter', (path) => `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`],
  ['its last letter encoded', (path) => `${path.slice(0, -1)}%${path.charCodeAt(path.length - 1).toString(16)}`],
  ['an encoded slash last', after('%2f')],
  ['a backslash', between('\\')],
  ['an encoded backslash', between('%5c')],
  ['parameters last', after(';a=b')],
  ['an encoded semicolon last', after('%3ba=b')],
  ['parameters within', between(';a=b/')],
  ['capital letters', (path) => path.toUpperCase()],
  ['an encoded zero', after('%00')],
  ['an encoded space', after('%20')],
  ['an encoded line end', after('%0d%0a')],
  ['an encoded question', after('%3fx')],
  ['an encoded fragment', after('%23x')],
  ['half an encoding', after('%2')],
  ['an overlong encoding', between('%c0%af')],
  ['a full-width slash', between('%ef%bc%8f')],
  ['a file’s ending', after('.json')],
  ['the whole address', before(`http://${HOST}`)],
  ['the whole address of elsewhere', before('http://elsewhere.example.com')],
];

interface Asking {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
interface Answer {
  readonly status: number;
  readonly code: string;
}

/** As it is written: `fetch` would tidy the path. */
const answerTo = (world: EdgeWorld, { method, path, headers = {}, body }: Asking) =>
  new Promise<Answer>((done, refuse) => {
    const { hostname, port } = new URL(world.edge.url);
    const asked = request({ hostname, port, method, path, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => done({ status: response.statusCode!, code: codeIn(text) }));
    });
    asked.once('error', refuse).end(body);
  });

/** The code of a refusal, or the beginning of what else is said. */
function codeIn(text: string): string {
  try {
    const { code, csrf } = JSON.parse(text) as { code?: string; csrf?: string };
    return code ?? csrf ?? text.slice(0, 60);
  } catch {
    return text.slice(0, 60);
  }
}

const NOWHERE = ['route.unknown', 'route.method'];
const sample = (path: string): string => path.replaceAll(/\{\+?\w+\}/g, 'x');

describe('a route of a contract, however its path is spelled', () => {
  const paths = contracts.flatMap(({ http }) => (http ? [{ method: http.method, path: sample(http.path) }] : []));
  let world: EdgeWorld;
  beforeAll(async () => {
    world = await startEdgeWorld({ ...env, RATE_LIMIT_ADDRESS: '1000000' });
    world.addKey('ck_powerless', []);
  });
  afterAll(() => world.stop());
  const codeAt = async (asking: Asking) => (await answerTo(world, { ...asking, headers: bearer('ck_powerless') })).code;

  it.each(spellings)('with %s is refused as when written plainly, or is none', async (_how, spell) => {
    const answers = await Promise.all(
      paths.map(async ({ method, path }) => [method, path, await codeAt({ method, path: spell(path) })]),
    );
    expect(answers.filter(([, , code]) => !['auth.forbidden', ...NOWHERE].includes(code!))).toEqual([]);
    expect(world.owner.seen).toEqual([]);
  });

  it('is there when written plainly', async () => {
    for (const asking of paths) expect(await codeAt(asking)).toBe('auth.forbidden');
  });
});

const FORM = 'application/x-www-form-urlencoded';
const SIGN_IN = 'a-sign-in';
const connection = newId('connection');
const json = (body: object) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const form = (body: string) => ({ headers: { 'content-type': FORM }, body });
const cookie = { cookie: `__Host-conclave=${SIGN_IN}`, 'x-conclave-csrf': 'csrf-of-the-page' };
const withCookie = (asking: Partial<Asking> = {}) => ({ ...asking, headers: { ...asking.headers, ...cookie } });
const hook = { 'webhook-id': 'msg_1', 'webhook-timestamp': '1767225600', 'webhook-signature': 'v1,c2lnbmVk' };

/** What is sent to each, so that it gets as far as a stranger gets. */
const sent: Readonly<Record<string, Partial<Asking>>> = {
  'POST /v1/sign-ins': json({ apiKey: 'ck_nobody' }),
  'POST /v1/sign-ins/challenges': json({}),
  'POST /v1/links/open': json({ link: 'x'.repeat(43) }),
  'POST /v1/sign-in-options': json({ email: 'ada@example.com' }),
  'GET /v1/sign-ins/current': withCookie(),
  'PATCH /v1/sign-ins/current': withCookie(json({ workspace: newId('workspace') })),
  'DELETE /v1/sign-ins/current': withCookie(),
  'POST /v1/sign-ins/current/step-up': withCookie(json({ totp: '000000' })),
  'POST /v1/mfa/totp': withCookie(json({ code: '000000' })),
  'POST /v1/hooks/{id}': {
    path: `/v1/hooks/${newId('trigger')}`,
    headers: { ...json({}).headers, ...hook },
    body: '{}',
  },
  'GET /auth/saml/{connection}/login': {},
  'GET /auth/oidc/{connection}/login': {},
  'GET /auth/saml/{connection}/metadata': {},
  'GET /auth/oidc/{connection}/keys': {},
  'POST /auth/saml/{connection}/acs': form('again=1&SAMLResponse=AAAA'),
  'GET /auth/oidc/{connection}/callback': {},
  'GET /auth/saml/{connection}/slo': {},
  'POST /auth/saml/{connection}/slo': form('SAMLRequest=AAAA'),
  'GET /auth/oidc/{connection}/signed-out': {},
  'POST /auth/oidc/{connection}/backchannel-logout': form('logout_token=a.b.c'),
  'GET /.well-known/oauth-authorization-server': {},
  'GET /.well-known/openid-configuration': {},
  'GET /.well-known/oauth-protected-resource': {},
  'GET /oauth/jwks.json': {},
  'GET /oauth/authorize': {},
  'GET /oauth/authorize/{uid}': { path: `/oauth/authorize/${'u'.repeat(21)}` },
  'POST /oauth/par': form('client_id=x'),
  'POST /oauth/token': form('client_id=x'),
  'POST /oauth/device_authorization': form('client_id=x'),
  'POST /oauth/revoke': form('client_id=x'),
  'POST /oauth/introspect': form('client_id=x'),
  ...Object.fromEntries(
    ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [
      `${method} /scim/v2/{+path}`,
      { path: '/scim/v2/Users', headers: bearer('ck_admin') },
    ]),
  ),
  'GET /auth/again.js': {},
  'GET /openapi.json': {},
  'GET /docs': {},
  'GET /healthz': {},
  'GET /readyz': {},
  'GET /metrics': {},
};
/** Whether the path is that of some route with another name in it, such as `/v1/things/{id}`. */
function namesAnother(method: string, path: string): boolean {
  const segments = path.split('/').map(decoded);
  return [...contracts.flatMap(({ http }) => http ?? []), ...edgeRoutes].some((route) => {
    const parts = route.path.split('/');
    const fits = (part: string, i: number) => part.startsWith('{') || part === segments[i];
    return route.method === method && parts.length === segments.length && route.path.includes('{') && parts.every(fits);
  });
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

const nameOf = ({ method, path }: EdgeRoute): string => `${method} ${path}`;
const askingOf = (route: EdgeRoute): Asking => ({
  method: route.method,
  path: route.path.replaceAll('{connection}', connection),
  ...sent[nameOf(route)],
});

describe('a route of the edge’s own, however its path is spelled', () => {
  let world: EdgeWorld;
  beforeAll(async () => {
    world = await startEdgeWorld({ ...env, RATE_LIMIT_ADDRESS: '1000000' });
  });
  afterAll(() => world.stop());

  /** What was answered, and what owners were asked on the way. */
  async function fateOf(asking: Asking) {
    world.addSignIn(SIGN_IN, { provenUntil: 0, factors: [] });
    world.asked.length = 0;
    world.owner.seen.length = 0;
    const answer = await answerTo(world, asking);
    return { ...answer, asked: [...world.asked, ...world.owner.seen.map(({ request: read }) => read)] };
  }

  it('has what is sent to it here', () => {
    expect(Object.keys(sent).sort()).toEqual(edgeRoutes.map(nameOf).sort());
  });

  it.each(edgeRoutes.map((route) => [nameOf(route), route] as const))(
    '%s answers as when written plainly, or is none',
    async (_, route) => {
      const asking = askingOf(route);
      const plain = await fateOf(asking);
      expect([NOWHERE.includes(plain.code), plain.status < 500 || route.path === '/readyz']).toEqual([false, true]);
      const differ = [];
      for (const [how, spell] of spellings) {
        const path = spell(asking.path);
        const fate = await fateOf({ ...asking, path });
        const untold = fate.asked.length === 0 && fate.status >= 400 && fate.status < 500;
        const isNone = untold && (NOWHERE.includes(fate.code) || namesAnother(asking.method, path));
        if (!isNone && JSON.stringify(fate) !== JSON.stringify(plain)) differ.push([how, path, fate, plain]);
      }
      expect(differ).toEqual([]);
    },
  );
});

const plainAnd = [['plainly', (path: string) => path] as const, ...spellings];

describe('what is counted and kept inside, however a path is spelled', () => {
  it('gets nobody past the limit of an address', async () => {
    const world = await startEdgeWorld({ ...env, RATE_LIMIT_ADDRESS: '1' });
    try {
      const began = Date.now();
      const passed = [];
      for (const asking of edgeRoutes.filter(({ uncounted }) => uncounted === undefined).map(askingOf))
        for (const [how, spell] of plainAnd) {
          const headers = withoutCredential(asking);
          const { status, code } = await answerTo(world, { ...asking, path: spell(asking.path), headers });
          if (status !== 429) passed.push([how, asking.method, asking.path, status, code]);
        }
      const minutes = Math.ceil((Date.now() - began) / 60_000);
      expect(passed.slice(minutes)).toEqual([]);
    } finally {
      await world.stop();
    }
  });

  it('tells nobody of the inside who asks by the public name', async () => {
    const world = await startEdgeWorld({ ...env, RATE_LIMIT_ADDRESS: '1000000' });
    try {
      for (const { path } of edgeRoutes.filter(({ inside }) => inside))
        for (const [how, spell] of plainAnd)
          for (const host of [HOST, `${HOST}:443`, `${HOST}.`, HOST.toUpperCase()]) {
            const answer = await answerTo(world, { method: 'GET', path: spell(path), headers: { host } });
            expect([how, host, answer]).toEqual([how, host, { status: 404, code: 'route.unknown' }]);
          }
    } finally {
      await world.stop();
    }
  });
});

describe('who is let in by a route of the edge’s own', () => {
  let world: EdgeWorld;
  beforeAll(async () => {
    world = await startEdgeWorld({ ...env, RATE_LIMIT_ADDRESS: '1000000' });
    world.addKey('ck_powerless', []);
    world.addSignIn(SIGN_IN, { provenUntil: 0, factors: [] });
  });
  afterAll(() => world.stop());
  const proven = edgeRoutes.filter(({ access }) => !('public' in access));

  it.each(proven.map((route) => [nameOf(route), route] as const))(
    '%s: nobody without what it says',
    async (_, route) => {
      const asking = askingOf(route);
      const as = async (credential: Record<string, string>) =>
        (await answerTo(world, { ...asking, headers: { ...withoutCredential(asking), ...credential } })).code;
      world.asked.length = 0;
      expect(await as({})).toBe('auth.unauthenticated');
      expect(await as(bearer('ck_nobody'))).toBe('auth.unauthenticated');
      const wrong = 'permission' in route.access ? 'auth.forbidden' : 'auth.unauthenticated';
      expect(await as(bearer('ck_powerless'))).toBe(wrong);
      if (route.method !== 'GET') expect(await as({ cookie: cookie.cookie })).toBe('auth.csrf');
      expect(world.asked).toEqual([]);
    },
  );

  it('starts with none that is in no list', async () => {
    const fastify = fastifyInstance();
    serveListedOnly(fastify);
    expect(() => fastify.get('/docs', async () => 'known')).not.toThrow();
    for (const add of [
      () => fastify.get('/v1/backdoor', async () => 'unknown'),
      () => fastify.post('/docs', async () => 'unknown'),
      () => fastify.all('/v1/me', async () => 'unknown'),
    ])
      expect(add).toThrow('is neither a contract');
    await fastify.close();
  });
});

function withoutCredential({ headers = {} }: Asking): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !['authorization', 'cookie', 'x-conclave-csrf'].includes(name)),
  );
}
