import { ConclaveError, edgeRoutes } from '@conclave/contracts';
import type { Kit } from '@conclave/nest-kit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { EdgeConfig } from '../config.js';
import { sendProblem } from './problems.js';

const INSIDE: ReadonlySet<string> = new Set(edgeRoutes.flatMap(({ path, inside }) => (inside ? [path] : [])));

/**
 * Keeps from the public what tells of the inside. Probes and scrapers ask a pod by its own address. Whoever asks by the name
 * people use came in through the proxy, which hands everything on; so did whoever calls the host something else, where
 * there is a proxy that says for whom it asks.
 */
export function keepInside(
  fastify: FastifyInstance,
  kit: Kit,
  { PUBLIC_URL: publicUrl, TRUSTED_PROXY_HOPS: hops }: Pick<EdgeConfig, 'PUBLIC_URL' | 'TRUSTED_PROXY_HOPS'>,
): void {
  const publicName = publicUrl === undefined ? undefined : new URL(publicUrl).hostname;
  const isFromOutside = ({ hostname, headers }: FastifyRequest): boolean =>
    hostname.toLowerCase().replace(/\.$/, '') === publicName || (hops > 0 && headers['x-forwarded-for'] !== undefined);
  fastify.addHook('onRequest', async (request, reply) => {
    if (!INSIDE.has(request.routeOptions.url ?? '') || !isFromOutside(request)) return undefined;
    sendProblem({ log: kit.log, publicUrl }, request, reply, new ConclaveError('route.unknown'));
    return reply;
  });
}
