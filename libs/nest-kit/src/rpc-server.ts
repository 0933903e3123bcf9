import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Contract, ServiceName } from '@conclave/contracts';
import type { Logger } from 'pino';
import { toConclaveError, type Dispatcher } from './dispatch.js';
import type { RpcHandler } from './handles.js';
import { extractTrace } from './tracing.js';
import { decodeBody, encodeBody, headerOf, respondError, wireHeaders } from './wire.js';

/**
 * Serves contracts over core NATS: one queue subscription per subject, so replicas share the work. Draining stops
 * taking requests, then waits for those under way.
 */
export class RpcServer {
  private readonly subscriptions: Subscription[] = [];
  private readonly inFlight = new Set<Promise<void>>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly service: ServiceName,
    private readonly dispatcher: Dispatcher,
    private readonly log: Logger,
  ) {}

  serve(contract: Contract, handler: RpcHandler): void {
    const callback = (error: Error | null, message: Msg): void => {
      if (error) return this.log.error({ err: error, subject: contract.subject }, 'subscription failed');
      const work = this.answer(contract, handler, message).finally(() => this.inFlight.delete(work));
      this.inFlight.add(work);
    };
    this.subscriptions.push(this.nats.subscribe(contract.subject, { queue: this.service, callback }));
  }

  /** Stops taking requests and waits, at most `graceMs`, for those under way. */
  async drain(graceMs: number): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.drain()));
    await Promise.race([Promise.all(this.inFlight), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
  }

  private async answer(contract: Contract, handler: RpcHandler, message: Msg): Promise<void> {
    try {
      const deadline = Number(headerOf(message, wireHeaders.deadline));
      const reply = await this.dispatcher.dispatch(
        contract,
        {
          token: headerOf(message, wireHeaders.token),
          deadlineAt: Number.isFinite(deadline) && deadline > 0 ? deadline : undefined,
          idempotencyKey: headerOf(message, wireHeaders.idempotencyKey),
          trace: extractTrace({ traceparent: headerOf(message, wireHeaders.trace) }),
          body: () => decodeBody(message.data),
        },
        async (ctx, request) => contract.reply.parse(await handler(ctx, request)),
      );
      message.respond(encodeBody(reply));
    } catch (error) {
      respondError(message, toConclaveError(error));
    }
  }
}
