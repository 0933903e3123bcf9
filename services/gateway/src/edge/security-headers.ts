import fastifyHelmet from '@fastify/helmet';
import { fastify } from 'fastify';
import type { EdgeConfig } from '../config.js';

/** What an answer has besides. */
const OF_THE_ANSWER: readonly string[] = ['content-length', 'date', 'connection', 'keep-alive'];

/** The security headers of every answer. Helmet makes them anew for each; as they are all alike, it is asked once. */
export async function securityHeaders(config: Pick<EdgeConfig, 'PUBLIC_URL'>): Promise<readonly [string, string][]> {
  const sample = fastify();
  await sample.register(fastifyHelmet, policyOf(config));
  sample.get('/', async (_request, reply) => reply.status(204).send());
  const { headers } = await sample.inject('/');
  await sample.close();
  return Object.entries(headers).flatMap(([name, value]) =>
    OF_THE_ANSWER.includes(name) ? [] : [[name, String(value)] as [string, string]],
  );
}

/** The console runs its own scripts and talks to its own origin, and nothing may frame it. */
function policyOf({ PUBLIC_URL }: Pick<EdgeConfig, 'PUBLIC_URL'>) {
  const https = PUBLIC_URL?.startsWith('https:') === true;
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        ...(https ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    strictTransportSecurity: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    xFrameOptions: { action: 'deny' as const },
    referrerPolicy: { policy: 'no-referrer' as const },
    crossOriginEmbedderPolicy: false,
  };
}
