import { pathParams, problemOf, routePattern, type Contract } from '@conclave/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toConclaveError } from './dispatch.js';
import type { StreamHandler } from './handles.js';
import type { Kit } from './kit.js';
import { extractTrace } from './tracing.js';
import { wireHeaders } from './wire.js';

/** Serves a streaming contract on the internal listener; the edge proxies the public route here with a signed context. */
export function serveStream(fastify: FastifyInstance, kit: Kit, contract: Contract, handler: StreamHandler): void {
  const http = contract.http!;
  void fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.route({
      method: http.method,
      url: routePattern(http.path),
      handler: async (request, reply) => {
        try {
          await answer(kit, contract, handler, request, reply);
        } catch (thrown) {
          const problem = problemOf(toConclaveError(thrown));
          if (reply.raw.headersSent) reply.raw.destroy();
          else await reply.status(problem.status).type('application/problem+json').send(problem);
        }
        return reply;
      },
    });
  });
}

function answer(
  kit: Kit,
  contract: Contract,
  handler: StreamHandler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const header = (name: string): string | undefined => request.headers[name]?.toString();
  const incoming = {
    token: header(wireHeaders.token),
    deadline: header(wireHeaders.deadline),
    idempotencyKey: header(wireHeaders.idempotencyKey),
    trace: extractTrace({ traceparent: header(wireHeaders.trace) }),
    body: () => ({
      ...(request.query as object),
      ...pathParams(contract.http!.path, request.params as Record<string, unknown>),
    }),
  };
  return kit.dispatcher.dispatch(contract, incoming, (ctx, parsed) => handler(ctx, parsed, { request, reply }));
}
