import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Contract, ServiceName } from '@conclave/contracts';
import type { Logger } from 'pino';
import { toConclaveError, type Dispatcher } from './dispatch.js';
import { gatherWrites } from './gather-writes.js';
import type { RpcHandler } from './handles.js';
import { extractTrace } from './tracing.js';
import { MAX_BODY_BYTES, decodeBody, encodeBody, headerOf, respondError, wireHeaders } from './wire.js';
import { within } from './within.js';

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
    const { subject } = contract;
    const callback = (error: Error | null, message: Msg): void => {
      if (error) return this.log.error({ err: error, subject }, 'subscription failed');
      const work = this.answer(contract, handler, message)
        .catch((fault: unknown) => this.log.warn({ err: fault, subject }, 'reply could not be sent'))
        .finally(() => this.inFlight.delete(work));
      this.inFlight.add(work);
    };
    this.subscriptions.push(this.nats.subscribe(subject, { queue: this.service, callback }));
  }

  /** Stops taking requests and waits, at most `graceMs`, for those under way. */
  async drain(graceMs: number): Promise<void> {
    const unsubscribed = Promise.allSettled(this.subscriptions.map(async (subscription) => subscription.drain()));
    await within(
      graceMs,
      unsubscribed.then(() => Promise.all(this.inFlight)),
    );
  }

  private async answer(contract: Contract, handler: RpcHandler, message: Msg): Promise<void> {
    try {
      const reply = await this.dispatcher.dispatch(
        contract,
        {
          token: headerOf(message, wireHeaders.token),
          deadline: headerOf(message, wireHeaders.deadline),
          idempotencyKey: headerOf(message, wireHeaders.idempotencyKey),
          trace: extractTrace({ traceparent: headerOf(message, wireHeaders.trace) }),
          body: () => decodeBody(message.data),
        },
        async (ctx, request) => encodeReply(contract.reply.parse(await handler(ctx, request))),
      );
      gatherWrites(this.nats);
      message.respond(reply);
    } catch (error) {
      respondError(message, toConclaveError(error));
    }
  }
}

function encodeReply(reply: unknown): Uint8Array {
  const body = encodeBody(reply);
  if (body.length > MAX_BODY_BYTES) throw new Error(`a reply of ${body.length} bytes does not fit a message`);
  return body;
}
