import { contracts, edgeRoutes, routePattern } from '@conclave/contracts';
import type { FastifyInstance } from 'fastify';

/** Where all goes that no route took. */
const REST = '/*';

/**
 * Keeps a route from being served that is neither a contract's nor in the list of the edge's own, which say who may ask
 * and are what tests of every route are made from. An edge with such a route does not start.
 */
export function serveListedOnly(fastify: FastifyInstance): void {
  const listed = new Set([
    ...contracts.flatMap(({ http }) => (http ? [`${http.method} ${routePattern(http.path)}`] : [])),
    ...edgeRoutes.map(({ method, path }) => `${method} ${routePattern(path)}`),
  ]);
  fastify.addHook('onRoute', ({ method, url }) => {
    if (url === REST) return;
    for (const one of [method].flat().map((name) => (name === 'HEAD' ? 'GET' : name)))
      if (!listed.has(`${one} ${url}`))
        throw new Error(`${one} ${url} is neither a contract's route nor in edge-routes.ts`);
  });
}
