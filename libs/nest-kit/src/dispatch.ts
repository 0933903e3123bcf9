/**
 * What stands before every handler, whatever the transport: deadline, context token, permission, schema, policies; and
 * what stands after it: reply schema, metrics, log, span, one error mapping.
 */
import { ConclaveError, type ActVerdict, type Contract, type ErrorCode, type ServiceName } from '@conclave/contracts';
import type { Context } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { Histogram, type Registry } from 'prom-client';
import type { ContextTokens, VerifiedContext } from './context-token.js';
import { refuseUnpermitted, verdictByRole } from './permission.js';
import type { PolicyBundles } from './policy/policy-bundles.js';
import type { RequestContext } from './request-context.js';
import { SpanKind, activeTraceId, inSpan } from './tracing.js';
import { wireHeaders } from './wire.js';

/** Refusals whose reason the log tells: whoever asked can do nothing about them. */
const FOR_OPERATORS: readonly ErrorCode[] = ['service.internal', 'service.misconfigured'];

/** A request as a transport hands it over. */
export interface Incoming {
  readonly token: string | undefined;
  /** As the header says: milliseconds since the epoch. */
  readonly deadline: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly trace: Context;
  /** Parses the body; called only once the caller is known to be allowed. */
  readonly body: () => unknown;
}

export interface Dispatcher {
  /** Runs `handler` for a request, or throws the ConclaveError to answer with. */
  dispatch<T>(
    contract: Contract,
    incoming: Incoming,
    handler: (ctx: RequestContext, request: unknown) => Promise<T>,
  ): Promise<T>;
}

export interface DispatcherParts {
  readonly service: ServiceName;
  readonly tokens: ContextTokens;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly policies: Pick<PolicyBundles, 'judged'>;
}

export function createDispatcher({ service, tokens, log, metrics, policies }: DispatcherParts): Dispatcher {
  const seconds = new Histogram({
    name: 'conclave_request_duration_seconds',
    help: 'Time to answer a request, by contract and result code.',
    labelNames: ['subject', 'code'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [metrics],
  });

  return {
    dispatch: (contract, incoming, handler) =>
      inSpan(
        {
          name: `${contract.subject} process`,
          kind: SpanKind.SERVER,
          parent: incoming.trace,
          attributes: spanAttributes(contract, service),
        },
        async () => {
          const stop = seconds.startTimer({ subject: contract.subject });
          try {
            const admitted = await admit(contract, incoming, tokens);
            const request = parseRequest(contract, incoming.body());
            const ctx = await policies.judged(contract, admitted, request);
            const reply = await handler(ctx, request);
            stop({ code: 'ok' });
            return reply;
          } catch (thrown) {
            const error = toConclaveError(thrown);
            stop({ code: error.code });
            if (FOR_OPERATORS.includes(error.code))
              log.error({ err: thrown, subject: contract.subject }, 'request failed');
            throw error;
          }
        },
      ),
  };
}

const spanAttributes = (contract: Contract, service: ServiceName) => ({
  ...(contract.transport === 'rpc'
    ? { 'messaging.system': 'nats', 'messaging.destination.name': contract.subject }
    : { 'url.template': contract.http!.path }),
  'conclave.service': service,
});

/** The request context, once deadline, token and permission hold. */
async function admit(contract: Contract, incoming: Incoming, tokens: ContextTokens): Promise<RequestContext> {
  const deadlineAt = deadlineOf(incoming.deadline) ?? Date.now() + contract.timeoutMs;
  if (deadlineAt <= Date.now()) throw new ConclaveError('request.deadline');
  if (!incoming.token) throw new ConclaveError('auth.unauthenticated');
  const verified = await tokens.verify(incoming.token);
  if (verified.principal) refuseUnpermitted(contract, verified);
  else if (!mayCall(contract, verified)) throw new ConclaveError('auth.forbidden', { permission: contract.permission });
  const verdict = verified.principal ? verdictByRole(contract, verified) : verified.verdict;
  return contextOf(verified, verdict, { deadlineAt, idempotencyKey: incoming.idempotencyKey });
}

/** @throws ConclaveError `request.invalid` when it is no point in time */
export function deadlineOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(header)) return Number(header);
  const message = 'expected milliseconds since the epoch';
  throw new ConclaveError('request.invalid', { issues: [{ path: wireHeaders.deadline, message }] });
}

/**
 * A service must be among the callers. The edge is a caller of nearly everything, but only to carry principals there: of
 * itself it may ask for what is meant for services alone.
 */
function mayCall({ permission, callers }: Contract, { issuer }: VerifiedContext): boolean {
  return callers.includes(issuer) && (issuer !== 'gateway' || permission === 'service');
}

function contextOf(
  verified: VerifiedContext,
  verdict: ActVerdict | undefined,
  { deadlineAt, idempotencyKey }: { readonly deadlineAt: number; readonly idempotencyKey: string | undefined },
): RequestContext {
  return {
    tenantId: verified.tenantId ?? '',
    ...(verified.workspaceId ? { workspaceId: verified.workspaceId } : {}),
    actor: verified.principal?.id ?? verified.onBehalfOf ?? `service:${verified.issuer}`,
    ...(verified.principal ? { principal: verified.principal } : { service: verified.issuer }),
    scopes: new Set(verified.principal ? verified.scopes : []),
    ...(verified.role === undefined ? {} : { role: verified.role }),
    ...(verified.policies === undefined ? {} : { policies: verified.policies }),
    ...(verdict ? { verdict } : {}),
    ...(verified.credentialId ? { credentialId: verified.credentialId } : {}),
    ...(verified.rootCredentialId ? { rootCredentialId: verified.rootCredentialId } : {}),
    ...(verified.signIn ? { signIn: verified.signIn } : {}),
    deadlineAt,
    ...(idempotencyKey ? { idempotencyKey } : {}),
  };
}

/** @throws ConclaveError `request.invalid` with the first twenty issues */
export function parseRequest(contract: Contract, body: unknown): unknown {
  const parsed = contract.request.safeParse(body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
  throw new ConclaveError('request.invalid', { issues });
}

/** Anything that is not a refusal is our fault; its message stays in our logs. */
export function toConclaveError(thrown: unknown): ConclaveError {
  if (thrown instanceof ConclaveError) return thrown;
  const traceId = activeTraceId();
  return new ConclaveError('service.internal', traceId ? { traceId } : {}, { cause: thrown });
}
