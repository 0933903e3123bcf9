/** An OpenID provider that many run, with people who sign in as soon as they are asked. */
import type { ReplyOf, connections } from '@conclave/contracts';
import Provider from 'oidc-provider';
import { startLoopback, type Loopback } from './loopback.js';

export interface TestPerson {
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  /** How the provider knew them, as it says in the ID token. */
  readonly amr?: string[];
  /** Whatever else a provider says of them. */
  readonly [claim: string]: unknown;
}

/** How a provider does it where others do otherwise. */
export interface IssuerSetup {
  /** What follows the host in the issuer. */
  readonly path?: string;
  /** Where the document is found, if not below the issuer. */
  readonly foundBelow?: string;
  /** What the document says otherwise; `undefined` takes a member out. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** The one way in which its clients prove themselves. */
  readonly clientAuthentication?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  /** Claims by the scope that asks for them, besides those that all have. */
  readonly claims?: Readonly<Record<string, string[]>>;
  /** Whether the ID token has all claims, or userinfo those of the scopes. */
  readonly fullIdToken?: boolean;
  /** Whether each client is told other names. */
  readonly pairwise?: boolean;
  /** Whether browsers come back with the issuer's name (RFC 9207). */
  readonly namesItself?: boolean;
  /** Looks at the words by which a client proves itself. */
  readonly assertion?: (header: Readonly<Record<string, unknown>>, claims: Readonly<Record<string, unknown>>) => void;
  readonly takesSignOuts?: boolean;
}

interface Client {
  readonly id: string;
  readonly secret: string;
  /** What it knows the client's own words by. */
  readonly keys?: ReplyOf<typeof connections.getClientKeys>['keys'];
  readonly callback: string;
  /** Where it sends a browser that signed out, and where it says so itself. */
  readonly signedOut?: string;
  readonly backChannel?: string;
}

export interface TestIssuer {
  readonly url: string;
  /** Who sits before the browser. */
  person: TestPerson;
  /** Registers the client, at a provider set up so; what was there before is gone. */
  register(client: Client, setup?: IssuerSetup): void;
  /** Walks a browser from the authorization address to the callback. @returns the query it comes back with */
  walk(authorizationUrl: string): Promise<string>;
  /** The browser that walked last signs out at that address. @returns where it is sent, and what the client is told */
  signOut(url: string): Promise<{ location: string; told: URLSearchParams | undefined }>;
  stop(): Promise<void>;
}

export async function startIssuer(): Promise<TestIssuer> {
  const loopback = await startLoopback();
  // The provider tells whoever runs it how to run it better, at length.
  const { warn, info } = console;
  console.warn = console.info = () => undefined;
  let jar: Jar = new Map();
  let told: URLSearchParams | undefined;
  let namesItself = true;
  const issuer: TestIssuer = {
    url: loopback.url,
    person: { sub: 'ada' },
    register(client, setup = {}) {
      ({ namesItself = true } = setup);
      serve(loopback, client, setup, {
        person: () => issuer.person,
        tell: (body) => (told = body),
      });
    },
    async walk(url) {
      const query = new URLSearchParams(await walk(url, (jar = new Map<string, string>())));
      if (!namesItself) query.delete('iss');
      return query.toString();
    },
    async signOut(url) {
      told = undefined;
      const page = await (await step(jar, new URL(url))).text();
      const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page) ?? [];
      const body = new URLSearchParams({ xsrf, logout: 'yes' });
      const answer = await step(jar, new URL(`${new URL(url).pathname}/confirm`, url), { method: 'POST', body });
      return { location: answer.headers.get('location') ?? '', told };
    },
    stop() {
      Object.assign(console, { warn, info });
      return loopback.stop();
    },
  };
  return issuer;
}

/** Where it looks for the keys of a client: nowhere, it is given them. */
const KEYS = 'https://client.example.com/keys';

