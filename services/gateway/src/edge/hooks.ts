import { triggers } from '@conclave/contracts';
import { parseRequest, type Kit } from '@conclave/nest-kit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RateLimits } from './rate-limits.js';
import { JSON_TYPE, limitedBody, requireMediaType } from './request-input.js';

export interface HookParts {
  readonly kit: Kit;
  readonly limits: RateLimits;
}

/** Deliveries from outside. No credential comes with one: its signature is over its bytes, so those go to the owner. */
export function registerHooks(fastify: FastifyInstance, { kit, limits }: HookParts): void {
  fastify.post('/v1/hooks/:id', async (request, reply) => {
    await limits.countAddress(request);
    requireMediaType(request.headers['content-type'], JSON_TYPE);
    const delivery = parseRequest(triggers.deliverHook, {
      id: (request.params as { id: string }).id,
      message: headerOf(request, 'webhook-id'),
      timestamp: headerOf(request, 'webhook-timestamp'),
      signature: headerOf(request, 'webhook-signature'),
      body: (await bodyOf(request)).toString('base64'),
    });
    const fired = await kit.rpc.callAsService(triggers.deliverHook, {}, delivery as never);
    return reply.status(202).header('cache-control', 'no-store').send(fired);
  });
}

const headerOf = ({ headers }: FastifyRequest, name: string): string => headers[name]?.toString() ?? '';

async function bodyOf(request: FastifyRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of limitedBody(request, triggers.HOOK_LIMIT_BYTES)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
