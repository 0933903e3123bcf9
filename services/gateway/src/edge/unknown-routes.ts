import { METHODS } from 'node:http';
import { ConclaveError } from '@conclave/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ConsoleFiles } from './console-files.js';
import type { RateLimits } from './rate-limits.js';

/** Fastify's router refuses longer path parameters. */
const MAX_SEGMENT = 300;
/** A path no route has and no file can have. */
const NOWHERE = '/?';

/** Remembers every route of the scope, to tell a wrong method from a wrong path. */
export class KnownRoutes {
  private readonly methods = new Map<string, Set<string>>();

  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url }) => {
      if (url.endsWith('*')) return;
      const known = this.methods.get(url) ?? new Set();
      for (const one of [method].flat()) known.add(one);
      this.methods.set(url, known);
    });
  }

  /** The methods a path can be asked with; none when there is no such route. */
  allowed(path: string): string[] {
    const segments = path.split('/');
    const fits = (template: string): boolean => {
      const parts = template.split('/');
      return (
        parts.length === segments.length &&
        parts.every((part, i) => (part.startsWith(':') ? segments[i] !== '' : part === segments[i]))
      );
    };
    return [
      ...new Set([...this.methods].flatMap(([template, methods]) => (fits(template) ? [...methods] : []))),
    ].sort();
  }
}

/** What no route took: a file of the console, a wrong method, or nothing at all. Registered last. */
export function registerUnknownRoutes(
  fastify: FastifyInstance,
  known: KnownRoutes,
  console: ConsoleFiles,
  limits: RateLimits,
): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (reads && console(request, reply)) return reply;
    await limits.countAddress(request);
    const allowed = known.allowed(request.url.split('?', 1)[0]!);
    if (allowed.length === 0) throw new ConclaveError('route.unknown');
    reply.header('allow', allowed.join(', '));
    throw new ConclaveError('route.method', { allowed });
  };
  // Every method that Node reads, and before a method's own rules about bodies: no framework's page shows through.
  for (const method of METHODS.filter((one) => !fastify.supportedMethods.includes(one))) fastify.addHttpMethod(method);
  fastify.route({ method: fastify.supportedMethods, url: '/*', onRequest: answer, handler: answer });
}

/**
 * Fastify answers a path it cannot decode, or one with an overlong parameter, by itself and past every hook. Such a path
 * names no route, so it is sent to where unknown routes are answered.
 */
export function leadAstrayPathsHome(fastify: FastifyInstance): void {
  fastify.server.prependListener('request', (request) => {
    const path = (request.url ?? '').split('?', 1)[0]!;
    if (!isRoutable(path)) request.url = NOWHERE;
  });
}

function isRoutable(path: string): boolean {
  try {
    return (
      path.startsWith('/') && path.split('/').every((segment) => decodeURIComponent(segment).length <= MAX_SEGMENT)
    );
  } catch {
    return false;
  }
}
