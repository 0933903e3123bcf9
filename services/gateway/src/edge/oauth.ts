import { ConclaveError, oauth, problemOf, type ReplyOf, type RequestOf } from '@conclave/contracts';
import { parseRequest, toConclaveError, type Kit } from '@conclave/nest-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EdgeConfig } from '../config.js';
import { escapeHtml, sendPage } from './browser-page.js';
import { clientAddress } from './client-address.js';
import { queryOf } from './connection-sign-ins.js';
import { takeTheRest } from './problems.js';
import type { RateLimits } from './rate-limits.js';
import { limitedBody, requireMediaType } from './request-input.js';
import { refuseUnstorable } from './strict-json.js';

const FORM_TYPE = 'application/x-www-form-urlencoded';
/** Of an authorization on its way. */
const UID = /^[\w-]{1,64}$/;
const PASSED = ['accept', 'authorization', 'content-type', 'cookie', 'user-agent'] as const;

export interface OauthParts {
  readonly kit: Kit;
  readonly limits: RateLimits;
  readonly config: EdgeConfig;
}

/**
 * The authorization server: programs speak OAuth to its owner, and the edge reads and counts what they say. What the edge
 * itself refuses has the protocol's form, too (RFC 6749 § 5.2).
 */
export function registerOauth(fastify: FastifyInstance, parts: OauthParts): void {
  for (const [url, method] of Object.entries(oauth.oauthPaths))
    fastify.route({
      method,
      url,
      exposeHeadRoute: false,
      config: { accepts: FORM_TYPE },
      handler: async (request, reply) => {
        try {
          await parts.limits.countAddress(request);
          return send(request, reply, await answer(parts, request));
        } catch (thrown) {
          return refuse(parts.kit, thrown, request, reply);
        }
      },
    });
}

async function answer({ kit, config }: OauthParts, request: FastifyRequest) {
  const body = request.method === 'POST' ? await formOf(request) : undefined;
  const address = addressOf(request);
  for (const members of [body ?? '', queryOf(request)]) refuseUnstorable([...new URLSearchParams(members)]);
  const headers = Object.fromEntries(
    PASSED.flatMap((name) => {
      const value = name === 'cookie' ? cookiesOf(request) : request.headers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const asked = parseRequest(oauth.oauthRequest, {
    ...{ method: request.method, url: address, headers },
    ...(body === undefined ? {} : { body }),
    address: clientAddress(request, config.TRUSTED_PROXY_HOPS),
  }) as RequestOf<typeof oauth.oauthRequest>;
  return kit.rpc.callAsService(oauth.oauthRequest, {}, asked);
}

/** As the route is written, however the client spelled it: its owner tells paths by their letters. */
function addressOf({ params, routeOptions, url }: FastifyRequest): string {
  const { uid } = params as { readonly uid?: string };
  if (uid !== undefined && !UID.test(uid)) throw new ConclaveError('route.unknown');
  const query = url.indexOf('?');
  return routeOptions.url!.replace(':uid', uid ?? '') + (query === -1 ? '' : url.slice(query));
}

/** The cookies of an authorization on its way; who is signed in is not the protocol's to know. */
function cookiesOf({ headers }: FastifyRequest): string | undefined {
  const own = (headers.cookie ?? '').split(';').filter((cookie) => /^\s*(__Secure-)?conclave-oauth/.test(cookie));
  return own.length === 0 ? undefined : own.join(';');
}

async function formOf(request: FastifyRequest): Promise<string> {
  requireMediaType(request.headers['content-type'], FORM_TYPE);
  const chunks: Buffer[] = [];
  for await (const chunk of limitedBody(request, oauth.OAUTH_LIMIT_BYTES)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Programs get what the owner says; a person whose browser was led to nothing gets a page. */
function send(request: FastifyRequest, reply: FastifyReply, answered: ReplyOf<typeof oauth.oauthRequest>) {
  const { status, headers, body } = answered;
  for (const { name, value } of headers) if (name === 'set-cookie') reply.header(name, value);
  if (status >= 400 && isForPeople(request)) return sendRefusal(reply, status, descriptionOf(body));
  for (const { name, value } of headers) if (name !== 'set-cookie') reply.header(name, value);
  return reply.status(status).send(body);
}

function refuse(kit: Kit, thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, title, code, ...more } = problemOf(toConclaveError(thrown));
  if (status >= 500 && !(thrown instanceof ConclaveError))
    kit.log.error({ err: thrown, requestId: request.id, path: request.routeOptions.url }, 'request failed');
  const { retryAfterS } = more as { readonly retryAfterS?: number };
  if (retryAfterS !== undefined) reply.header('retry-after', retryAfterS);
  takeTheRest(request);
  if (isForPeople(request)) return sendRefusal(reply, status, title);
  const error = status >= 500 ? 'server_error' : status === 429 ? 'temporarily_unavailable' : 'invalid_request';
  return reply
    .status(status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ error, error_description: title, code }));
}

const isForPeople = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && headers.accept?.includes('text/html') === true;

function descriptionOf(body: string): string {
  try {
    const { error, error_description: description } = JSON.parse(body) as Record<string, unknown>;
    return String(description ?? error);
  } catch {
    return 'the request cannot be read';
  }
}

function sendRefusal(reply: FastifyReply, status: number, description: string): FastifyReply {
  const text = [
    '<h1>The program’s request cannot be answered.</h1>',
    `<p>${escapeHtml(description)}</p>`,
    '<p>Begin again in the program you came from.</p>',
  ];
  return sendPage(reply, status, { title: 'Authorization', body: `<main>${text.join('')}</main>` });
}
