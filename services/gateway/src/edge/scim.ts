import { STATUS_CODES } from 'node:http';
import { ConclaveError, problemOf, scim, type RequestOf } from '@conclave/contracts';
import { parseRequest, toConclaveError, type Kit } from '@conclave/nest-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EdgeConfig } from '../config.js';
import { callTerms } from './call-terms.js';
import { challengeOf } from './challenges.js';
import type { Door } from './door.js';
import { takeTheRest } from './problems.js';
import { JSON_TYPE, readJson } from './request-input.js';
import { refuseUnstorable } from './strict-json.js';

const SCIM_TYPE = 'application/scim+json';
/** A kind, or a kind and a name; or a search. */
const PLAIN = /^(?:[\w-]+|\.search)(?:\/[\w.:-]+)?$/;
const LIMIT_BYTES = 500_000;
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

interface ScimParts {
  readonly kit: Kit;
  readonly door: Door;
  readonly config: EdgeConfig;
}

/**
 * Directories (SCIM 2.0): the edge reads requests and knows who asks; everything of the protocol is the owner's. What the
 * edge itself refuses has the protocol's form, too (RFC 7644 § 3.12).
 */
export function registerScim(fastify: FastifyInstance, parts: ScimParts): void {
  fastify.route({
    method: [...scim.scimMethods],
    url: '/scim/v2/*',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      try {
        return await answer(parts, request, reply);
      } catch (thrown) {
        return refuse(parts, thrown, request, reply);
      }
    },
  });
}

async function answer({ kit, door, config }: ScimParts, request: FastifyRequest, reply: FastifyReply) {
  const terms = callTerms(scim.scimRequest, request, reply);
  const admitted = await door.admit(scim.scimRequest, request, reply);
  const body = await readJson(request, LIMIT_BYTES, [SCIM_TYPE, JSON_TYPE]);
  const ifMatch = request.headers['if-match'];
  const given = {
    method: request.method,
    // Without an address of its own the edge has none to tell: what a request calls the host is anybody's word.
    base: `${config.PUBLIC_URL?.replace(/\/$/, '') ?? ''}/scim/v2`,
    path: pathOf(request),
    query: request.query,
    ...(Object.keys(body).length > 0 && { body }),
    ...(ifMatch !== undefined && { ifMatch }),
  };
  refuseUnstorable(given);
  const asked = parseRequest(scim.scimRequest, given) as RequestOf<typeof scim.scimRequest>;
  const { token } = await door.goOn(scim.scimRequest, admitted);
  const answered = await kit.rpc.call(scim.scimRequest, asked, {
    token,
    deadlineAt: terms.deadlineAt,
  });
  const { status, body: resource, etag, location } = answered;
  if (etag !== undefined) reply.header('etag', etag);
  if (location !== undefined) reply.header('location', location);
  reply.status(status);
  return resource ? reply.type(SCIM_TYPE).send(JSON.stringify(resource)) : reply.send();
}

/** What follows, `Users/prn_…`, however the client escaped it; a slash at its end says nothing. */
function pathOf({ params }: FastifyRequest): string {
  const path = (params as { readonly '*': string })['*'].replace(/\/$/, '');
  if (!PLAIN.test(path) || /\/\.{1,2}$/.test(path)) throw new ConclaveError('route.unknown');
  return path;
}

function refuse(
  { kit, config }: ScimParts,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const error = toConclaveError(thrown);
  const { status, title, code, ...more } = problemOf(error);
  if (status >= 500) kit.log.error({ err: thrown, requestId: request.id, url: request.url }, 'request failed');
  const challenge = challengeOf(error, config.PUBLIC_URL);
  if (challenge !== undefined) reply.header('www-authenticate', challenge);
  const { retryAfterS } = more as { readonly retryAfterS?: number };
  if (retryAfterS !== undefined) reply.header('retry-after', retryAfterS);
  takeTheRest(request);
  const body = { schemas: [ERROR], status: String(status), detail: title || STATUS_CODES[status], code };
  return reply.status(status).type(SCIM_TYPE).send(JSON.stringify(body));
}
