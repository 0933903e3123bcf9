/** One request through two services, seen from an OpenTelemetry collector. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import { contract, newId } from '@conclave/contracts';
import {
  Handles,
  SpanKind,
  bootstrapService,
  databaseEnvironment,
  extractTrace,
  inSpan,
  type RequestContext,
  type RunningService,
} from '@conclave/nest-kit';
import { startTestBus, type TestBus } from '@conclave/nest-kit/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { Database } from './database.js';
import { postgres } from './resource.js';
import { createTestDatabase, type TestDatabase } from './test/test-database.js';

const count = contract({
  owner: 'metrics',
  subject: 'metrics.v1.thing.count',
  permission: 'analytics:read',
  request: z.strictObject({ fail: z.boolean().default(false) }),
  reply: z.object({ count: z.number() }),
});

@Controller()
class CountController {
  constructor(private readonly db: Database) {}

  @Handles(count)
  async count(ctx: RequestContext, { fail }: { fail: boolean }) {
    if (fail) throw new Error('no such thing');
    const row = await this.db.tx(ctx, (tx) => tx.one<{ n: number }>('select count(*)::int as n from dead_letter'));
    return { count: row!.n };
  }
}
@Module({ controllers: [CountController] })
class CountModule {}
@Module({})
class EdgeModule {}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code?: number };
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}
const spans: Span[] = [];
interface ExportRequest {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

let collector: Server;
let database: TestDatabase;
let bus: TestBus;
let owner: RunningService;
let edge: RunningService;

beforeAll(async () => {
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      expect(request.url).toBe('/v1/traces');
      const body = JSON.parse(Buffer.concat(chunks).toString()) as ExportRequest;
      spans.push(...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  [database, bus] = await Promise.all([createTestDatabase({ metrics: '' }), startTestBus()]);
  const telemetry = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` };
  owner = await bootstrapService(
    { name: 'metrics', module: CountModule, environment: databaseEnvironment, resources: [postgres()] },
    { ...bus.environmentOf('metrics'), ...database.environmentOf('metrics'), ...telemetry },
  );
  edge = await bootstrapService(
    {
      name: 'gateway',
      module: EdgeModule,
      environment: {},
      async http(fastify, _app, kit) {
        fastify.get('/things', async (request) => {
          const parent = extractTrace({ traceparent: request.headers['traceparent']?.toString() });
          return inSpan({ name: 'GET /things', kind: SpanKind.SERVER, parent }, async () => {
            const principal = { id: newId('principal'), kind: 'user', name: 'Ada' };
            const claims = { tenantId: newId('tenant'), principal, scopes: ['analytics:read' as const] };
            const token = await bus.tokensOf('auth').sign(claims, 60_000);
            return kit.rpc.call(count, { fail: 'fail' in (request.query as object) }, { token });
          });
        });
      },
    },
    { ...bus.environmentOf('gateway'), ...telemetry },
  );
});
afterAll(async () => {
  await bus.stop();
  await database.drop();
  await new Promise((resolve) => collector.close(resolve));
});

describe('a trace', () => {
  it('joins HTTP, NATS and Postgres across services, below the span of the client', async () => {
    const [traceId, clientSpan] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    const headers = { traceparent: `00-${traceId}-${clientSpan}-01` };
    expect(await (await fetch(`${edge.url}/things`, { headers })).json()).toEqual({ count: 0 });
    const failed = await fetch(`${edge.url}/things?fail`);
    expect(failed.status).toBe(500);
    await edge.stop();
    await owner.stop();

    const own = spans.filter((span) => span.traceId === traceId);
    const chain = [
      'GET /things',
      'metrics.v1.thing.count send',
      'metrics.v1.thing.count process',
      'postgres transaction',
    ];
    const found = chain.map((name) => own.find((span) => span.name === name)!);
    expect(found.map((span) => span?.name)).toEqual(chain);
    expect(found.map((span) => span.parentSpanId)).toEqual([
      clientSpan,
      ...found.slice(0, -1).map((span) => span.spanId),
    ]);
    expect(own).toHaveLength(chain.length);
    const attribute = (span: Span, key: string) => span.attributes.find((one) => one.key === key)?.value.stringValue;
    expect(attribute(found[2]!, 'messaging.destination.name')).toBe(count.subject);
    expect(attribute(found[2]!, 'conclave.service')).toBe('metrics');
    expect(attribute(found[3]!, 'db.system.name')).toBe('postgresql');

    const faulty = spans.find((span) => span.name === 'metrics.v1.thing.count process' && span.traceId !== traceId)!;
    expect(faulty.status.code).toBe(2);
    expect(spans.filter((span) => span.name === 'postgres transaction' && !span.parentSpanId)).toEqual([]);
  });
});
