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

export interface TestIssuer {
  readonly url: string;
  /** Who sits before the browser. */
  person: TestPerson;
  /** Registers the client; what was there before is gone. */
  register(client: { id: string; secret: string; callback: string }): void;
  /** Walks a browser from the authorization address to the callback. @returns the query it comes back with */
  walk(authorizationUrl: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startIssuer(): Promise<TestIssuer> {
  const loopback = await startLoopback();
  // The provider tells whoever runs it how to run it better, at length.
  const { warn, info } = console;
  console.warn = console.info = () => undefined;
  const issuer: TestIssuer = {
    url: loopback.url,
    person: { sub: 'ada' },
    register: (client) => serve(loopback, client, () => issuer.person),
    walk,
    stop() {
      Object.assign(console, { warn, info });
      return loopback.stop();
    },
  };
  return issuer;
}

function serve(
  loopback: Loopback,
  client: { id: string; secret: string; callback: string },
  person: () => TestPerson,
): void {
  const provider: Provider = new Provider(loopback.url, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [client.callback] }],
    claims: { openid: ['sub', 'amr', 'auth_time'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => Promise.resolve({ ...person(), sub }) }),
    features: { devInteractions: { enabled: false } },
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

async function walk(authorizationUrl: string): Promise<string> {
  const jar = new Map<string, string>();
  const { origin } = new URL(authorizationUrl);
  for (let url = new URL(authorizationUrl), steps = 0; steps < 10; steps += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      jar.set(name!, value!);
    }
    const location = response.headers.get('location');
    if (!location) throw new Error(`${url.pathname} answered ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
    if (url.origin !== origin) return url.search.slice(1);
  }
  throw new Error('the provider sent the browser around in circles');
}
