/**
 * An Auth0 tenant as its documentation describes it (Management API v2: tokens, user search v3), for what reading people
 * takes. It is on the wire, and it is not Auth0.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { startLoopback } from './loopback.js';

export interface Auth0User {
  readonly user_id: string;
  readonly created_at: string;
  readonly name?: string;
  readonly given_name?: string;
  readonly family_name?: string;
  readonly email?: string;
  readonly blocked?: boolean;
}

export interface Auth0Tenant {
  readonly url: string;
  readonly client: { readonly id: string; readonly secret: string };
  users: Auth0User[];
  /** Every search that was made, by its terms and page. */
  readonly searches: string[];
  /** So many of the next searches are told to come back later. */
  busy: number;
  /** Answers the next search with this instead. */
  broken: { readonly status: number; readonly body: string } | undefined;
  stop(): Promise<void>;
}

type Reply = readonly [status: number, body: object, headers?: Readonly<Record<string, string>>];

const problem = (statusCode: number, error: string, message: string, errorCode: string): Reply => [
  statusCode,
  { statusCode, error, message, errorCode },
];

export async function startAuth0(): Promise<Auth0Tenant> {
  const loopback = await startLoopback();
  const access = randomBytes(16).toString('hex');
  const tenant: Auth0Tenant = {
    url: loopback.url,
    client: { id: 'management', secret: randomBytes(16).toString('hex') },
    ...{ users: [], searches: [], busy: 0, broken: undefined, stop: () => loopback.stop() },
  };

  function tokenFor(asked: Readonly<Record<string, string>>): Reply {
    const { id, secret } = tenant.client;
    if (asked['grant_type'] !== 'client_credentials' || asked['audience'] !== `${tenant.url}/api/v2/`)
      return [403, { error: 'access_denied', error_description: 'Service not enabled within domain' }];
    if (asked['client_id'] !== id || asked['client_secret'] !== secret)
      return [401, { error: 'access_denied', error_description: 'Unauthorized' }];
    return [200, { access_token: access, scope: 'read:users', expires_in: 86_400, token_type: 'Bearer' }];
  }

  function search(query: URLSearchParams): Reply {
    const [page, perPage] = [Number(query.get('page') ?? 0), Number(query.get('per_page') ?? 50)];
    const terms = query.get('q') ?? '';
    tenant.searches.push(`${terms} ${page}`);
    if (tenant.busy > 0) {
      tenant.busy -= 1;
      const headers = { 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '0', 'retry-after': '1' };
      return [429, { statusCode: 429, error: 'Too Many Requests', message: 'Global limit has been reached' }, headers];
    }
    if (perPage > 100) return problem(400, 'Bad Request', 'per_page is at most 100', 'invalid_query_string');
    if (page * perPage + perPage > 1_000)
      return problem(400, 'Bad Request', 'You can only page through the first 1000 records', 'invalid_paging');
    if (query.get('search_engine') !== 'v3' || query.get('sort') !== 'created_at:1')
      return problem(400, 'Bad Request', 'sort is needed to page', 'invalid_query_string');
    const since = /created_at:\["([^"]+)" TO \*\]/.exec(terms)?.[1] ?? '';
    const found = tenant.users
      .filter(({ created_at: at }) => at >= since)
      .sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
    const users = found.slice(page * perPage, (page + 1) * perPage);
    return [200, { start: page * perPage, limit: perPage, length: users.length, total: found.length, users }];
  }

  loopback.answer = (request, reply) => {
    void (async () => {
      const { pathname, searchParams } = new URL(request.url!, tenant.url);
      const answer = async (): Promise<Reply> => {
        if (request.method === 'POST' && pathname === '/oauth/token')
          return tokenFor(JSON.parse(await textOf(request)) as Record<string, string>);
        if (request.headers.authorization !== `Bearer ${access}`)
          return problem(401, 'Unauthorized', 'Invalid token', 'invalid_token');
        if (request.method !== 'GET' || pathname !== '/api/v2/users')
          return problem(404, 'Not Found', 'Not Found', 'inexistent_route');
        return search(searchParams);
      };
      const { broken } = tenant;
      if (broken && pathname === '/api/v2/users') return void reply.writeHead(broken.status).end(broken.body);
      const [status, body, headers = {}] = await answer();
      reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    })();
  };
  return tenant;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
