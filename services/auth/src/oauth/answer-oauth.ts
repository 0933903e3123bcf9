import { timingSafeEqual } from 'node:crypto';
import { oauth, type ReplyOf, type RequestOf } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import inject from 'light-my-request';
import { NO_TENANT } from '../tenants/no-tenant.js';
import { Artifacts } from './artifacts.js';
import { AuthorizationServer, MAX_AGE_PARAM, RESPONSE_MODES, isResume } from './authorization-server.js';
import { decisionOf } from './postgres-oauth-requests.js';
import { OVERLAP_MS, SigningKeys } from './signing-keys.js';

type Request = RequestOf<typeof oauth.oauthRequest>;
type Reply = ReplyOf<typeof oauth.oauthRequest>;

const PASSED = ['content-type', 'location', 'www-authenticate', 'cache-control', 'pragma'];
const RESUME = /^\/oauth\/authorize\/([\w-]{1,64})$/;

/** Answers a request of the protocol as if it had come by HTTP. */
@Injectable()
export class AnswerOauth {
  constructor(
    private readonly db: Database,
    private readonly artifacts: Artifacts,
    private readonly keys: SigningKeys,
    private readonly server: AuthorizationServer,
  ) {}

  /** @throws ConclaveError `auth.oauth.unavailable` */
  async run(request: Request): Promise<Reply> {
    const { issuer } = this.server;
    const url = new URL(request.url, issuer);
    if (url.pathname === '/oauth/jwks.json') return this.keySet();
    if (url.pathname === '/.well-known/oauth-protected-resource') return this.resource();
    const resumed = RESUME.exec(url.pathname)?.[1];
    if (resumed !== undefined) {
      if (!(await this.decidedHere(resumed, url.searchParams.get('consent') ?? ''))) return stale();
      url.search = '';
    }
    const { protocol, host } = new URL(issuer);
    return this.server.serve(async (handler) => {
      const answer = await inject(handler, {
        method: request.method,
        url: url.pathname + ours(url.search),
        remoteAddress: request.address,
        headers: { ...request.headers, host, 'x-forwarded-proto': protocol.slice(0, -1) },
        ...(request.body === undefined ? {} : { payload: ours(request.body) }),
      });
      const body = url.pathname.startsWith('/.well-known/') ? asConfigured(answer.payload) : answer.payload;
      return { status: answer.statusCode, headers: headersOf(answer.headers), body };
    });
  }

  /** Whether this is the browser in which a person decided: consent that somebody was led to gives others nothing. */
  private async decidedHere(uid: string, secret: string): Promise<boolean> {
    const nobodys = this.db.autocommit({ tenantId: NO_TENANT, actor: 'service:auth' });
    const decision = await decisionOf(nobodys, this.artifacts.digestOf('interaction', uid));
    return decision !== undefined && timingSafeEqual(decision, this.artifacts.digestOf('decision', secret));
  }

  /** For programs that begin at the API and look for who lets them in (RFC 9728). */
  private resource(): Reply {
    const { issuer } = this.server;
    const bearer = { bearer_methods_supported: ['header'], scopes_supported: oauth.grantableScopes };
    return published('application/json', { resource: issuer, authorization_servers: [issuer], ...bearer });
  }

  private async keySet(): Promise<Reply> {
    return published('application/jwk-set+json', { keys: await this.keys.published() });
  }
}

/** The library knows `max_age` with ID tokens only; to programs without them it is a word of RFC 9470 § 4. */
const ours = (form: string): string => form.replaceAll(/(^|[?&])max_age=/g, `$1${MAX_AGE_PARAM}=`);

/** What everybody may read and keep for a while: half as long as a new key waits until it signs. */
const published = (type: string, document: object): Reply => ({
  status: 200,
  headers: [
    { name: 'content-type', value: `${type}; charset=utf-8` },
    { name: 'cache-control', value: `public, max-age=${OVERLAP_MS / 2_000}` },
  ],
  body: JSON.stringify(document),
});

function headersOf(headers: Readonly<Record<string, number | string | string[] | undefined>>): Reply['headers'] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const values = [value].flat().map(String);
    const kept = name === 'set-cookie' ? values.filter(isResume) : PASSED.includes(name) ? values : [];
    return kept.map((one) => ({ name, value: one }));
  });
}

/** The library only knows scopes that belong to no resource, and the ways back that it could go. */
const asConfigured = (metadata: string): string =>
  JSON.stringify({
    ...(JSON.parse(metadata) as object),
    ...{ scopes_supported: oauth.grantableScopes, response_modes_supported: RESPONSE_MODES },
  });

const stale = (): Reply => ({
  status: 400,
  headers: [{ name: 'content-type', value: 'application/json' }],
  body: JSON.stringify({ error: 'invalid_request', error_description: 'begin again where you came from' }),
});
