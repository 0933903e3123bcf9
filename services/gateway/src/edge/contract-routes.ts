/**
 * Every contract with an HTTP binding becomes a route here; there is no other place where the public API is spelled.
 * A route's whole way is one function: headers, door, request, owner, reply.
 */
import { ConclaveError, routePattern, type Contract, type HttpBinding } from '@conclave/contracts';
import { SpanKind, activeTraceId, extractTrace, inSpan, type Kit } from '@conclave/nest-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callTerms, type CallTerms } from './call-terms.js';
import type { Caller } from './credentials.js';
import type { Door } from './door.js';
import { BYTES_TYPE, JSON_TYPE, readRequest } from './request-input.js';
import type { StreamProxy } from './stream-proxy.js';

export type HttpContract = Contract & { readonly http: HttpBinding };

export interface RouteParts {
  readonly kit: Kit;
  readonly door: Door;
  readonly proxy: StreamProxy;
}

export function registerContractRoute(fastify: FastifyInstance, contract: HttpContract, parts: RouteParts): void {
  const { method, path } = contract.http;
  fastify.route({
    method,
    url: routePattern(path),
    config: { accepts: contract.transport === 'stream' ? BYTES_TYPE : JSON_TYPE },
    exposeHeadRoute: contract.transport === 'rpc',
    handler: (request, reply) =>
      inSpan(
        {
          name: `${method} ${path}`,
          kind: SpanKind.SERVER,
          parent: extractTrace({ traceparent: request.headers.traceparent?.toString() }),
          attributes: { 'http.request.method': method, 'http.route': path },
        },
        () => serve(contract, parts, request, reply),
      ),
  });
}

async function serve(contract: HttpContract, parts: RouteParts, request: FastifyRequest, reply: FastifyReply) {
  const traceId = activeTraceId();
  if (traceId) reply.header('x-trace-id', traceId);
  reply.header('cache-control', 'no-store');
  const terms = callTerms(contract, request, reply);
  const admitted = await parts.door.admit(contract, request, reply);
  const input = await readRequest(contract, request);
  if (contract.transport === 'stream')
    return parts.proxy.forward(contract, { request, reply, caller: admitted, terms });
  const caller = request.method === 'GET' ? admitted : await parts.door.goOn(contract, admitted);
  const answer = await callOwner(parts.kit, contract, { input, caller, terms });
  reply.status(contract.http.status ?? 200);
  return contract.http.produces === 'text' ? reply.type('text/plain; charset=utf-8').send(answer) : reply.send(answer);
}

interface OwnerCall {
  readonly input: unknown;
  readonly caller: Caller;
  readonly terms: CallTerms;
}

/** Asks the owner; a client that hung up is not waited for. */
function callOwner(kit: Kit, contract: Contract, { input, caller, terms }: OwnerCall): Promise<unknown> {
  const { deadlineAt, idempotencyKey, gone } = terms;
  const options = { token: caller.token, deadlineAt, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
  return Promise.race([kit.rpc.call(contract, input as never, options), rejection(gone)]);
}

function rejection(gone: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    gone.addEventListener('abort', () => reject(new ConclaveError('request.deadline')), { once: true });
  });
}
