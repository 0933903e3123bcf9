import { ConclaveError, edgeRoutes } from '@conclave/contracts';
import type { Kit } from '@conclave/nest-kit';
import type { FastifyInstance } from 'fastify';
import { sendProblem } from './problems.js';

const INSIDE: ReadonlySet<string> = new Set(edgeRoutes.flatMap(({ path, inside }) => (inside ? [path] : [])));

/**
 * Keeps from the public what tells of the inside. Probes and scrapers ask a pod by its own address; whoever asks by the
 * name people use came in through the proxy, which hands everything on.
 */
export function keepInside(fastify: FastifyInstance, kit: Kit, publicUrl: string | undefined): void {
  if (!publicUrl) return;
  const { hostname } = new URL(publicUrl);
  fastify.addHook('onRequest', async (request, reply) => {
    const asked = request.hostname.toLowerCase().replace(/\.$/, '');
    if (asked !== hostname || !INSIDE.has(request.routeOptions.url ?? '')) return undefined;
    sendProblem({ log: kit.log, publicUrl }, request, reply, new ConclaveError('route.unknown'));
    return reply;
  });
}
