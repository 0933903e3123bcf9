/**
 * Tracing by hand at the four places where a request changes hands (HTTP in, NATS out, NATS in, SQL): no module hooks,
 * so starting with telemetry costs nothing when it is off. Context travels as W3C `traceparent`. Every request has a
 * trace id, also when no spans are exported: it is what joins a problem document to the log lines of all services.
 */
import { randomUUID } from 'node:crypto';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  context,
  trace,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { ServiceName } from '@conclave/contracts';

export interface SpanSpec {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
  /** The remote parent, from `extractTrace`. */
  readonly parent?: Context;
}

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

let exporting = false;

/** Runs `work` inside a span that ends with it and records its failure. */
export async function inSpan<T>(spec: SpanSpec, work: (span: Span) => Promise<T>): Promise<T> {
  const parent = withTraceId(spec.parent ?? context.active());
  const options = { kind: spec.kind, attributes: spec.attributes ?? {} };
  const span = trace.getTracer('conclave').startSpan(spec.name, options, parent);
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span));
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    span.end();
  }
}

/** Without an exporter nobody else invents the ids. */
function withTraceId(parent: Context): Context {
  if (exporting || trace.getSpanContext(parent)) return parent;
  // Node makes UUIDs many at a time; all but six bits of one are random, and of its last eight bytes all but two.
  const [traceId, spanId] = [newHex(), newHex().slice(16)];
  return trace.setSpanContext(parent, { traceId, spanId, traceFlags: TraceFlags.NONE });
}

const newHex = (): string => randomUUID().replaceAll('-', '');

/** The active trace as headers. */
export function injectTrace(): Record<string, string> {
  const active = trace.getSpanContext(context.active());
  if (!active) return {};
  return { traceparent: `00-${active.traceId}-${active.spanId}-0${active.traceFlags & TraceFlags.SAMPLED}` };
}

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The trace a request belongs to by its headers; a malformed one starts a new trace. */
export function extractTrace(headers: Record<string, string | undefined>): Context {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(headers['traceparent'] ?? '') ?? [];
  if (!traceId || !spanId || !flags) return ROOT_CONTEXT;
  const traceFlags = parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** The trace id of the active span, or undefined outside of any. */
export const activeTraceId = (): string | undefined => trace.getSpanContext(context.active())?.traceId;

/**
 * Starts exporting spans over OTLP/HTTP when `endpoint` is given; services of one process share one exporter, and the
 * first gives it its name. Returns the flush to call on shutdown: a signal handler of its own would swallow signals that
 * come before the service listens for them.
 */
export async function startTelemetry(service: ServiceName, endpoint: string | undefined): Promise<() => Promise<void>> {
  if (!endpoint || exporting) return async () => undefined;
  exporting = true;
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `conclave-${service}` }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  });
  trace.setGlobalTracerProvider(provider);
  return async () => {
    trace.disable();
    exporting = false;
    await provider.shutdown();
  };
}

export { SpanKind };
