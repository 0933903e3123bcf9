import { isIP } from 'node:net';
import { ConclaveError, edgeRoutes } from '@conclave/contracts';
import type { Kit } from '@conclave/nest-kit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { EdgeConfig } from '../config.js';
import { sendProblem } from './problems.js';

type HostConfig = Pick<EdgeConfig, 'PUBLIC_URL' | 'ALLOWED_HOSTS' | 'TRUSTED_PROXY_HOPS'>;

const INSIDE: ReadonlySet<string> = new Set(edgeRoutes.flatMap(({ path, inside }) => (inside ? [path] : [])));

/** Answers under its own names only, and tells of the inside nobody from outside. */
export function answerToKnownHosts(
  fastify: FastifyInstance,
  kit: Kit,
  config: HostConfig,
  secured: readonly [string, string][],
): void {
  const refusalOf = refusals(config);
  fastify.addHook('onRequest', async (request, reply) => {
    const refusal = refusalOf(request);
    if (!refusal) return undefined;
    for (const [name, value] of secured) reply.raw.setHeader(name, value);
    sendProblem({ log: kit.log, publicUrl: config.PUBLIC_URL }, request, reply, refusal);
    return reply;
  });
}

/**
 * Once the edge has a name, a page whose name was made to lead here (DNS rebinding) and a cache that was told another one
 * are refused. Addresses are nobody's name: probes and scrapers ask a pod by its own. Whoever asks for the inside by the
 * name people use came in through the proxy, which hands everything on; so did whoever calls the host something else,
 * where there is a proxy that says for whom it asks.
 */
function refusals({ PUBLIC_URL, ALLOWED_HOSTS, TRUSTED_PROXY_HOPS }: HostConfig) {
  const publicName = PUBLIC_URL === undefined ? undefined : new URL(PUBLIC_URL).hostname;
  const names = new Set([publicName, 'localhost', ...ALLOWED_HOSTS]);
  return ({ hostname, headers, routeOptions }: FastifyRequest): ConclaveError | undefined => {
    const host = hostname.toLowerCase().replace(/\.$/, '');
    const isAddress = isIP(host.replace(/^\[|\]$/g, '')) !== 0;
    // Browsers and caches name a host; HTTP/1.0 may do without.
    if (publicName !== undefined && host !== '' && !isAddress && !names.has(host))
      return new ConclaveError('request.misdirected', { host });
    const fromOutside = host === publicName || (TRUSTED_PROXY_HOPS > 0 && headers['x-forwarded-for'] !== undefined);
    return fromOutside && INSIDE.has(routeOptions.url ?? '') ? new ConclaveError('route.unknown') : undefined;
  };
}
