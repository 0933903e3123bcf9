import { isIP } from 'node:net';
import { ConclaveError, edgeRoutes } from '@conclave/contracts';
import type { Kit } from '@conclave/nest-kit';
import type { FastifyInstance } from 'fastify';
import type { EdgeConfig } from '../config.js';
import { sendProblem } from './problems.js';

const INSIDE: ReadonlySet<string> = new Set(edgeRoutes.flatMap(({ path, inside }) => (inside ? [path] : [])));

/**
 * Answers under its own names only, once it has one: a page whose name was made to lead here (DNS rebinding), or a cache
 * that was told another name, is refused. Addresses are nobody's name, and what is asked by them tells no stranger
 * anything; probes and scrapers ask so.
 *
 * Whoever asks by the name people use came in through the proxy, which hands everything on, and is told nothing of the
 * inside.
 */
export function answerToKnownHosts(
  fastify: FastifyInstance,
  kit: Kit,
  { PUBLIC_URL: publicUrl, ALLOWED_HOSTS: others }: Pick<EdgeConfig, 'PUBLIC_URL' | 'ALLOWED_HOSTS'>,
): void {
  if (!publicUrl) return;
  const { hostname } = new URL(publicUrl);
  const names = new Set([hostname, 'localhost', ...others]);
  fastify.addHook('onRequest', async (request, reply) => {
    const asked = request.hostname.toLowerCase().replace(/\.$/, '');
    const isKnown = names.has(asked) || isIP(asked.replace(/^\[|\]$/g, '')) !== 0;
    const isInside = INSIDE.has(request.routeOptions.url ?? '');
    if (isKnown && !(isInside && asked === hostname)) return undefined;
    const refusal = isKnown
      ? new ConclaveError('route.unknown')
      : new ConclaveError('request.misdirected', { host: asked });
    sendProblem({ log: kit.log, publicUrl }, request, reply, refusal);
    return reply;
  });
}
