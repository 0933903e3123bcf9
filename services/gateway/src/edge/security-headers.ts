import fastifyHelmet from '@fastify/helmet';
import { fastify, type FastifyReply } from 'fastify';
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

/** What a page may have besides files of its own origin. */
export interface PageSources {
  /** Those of scripts, in place of the origin's files. */
  readonly scripts?: string;
  readonly styles: string;
}

/** Widens the policy of this one answer. */
export function allow({ raw }: FastifyReply, { scripts, styles }: PageSources): void {
  const policy = String(raw.getHeader(POLICY)).replace("style-src 'self'", `style-src 'self' ${styles}`);
  raw.setHeader(POLICY, scripts === undefined ? policy : policy.replace("script-src 'self'", `script-src ${scripts}`));
}

const POLICY = 'content-security-policy';

/** Files of this origin and nothing inline, its own origin to talk to, and nothing may frame it. */
function policyOf({ PUBLIC_URL }: Pick<EdgeConfig, 'PUBLIC_URL'>) {
  const https = PUBLIC_URL?.startsWith('https:') === true;
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
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
