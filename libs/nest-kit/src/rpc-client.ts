import { setTimeout as after } from 'node:timers/promises';
import {
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from '@nats-io/transport-node';
import { ConclaveError, type Contract, type ReplyOf, type RequestInputOf } from '@conclave/contracts';
import { BusState } from './bus-state.js';
import type { ContextClaims, ContextTokens } from './context-token.js';
import { gatherWrites } from './gather-writes.js';
import { SpanKind, inSpan, injectTrace } from './tracing.js';
import { MAX_BODY_BYTES, encodeBody, headersOf, openReply, wireHeaders } from './wire.js';

/** A service or a bus that restarts is back within this time; until then a request that reached nobody is sent again. */
const PATIENCE_MS = 4_000;
/** A try that is made at all has this long, also when the pause before it took longer than planned. */
const LAST_CHANCE_MS = 50;
/** A context a service signs for a call of its own lives this long. */
const SERVICE_CONTEXT_TTL_MS = 60_000;

export interface CallOptions {
  /** The signed context to call under. */
  readonly token: string;
  /** Epoch milliseconds. Default: now plus the contract's timeout. */
  readonly deadlineAt?: number;
  readonly idempotencyKey?: string;
}

/** Calls other owners by contract. */
export class RpcClient {
  private readonly bus: BusState;

  constructor(
    private readonly nats: NatsConnection,
    private readonly tokens: ContextTokens,
  ) {
    this.bus = new BusState(nats);
  }

  /**
   * @throws ConclaveError what the owner refused with, `service.unavailable` when nobody answers,
   * `request.deadline` when the answer does not come in time
   */
  async call<C extends Contract>(contract: C, request: RequestInputOf<C>, options: CallOptions): Promise<ReplyOf<C>> {
    const deadlineAt = options.deadlineAt ?? Date.now() + contract.timeoutMs;
    const body = encodeBody(request);
    if (body.length > MAX_BODY_BYTES) throw new ConclaveError('request.too-large', { limitBytes: MAX_BODY_BYTES });
    return inSpan(
      {
        name: `${contract.subject} send`,
        kind: SpanKind.CLIENT,
        attributes: { 'messaging.system': 'nats', 'messaging.destination.name': contract.subject },
      },
      async () => {
        const headers = headersOf({
          [wireHeaders.token]: options.token,
          [wireHeaders.deadline]: String(deadlineAt),
          [wireHeaders.idempotencyKey]: options.idempotencyKey,
          ...injectTrace(),
        });
        return openReply(await this.send(contract, body, headers, deadlineAt)) as ReplyOf<C>;
      },
    );
  }

  /** Calls as this service itself, for a tenant: deferred work that no request carries. */
  async callAsService<C extends Contract>(
    contract: C,
    claims: ContextClaims,
    request: RequestInputOf<C>,
    options: Omit<CallOptions, 'token'> = {},
  ): Promise<ReplyOf<C>> {
    const token = await this.tokens.sign(claims, SERVICE_CONTEXT_TTL_MS);
    return this.call(contract, request, { ...options, token });
  }

  /** Sends until somebody takes the request; what was taken is never sent twice. */
  private async send(contract: Contract, body: Uint8Array, headers: MsgHdrs, deadlineAt: number): Promise<Msg> {
    const service = contract.owner;
    if (Date.now() >= deadlineAt) throw new ConclaveError('request.deadline', { service });
    const giveUpAt = Math.min(deadlineAt, Date.now() + PATIENCE_MS);
    for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 400)) {
      if (!(await this.bus.connectedWithin(giveUpAt - Date.now())))
        throw new ConclaveError('service.unavailable', { service: 'nats' });
      try {
        const timeout = Math.max(LAST_CHANCE_MS, deadlineAt - Date.now());
        gatherWrites(this.nats);
        return await this.nats.request(contract.subject, body, { headers, timeout });
      } catch (cause) {
        if (cause instanceof TimeoutError) throw new ConclaveError('request.deadline', { service }, { cause });
        if (isForbidden(cause)) throw cause;
        const restMs = pauseMs * (0.5 + Math.random());
        if (!reachedNobody(cause) || Date.now() + restMs >= giveUpAt)
          throw new ConclaveError('service.unavailable', { service }, { cause });
        await after(restMs);
      }
    }
  }
}

const reachedNobody = (error: unknown): boolean =>
  error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());

/** The bus forbids the call: the contract does not list this service as a caller. That is a fault, not an outage. */
const isForbidden = (error: unknown): boolean =>
  error instanceof PermissionViolationError ||
  (error instanceof RequestError && error.cause instanceof PermissionViolationError);