function serve(
  loopback: Loopback,
  client: Client,
  setup: IssuerSetup,
  { person, tell }: { person: () => TestPerson; tell: (body: URLSearchParams) => void },
): void {
  const { path = '', foundBelow = path, fullIdToken = false, pairwise = false, takesSignOuts = true } = setup;
  const unnamed = setup.namesItself === false ? { authorization_response_iss_parameter_supported: undefined } : {};
  const document = { ...unnamed, ...setup.document };
  const mount = path.replace(/\/$/, '');
  const provider: Provider = new Provider(loopback.url + path, {
    clients: [clientAt(client, setup)],
    fetch: (url, options) => {
      if (url === KEYS) return Promise.resolve(Response.json({ keys: client.keys }));
      tell(options?.body as unknown as URLSearchParams);
      return Promise.resolve(new Response());
    },
    scopes: ['openid', ...Object.keys(setup.claims ?? {})],
    claims: claimsOf(setup),
    conformIdTokenClaims: !fullIdToken,
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => Promise.resolve({ ...person(), sub }) }),
    features: {
      ...{ devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: takesSignOuts } },
      backchannelLogout: { enabled: true },
    },
    interactions: { url: (_ctx, { uid }) => `${mount}/interaction/${uid}` },
    cookies: { keys: ['for tests only'] },
    pkce: { required: () => true },
    assertJwtClientAuthClaimsAndHeader: (_ctx, claims, header) => setup.assertion?.(header, claims),
    subjectTypes: [pairwise ? 'pairwise' : 'public'],
    pairwiseIdentifier: (_ctx, sub) => `pairwise of ${sub}`,
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: client.id, accountId: oidc.session!.accountId! });
      grant.addOIDCScope([...oidc.requestParamScopes].join(' '));
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  const found = `${foundBelow.replace(/\/$/, '')}/.well-known/openid-configuration`;
  loopback.answer = (request, reply) => {
    const url = request.url ?? '';
    if (url === found) {
      void fetch(`${loopback.url}${mount}/.well-known/openid-configuration?`)
        .then((answer) => answer.json())
        .then((own) => {
          reply.writeHead(200, { 'content-type': 'application/json' });
          reply.end(JSON.stringify({ ...(own as object), ...document }));
        });
      return;
    }
    // The provider looks at addresses below its own.
    Object.assign(request, { originalUrl: url, url: url.startsWith(mount) ? url.slice(mount.length) : url });
    if (request.url?.startsWith('/interaction/'))
      void provider.interactionFinished(request, reply, {
        login: { accountId: person().sub, ...(person().amr ? { amr: person().amr! } : {}) },
      });
    else void callback(request, reply);
  };
}

const clientAt = (client: Client, { clientAuthentication, pairwise }: IssuerSetup) => ({
  ...{ client_id: client.id, client_secret: client.secret, redirect_uris: [client.callback] },
  ...(client.signedOut ? { post_logout_redirect_uris: [client.signedOut] } : {}),
  ...(client.backChannel
    ? { backchannel_logout_uri: client.backChannel, backchannel_logout_session_required: true }
    : {}),
  ...(clientAuthentication ? { token_endpoint_auth_method: clientAuthentication } : {}),
  ...(client.keys ? { jwks_uri: KEYS } : {}),
  ...(pairwise ? { subject_type: 'pairwise' as const } : {}),
});

function claimsOf({ claims = {} }: IssuerSetup): Record<string, string[]> {
  const all: Record<string, string[]> = {
    openid: ['sub', 'amr', 'auth_time'],
    email: ['email', 'email_verified'],
    profile: ['name'],
  };
  for (const [scope, names] of Object.entries(claims)) all[scope] = [...(all[scope] ?? []), ...names];
  return all;
}

type Jar = Map<string, string>;

async function step(jar: Jar, url: URL, init: RequestInit = {}): Promise<Response> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(url, { redirect: 'manual', headers: { cookie }, ...init });
  for (const line of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    jar.set(name!, value!);
  }
  return response;
}

async function walk(authorizationUrl: string, jar: Jar): Promise<string> {
  const { origin } = new URL(authorizationUrl);
  for (let url = new URL(authorizationUrl), steps = 0; steps < 10; steps += 1) {
    const response = await step(jar, url);
    const location = response.headers.get('location');
    if (!location) throw new Error(`${url.pathname} answered ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
    if (url.origin !== origin) return url.search.slice(1);
  }
  throw new Error('the provider sent the browser around in circles');
}
