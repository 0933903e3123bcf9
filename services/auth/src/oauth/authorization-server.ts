/**
 * The protocol's side of the authorization server: `oidc-provider`, told to do less than it can. Authorization codes with
 * PKCE, device codes and refresh tokens, nothing else; access tokens are JWTs for this installation and for minutes
 * (RFC 9068). It keeps no sessions: people sign in at the console, and answer there.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConclaveError, oauth } from '@conclave/contracts';
import { CONFIG } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import Provider, { errors, interactionPolicy, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import type { AuthConfig } from '../config.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { Artifacts } from './artifacts.js';
import { builtInClient } from './clients.js';
import { SIGNING_ALGORITHM, SigningKeys, type SigningKey } from './signing-keys.js';

export const ACCESS_TOKEN_S = 300;
/** A program that was not used for so long has to ask again. */
const REFRESH_S = 30 * 86_400;
/** And every program after so long. */
export const GRANT_S = 90 * 86_400;
/** People have so long to answer. */
const ANSWER_S = 600;
const CODE_S = 60;

/** As what `max_age` goes through the library. */
export const MAX_AGE_PARAM = 'proof_max_age';

/** The only cookie of the protocol: the browser that began an authorization is the one that ends it. It has a path of its own. */
const RESUME_COOKIE = 'conclave-oauth';

/** Whether a cookie that the library sets is the one that counts, or its signature. */
export const isResume = (cookie: string): boolean => /^(__Secure-)?conclave-oauth(\.sig)?=/.test(cookie);

/** Ways of a browser back to its program. */
export const RESPONSE_MODES: readonly string[] = ['query', 'fragment'];

