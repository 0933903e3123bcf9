import { NoRespondersError, RequestError, TimeoutError, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { ConclaveError, type Contract, type ReplyOf, type RequestInputOf } from '@conclave/contracts';
import type { ContextClaims, ContextTokens } from './context-token.js';
import { SpanKind, inSpan, injectTrace } from './tracing.js';
import { MAX_BODY_BYTES, encodeBody, headersOf, openReply, wireHeaders } from './wire.js';

/** A service that restarts is back within this time; until then a request that reached nobody is sent again. */
const NO_RESPONDER_PATIENCE_MS = 4_000;
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
  constructor(
    private readonly nats: NatsConnection,
    private readonly tokens: ContextTokens,
  ) {}

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
        const send = (): Promise<Msg> =>
          this.nats.request(contract.subject, body, { headers, timeout: Math.max(1, deadlineAt - Date.now()) });
        const reply = await this.untilSomeoneResponds(contract, deadlineAt, send);
        return openReply(reply) as ReplyOf<C>;
      },
    );
  }

  /** Calls as this service itself, for a tenant: deferred work that no request carries. */
  async callAsService<C extends Contract>(
    contract: C,
    claims: ContextClaims,
    request: RequestInputOf<C>,
  ): Promise<ReplyOf<C>> {
    const token = await this.tokens.sign(claims, SERVICE_CONTEXT_TTL_MS);
    return this.call(contract, request, { token });
  }

  private async untilSomeoneResponds(contract: Contract, deadlineAt: number, send: () => Promise<Msg>): Promise<Msg> {
    const giveUpAt = Math.min(deadlineAt, Date.now() + NO_RESPONDER_PATIENCE_MS);
    for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 400)) {
      try {
        return await send();
      } catch (error) {
        if (error instanceof TimeoutError)
          throw new ConclaveError('request.deadline', { service: contract.owner }, { cause: error });
        const nobody = error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
        if (!nobody || Date.now() + pauseMs >= giveUpAt)
          throw new ConclaveError('service.unavailable', { service: contract.owner }, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())));
      }
    }
  }
}
