import type { FastifyInstance } from 'fastify';
import type { Kit, Resource } from './kit.js';
import { within } from './within.js';

const NATS_PATIENCE_MS = 1_000;

/** `/healthz` (the process lives), `/readyz` (it should get traffic) and `/metrics` (Prometheus text). */
export function serveHealth(
  fastify: FastifyInstance,
  kit: Kit,
  resources: readonly Resource[],
  state: { readonly draining: boolean },
): void {
  fastify.get('/healthz', async () => ({ status: 'ok', service: kit.service }));

  fastify.get('/readyz', async (_request, reply) => {
    const faults = await faultsOf(kit, resources, state);
    return reply
      .status(faults.length === 0 ? 200 : 503)
      .send({ status: faults.length === 0 ? 'ready' : 'not-ready', service: kit.service, pid: process.pid, faults });
  });

  fastify.get('/metrics', async (_request, reply) =>
    reply.type(kit.metrics.contentType).send(await kit.metrics.metrics()),
  );
}

async function faultsOf(
  kit: Kit,
  resources: readonly Resource[],
  state: { readonly draining: boolean },
): Promise<string[]> {
  if (state.draining) return ['draining'];
  const checks = await Promise.allSettled([natsRoundTrip(kit), ...resources.map((resource) => resource.ready())]);
  return checks.flatMap((check) =>
    check.status === 'rejected' ? [check.reason instanceof Error ? check.reason.message : String(check.reason)] : [],
  );
}

async function natsRoundTrip(kit: Kit): Promise<void> {
  if (!(await within(NATS_PATIENCE_MS, kit.nats.flush()))) throw new Error('nats does not answer');
}