/** Without the form that a page of ours would post to a program by a script: our pages run none, and post nowhere else. */
class WithoutForms extends Provider {
  override registerResponseMode(...[name, handler]: Parameters<Provider['registerResponseMode']>): void {
    if (RESPONSE_MODES.includes(name)) super.registerResponseMode(name, handler);
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

@Injectable()
export class AuthorizationServer {
  private readonly faults = new AsyncLocalStorage<{ fault?: Error }>();
  private running?: { readonly keyId: string; readonly handler: Handler };

  constructor(
    @Inject(CONFIG) private readonly config: Pick<AuthConfig, 'PUBLIC_URL'>,
    private readonly artifacts: Artifacts,
    private readonly keys: SigningKeys,
    private readonly digest: CredentialDigest,
  ) {}

  /** Who issues: the address people use. @throws ConclaveError `auth.oauth.unavailable` */
  get issuer(): string {
    const origin = URL.parse(this.config.PUBLIC_URL ?? '')?.origin;
    if (!origin) throw new ConclaveError('auth.oauth.unavailable');
    return origin;
  }

  /** Has a request answered; a fault of ours is thrown, whatever the library would say of it. */
  async serve<T>(exchange: (handler: Handler) => Promise<T>): Promise<T> {
    const key = await this.keys.current();
    if (this.running?.keyId !== key.id) this.running = { keyId: key.id, handler: this.start(key) };
    const { handler } = this.running;
    const store: { fault?: Error } = {};
    const answer = await this.faults.run(store, () => exchange(handler));
    if (store.fault) throw store.fault;
    return answer;
  }

  private start(key: SigningKey): Handler {
    const provider: Provider = new WithoutForms(this.issuer, this.configuration(key));
    provider.proxy = true;
    provider.silent = true;
    const { artifacts } = this;
    provider.Client.prototype.compareClientSecret = function (
      this: { clientId: string; clientSecret?: string },
      actual: string,
    ) {
      return artifacts.isSecretOf(this, actual);
    };
    provider.on('server_error', (_ctx, fault) => {
      const store = this.faults.getStore();
      if (store) store.fault = fault;
    });
    return provider.callback();
  }

  private configuration(key: SigningKey): Configuration {
    const { artifacts } = this;
    const secure = this.issuer.startsWith('https:');
    const cookieName = secure ? `__Secure-${RESUME_COOKIE}` : RESUME_COOKIE;
    const cookie = { httpOnly: true, sameSite: 'lax', secure, signed: true } as const;
    return {
      adapter: (name) => artifacts.shelf(name),
      jwks: { keys: [key.jwk] },
      clients: [builtInClient],
      clientDefaults: { id_token_signed_response_alg: SIGNING_ALGORITHM },
      clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
      clientBasedCORS: () => false,
      scopes: [],
      claims: { sub: null },
      responseTypes: ['code'],
      pkce: { required: () => true },
      extraParams: { workspace: null, [MAX_AGE_PARAM]: checkMaxAge },
      rotateRefreshToken: true,
      issueRefreshToken: () => true,
      expiresWithSession: () => false,
      clockTolerance: 0,
      cookies: {
        keys: [this.digest.of('oauth', 'cookies').toString('base64url')],
        names: {
          interaction: `${cookieName}-interaction`,
          resume: cookieName,
          session: `${cookieName}-session`,
        },
        short: cookie,
        long: cookie,
      },
      ...routesAndTimes,
      features: this.features(),
      interactions: { policy: alwaysAsk(), url: (_ctx, { uid }) => `${this.issuer}/authorize/${uid}` },
      findAccount: (ctx, id, token) => this.account(ctx, id, token),
      loadExistingGrant: async ({ oidc }) => {
        const grantId = oidc.result?.consent?.grantId;
        return grantId === undefined ? undefined : oidc.provider.Grant.find(grantId);
      },
      extraTokenClaims: async (_ctx, token) => {
        const grant = 'grantId' in token ? await artifacts.grant(String(token.grantId)) : undefined;
        if (!grant) throw new errors.InvalidGrant('the grant has ended');
        const provenAt = grant.provenAt?.getTime() ?? 0;
        const proof = provenAt > 0 ? { auth_time: Math.floor(provenAt / 1_000) } : {};
        return { tenant: grant.tenantId, workspace: grant.workspaceId, grant: grant.id, ...proof };
      },
      renderError: (ctx, out) => {
        ctx.type = 'application/json';
        ctx.body = out;
      },
    };
  }

  private features(): Configuration['features'] {
    const ownOnly = async (_ctx: unknown, client: { clientId: string }, token: { clientId?: string | undefined }) =>
      token.clientId === client.clientId;
    return {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      dPoP: { enabled: false },
      claimsParameter: { enabled: false },
      pushedAuthorizationRequests: { enabled: true },
      revocation: { enabled: true, allowedPolicy: ownOnly },
      introspection: { enabled: true, allowedPolicy: ownOnly },
      deviceFlow: {
        enabled: true,
        charset: 'base-20',
        mask: '****-****',
        deviceInfo: (ctx) => ({ address: ctx.ip, userAgent: ctx.get('user-agent').slice(0, 200) }),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => this.issuer,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => this.resourceServer(resource),
      },
    };
  }

  /** There is one resource: this installation's API (RFC 8707). */
  private resourceServer(resource: string) {
    const { issuer } = this;
    if (resource !== issuer && resource !== `${issuer}/`) throw new errors.InvalidTarget();
    return {
      scope: oauth.grantableScopes.join(' '),
      audience: issuer,
      accessTokenFormat: 'jwt' as const,
      accessTokenTTL: ACCESS_TOKEN_S,
      jwt: { sign: { alg: SIGNING_ALGORITHM } as const },
    };
  }

  /** Nobody is known but through a grant that stands. */
  private async account({ oidc }: KoaContextWithOIDC, id: string, token: unknown) {
    const { grantId = oidc.result?.consent?.grantId } = (token ?? {}) as { grantId?: string };
    const grant = grantId === undefined ? undefined : await this.artifacts.grant(grantId);
    return grant?.principalId === id ? { accountId: id, claims: () => ({ sub: id }) } : undefined;
  }
}

const routesAndTimes = {
  routes: {
    authorization: '/oauth/authorize',
    token: '/oauth/token',
    jwks: '/oauth/jwks.json',
    revocation: '/oauth/revoke',
    introspection: '/oauth/introspect',
    pushed_authorization_request: '/oauth/par',
    device_authorization: '/oauth/device_authorization',
    code_verification: '/device',
  },
  ttl: {
    AccessToken: ACCESS_TOKEN_S,
    AuthorizationCode: CODE_S,
    DeviceCode: ANSWER_S,
    Interaction: ANSWER_S,
    RefreshToken: REFRESH_S,
    Grant: GRANT_S,
    Session: ANSWER_S,
    IdToken: ACCESS_TOKEN_S,
  },
} as const;

function checkMaxAge(_ctx: unknown, value: string | undefined): void {
  if (value !== undefined && !/^\d{1,9}$/.test(value))
    throw new errors.InvalidRequest('max_age is a number of seconds');
}

/** Every authorization is asked for, each time. */
function alwaysAsk() {
  const { Check, Prompt, base } = interactionPolicy;
  const policy = base();
  policy.clear();
  policy.add(new Prompt({ name: 'login', requestable: true }));
  const unanswered = new Check(
    'unanswered',
    'the person has to be asked',
    ({ oidc }) => oidc.result?.consent?.grantId === undefined,
  );
  policy.add(new Prompt({ name: 'consent', requestable: true }, unanswered));
  return policy;
}
