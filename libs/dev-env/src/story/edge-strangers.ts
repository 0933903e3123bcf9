/**
 * The wall between tenants at the routes that the edge has beside the contracts': what a stranger sends to each, with ids
 * of another tenant and with ids of nothing.
 */
import { edgeRoutes, type EdgeRoute } from '@conclave/contracts';
import { plain, unknown, type Answer } from './strangers.js';

type IdOf = (prefix: string) => string;

/** What is sent to a route. */
export interface Asking {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Probe {
  /** Each with an id of another tenant's where one can stand; where several can, with the stranger's own at all but one. */
  readonly asks: (idOf: IdOf, ownOf: IdOf) => readonly Asking[];
  /** Why what is there is answered otherwise than what is not. */
  readonly tellsApart?: string;
}

export const nameOf = ({ method, path }: EdgeRoute): string => `${method} ${path}`;

const json = (path: string, body: object = {}): Asking => ({
  path,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const form = (path: string, members: Readonly<Record<string, string>>): Asking => ({
  path,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(members).toString(),
});
const always = (...asks: readonly Asking[]): Probe => ({ asks: () => asks });

const browsers = 'a connection is where anybody may begin, and its id is in the address';
const atConnection = (ask: (path: string) => Asking, path: string): Probe => ({
  asks: (idOf) => [ask(path.replace('{connection}', idOf('con')))],
  tellsApart: browsers,
});
const get = (path: string): Asking => ({ path });
const programs = 'the id of a program is in every address that leads to it';
/** `%00:%00`, as HTTP's own authentication spells it. */
const NUL_BASIC = { authorization: `Basic ${Buffer.from('%00:%00').toString('base64')}` };
const asProgram = (path: string, more: Readonly<Record<string, string>> = {}): Probe => ({
  asks: (idOf) => [
    form(path, { client_id: idOf('ocl'), client_secret: 'guess', ...more }),
    { ...form(path, more), headers: { ...form(path, more).headers, ...NUL_BASIC } },
  ],
});

const CORE = 'urn:ietf:params:scim:schemas:core:2.0';
const group = { schemas: [`${CORE}:Group`], displayName: 'theirs' };
const user = { schemas: [`${CORE}:User`], userName: 'theirs@example.com' };
const patchOf = (operation: object) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [operation],
});
const patch = patchOf({ op: 'replace', path: 'displayName', value: 'theirs' });
const scim = (idOf: IdOf, ask: (path: string, of: 'user' | 'group') => Asking): readonly Asking[] => [
  ask(`/scim/v2/Users/${idOf('prn')}`, 'user'),
  ask(`/scim/v2/Groups/${idOf('grp')}`, 'group'),
];
const found = (kind: string, filter: string): Asking => ({
  path: `/scim/v2/${kind}?filter=${encodeURIComponent(filter)}`,
});

/** What is sent to each route. */
export const probes: Readonly<Record<string, Probe>> = {
  'POST /v1/sign-ins': always(
    json('/v1/sign-ins', { apiKey: 'ck_guess' }),
    json('/v1/sign-ins', { link: 'x'.repeat(43) }),
  ),
  'POST /v1/sign-ins/challenges': always(json('/v1/sign-ins/challenges')),
  'POST /v1/links/open': always(json('/v1/links/open', { link: 'x'.repeat(43) })),
  'POST /v1/sign-in-options': always(json('/v1/sign-in-options', { email: 'ada@canary.example.com' })),
  'GET /v1/sign-ins/current': always(get('/v1/sign-ins/current')),
  'PATCH /v1/sign-ins/current': { asks: (idOf) => [json('/v1/sign-ins/current', { workspace: idOf('wsp') })] },
  'DELETE /v1/sign-ins/current': always(get('/v1/sign-ins/current')),
  'POST /v1/sign-ins/current/step-up': always(json('/v1/sign-ins/current/step-up', { totp: '000000' })),
  'POST /v1/mfa/totp': always(json('/v1/mfa/totp', { code: '000000' })),
  'POST /v1/hooks/{id}': {
    asks: (idOf) => {
      const { headers, ...asking } = json(`/v1/hooks/${idOf('trg')}`);
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const signature = { 'webhook-id': 'msg_1', 'webhook-timestamp': timestamp, 'webhook-signature': 'v1,c2lnbmVk' };
      return [{ ...asking, headers: { ...headers, ...signature } }];
    },
  },
  'GET /auth/saml/{connection}/login': atConnection(get, '/auth/saml/{connection}/login'),
  'GET /auth/oidc/{connection}/login': atConnection(get, '/auth/oidc/{connection}/login'),
  'GET /auth/saml/{connection}/metadata': atConnection(get, '/auth/saml/{connection}/metadata'),
  'GET /auth/oidc/{connection}/keys': atConnection(get, '/auth/oidc/{connection}/keys'),
  'POST /auth/saml/{connection}/acs': atConnection(
    (path) => form(path, { SAMLResponse: 'AAAA', again: '1' }),
    '/auth/saml/{connection}/acs',
  ),
  'GET /auth/oidc/{connection}/callback': atConnection(get, '/auth/oidc/{connection}/callback?code=x&state=y'),
  'GET /auth/saml/{connection}/slo': atConnection(get, '/auth/saml/{connection}/slo'),
  'POST /auth/saml/{connection}/slo': atConnection(
    (path) => form(path, { SAMLRequest: 'AAAA' }),
    '/auth/saml/{connection}/slo',
  ),
  'GET /auth/oidc/{connection}/signed-out': atConnection(get, '/auth/oidc/{connection}/signed-out'),
  'POST /auth/oidc/{connection}/backchannel-logout': atConnection(
    (path) => form(path, { logout_token: 'a.b.c' }),
    '/auth/oidc/{connection}/backchannel-logout',
  ),
  'GET /.well-known/oauth-authorization-server': always(get('/.well-known/oauth-authorization-server')),
  'GET /.well-known/openid-configuration': always(get('/.well-known/openid-configuration')),
  'GET /.well-known/oauth-protected-resource': always(get('/.well-known/oauth-protected-resource')),
  'GET /oauth/jwks.json': always(get('/oauth/jwks.json')),
  'GET /oauth/authorize': {
    asks: (idOf) => [get(`/oauth/authorize?client_id=${idOf('ocl')}&response_type=code&scope=run:read`)],
    tellsApart: programs,
  },
  'GET /oauth/authorize/{uid}': always(get(`/oauth/authorize/${'x'.repeat(21)}`)),
  'POST /oauth/par': asProgram('/oauth/par'),
  'POST /oauth/token': asProgram('/oauth/token', { grant_type: 'refresh_token', refresh_token: 'x'.repeat(43) }),
  'POST /oauth/device_authorization': asProgram('/oauth/device_authorization'),
  'POST /oauth/revoke': asProgram('/oauth/revoke', { token: 'x'.repeat(43) }),
  'POST /oauth/introspect': asProgram('/oauth/introspect', { token: 'x'.repeat(43) }),
  'GET /scim/v2/{+path}': {
    asks: (idOf) => [
      ...scim(idOf, get),
      ...['Users', 'Groups'].map((kind) => get(`/scim/v2/${kind}`)),
      found('Users', `id eq "${idOf('prn')}"`),
      found('Groups', `id eq "${idOf('grp')}"`),
      found('Groups', `members.value eq "${idOf('prn')}"`),
    ],
  },
  'POST /scim/v2/{+path}': {
    asks: (idOf) => [json('/scim/v2/Groups', { ...group, members: [{ value: idOf('prn') }] })],
  },
  'PUT /scim/v2/{+path}': {
    asks: (idOf, ownOf) => [
      ...scim(idOf, (path, of) => json(path, of === 'user' ? user : group)),
      json(`/scim/v2/Groups/${ownOf('grp')}`, { ...group, members: [{ value: idOf('prn') }] }),
    ],
  },
  'PATCH /scim/v2/{+path}': {
    asks: (idOf, ownOf) => [
      ...scim(idOf, (path) => json(path, patch)),
      json(`/scim/v2/Groups/${ownOf('grp')}`, patchOf({ op: 'add', path: 'members', value: [{ value: idOf('prn') }] })),
    ],
  },
  'DELETE /scim/v2/{+path}': { asks: (idOf) => scim(idOf, get) },
  ...Object.fromEntries(
    ['/auth/again.js', '/openapi.json', '/docs', '/healthz', '/readyz', '/metrics'].map((path) => [
      `GET ${path}`,
      always(get(path)),
    ]),
  ),
};

/** How a stranger asks: with which credential, given anew for each request where it is a browser's. */
export interface Stranger {
  readonly gateway: string;
  readonly apiKey: string;
  readonly browser: () => Promise<Readonly<Record<string, string>>>;
  /** What the stranger has. */
  readonly own: ReadonlyMap<string, string>;
}

export interface Told {
  readonly route: string;
  /** What the answer holds that the stranger did not send. */
  readonly revealed: readonly string[];
  readonly answer: Answer;
  /** What is said of what is there, and of what never was; undefined where these may differ. */
  readonly apart?: readonly [string, string];
}

/** Asks every route of the edge's own about what another tenant has. */
export async function* askEverywhere(
  stranger: Stranger,
  theirs: ReadonlyMap<string, string>,
  secrets: readonly string[],
): AsyncGenerator<Told> {
  for (const route of edgeRoutes) {
    const { asks, tellsApart } = probes[nameOf(route)]!;
    const ownOf: IdOf = (prefix) => stranger.own.get(prefix)!;
    const [known, guessed] = [sent(asks, (prefix) => theirs.get(prefix)!, ownOf), sent(asks, unknown, ownOf)];
    for (const asking of known.askings.map(withNul)) {
      const answer = await send(stranger, route, asking);
      yield { route: `${nameOf(route)} at ${asking.path}`, revealed: [], answer };
    }
    for (const [n, asking] of known.askings.entries()) {
      const answer = await send(stranger, route, asking);
      const revealed = secrets.filter((secret) => answer.text.includes(secret) && !known.ids.includes(secret));
      const told = { route: `${nameOf(route)} at ${asking.path}`, revealed, answer };
      if (known.ids.length === 0 || tellsApart !== undefined) yield told;
      else {
        const guess = await send(stranger, route, guessed.askings[n]!);
        yield { ...told, apart: [plain(answer, known.ids), plain(guess, guessed.ids)] };
      }
    }
  }
}

/** The same with the zero character wherever a client can put one: no database keeps it. */
function withNul({ path, headers, body }: Asking): Asking {
  const members = ['client_id', 'code', 'state', 'returnTo', 'filter', 'RelayState', 'SAMLRequest', 'consent'];
  const query = members.map((name) => `${name}=%00`).join('&');
  const isForm = headers?.['content-type']?.includes('form') === true;
  const nuls = isForm ? [...new URLSearchParams(body).keys()].map((name) => `${name}=%00`).join('&') : body;
  return {
    path: `${path}${path.includes('?') ? '&' : '?'}${query}`,
    ...(headers === undefined ? {} : { headers }),
    ...(nuls === undefined ? {} : { body: nuls }),
  };
}

function sent(asks: Probe['asks'], idOf: IdOf, ownOf: IdOf): { askings: readonly Asking[]; ids: readonly string[] } {
  const ids = new Set<string>();
  const askings = asks((prefix) => {
    const id = idOf(prefix);
    ids.add(id);
    return id;
  }, ownOf);
  return { askings, ids: [...ids] };
}

/** Sends it with the credential that the route takes. */
export async function send(
  { gateway, apiKey, browser }: Stranger,
  { method, access }: EdgeRoute,
  asking: Asking,
): Promise<Answer> {
  const credential =
    'signIn' in access ? await browser() : 'permission' in access ? { authorization: `Bearer ${apiKey}` } : {};
  const response = await fetch(gateway + asking.path, {
    ...{ method, headers: { ...asking.headers, ...credential }, redirect: 'manual' },
    ...(asking.body === undefined ? {} : { body: asking.body }),
    signal: AbortSignal.timeout(20_000),
  });
  const said = [...response.headers].filter(([name]) => ['location', 'etag', 'set-cookie'].includes(name));
  return { status: response.status, text: JSON.stringify(said) + (await response.text()) };
}
