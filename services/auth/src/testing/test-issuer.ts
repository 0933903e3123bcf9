/** An OpenID provider that many run, with people who sign in as soon as they are asked. */
import Provider from 'oidc-provider';
import { startLoopback, type Loopback } from './loopback.js';

export interface TestPerson {
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  /** How the provider knew them, as it says in the ID token. */
  readonly amr?: string[];
}

interface Client {
  readonly id: string;
  readonly secret: string;
  readonly callback: string;
  /** Where it sends a browser that signed out, and where it says so itself. */
  readonly signedOut?: string;
  readonly backChannel?: string;
}

export interface TestIssuer {
  readonly url: string;
  /** Who sits before the browser. */
  person: TestPerson;
  /** Registers the client; what was there before is gone. */
  register(client: Client): void;
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
  const issuer: TestIssuer = {
    url: loopback.url,
    person: { sub: 'ada' },
    register: (client) =>
      serve(loopback, client, {
        person: () => issuer.person,
        tell: (body) => (told = body),
      }),
    walk: (url) => walk(url, (jar = new Map<string, string>())),
    async signOut(url) {
      const page = await (await step(jar, new URL(url))).text();
      const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page) ?? [];
      const body = new URLSearchParams({ xsrf, logout: 'yes' });
      const answer = await step(jar, new URL('/session/end/confirm', url), { method: 'POST', body });
      return { location: answer.headers.get('location') ?? '', told };
    },
    stop() {
      Object.assign(console, { warn, info });
      return loopback.stop();
    },
  };
  return issuer;
}

function serve(
  loopback: Loopback,
  client: Client,
  { person, tell }: { person: () => TestPerson; tell: (body: URLSearchParams) => void },
): void {
  const provider: Provider = new Provider(loopback.url, {
    clients: [
      {
        ...{ client_id: client.id, client_secret: client.secret, redirect_uris: [client.callback] },
        ...(client.signedOut ? { post_logout_redirect_uris: [client.signedOut] } : {}),
        ...(client.backChannel
          ? { backchannel_logout_uri: client.backChannel, backchannel_logout_session_required: true }
          : {}),
      },
    ],
    fetch: (_url, options) => {
      tell(options?.body as unknown as URLSearchParams);
      return Promise.resolve(new Response());
    },
    claims: { openid: ['sub', 'amr', 'auth_time'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => Promise.resolve({ ...person(), sub }) }),
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ['for tests only'] },
    pkce: { required: () => true },
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: client.id, accountId: oidc.session!.accountId! });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  loopback.answer = (request, reply) => {
    if (request.url?.startsWith('/interaction/'))
      void provider.interactionFinished(request, reply, {
        login: { accountId: person().sub, ...(person().amr ? { amr: person().amr! } : {}) },
      });
    else void callback(request, reply);
  };
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
