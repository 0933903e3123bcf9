import type { NatsConnection } from '@nats-io/transport-node';
import { within } from './within.js';

/**
 * Whether the bus can be reached. The NATS client silently drops what is published while it reconnects, so who expects
 * an answer has to wait for the connection first.
 */
export class BusState {
  private reconnected: PromiseWithResolvers<void> | undefined;

  constructor(nats: NatsConnection) {
    void this.follow(nats);
  }

  /** Whether there is a connection, now or within `ms`. */
  async connectedWithin(ms: number): Promise<boolean> {
    return !this.reconnected || within(ms, this.reconnected.promise);
  }

  private async follow(nats: NatsConnection): Promise<void> {
    for await (const { type } of nats.status()) {
      if (type === 'disconnect') this.reconnected ??= Promise.withResolvers();
      if (type !== 'reconnect') continue;
      this.reconnected?.resolve();
      this.reconnected = undefined;
    }
  }
}
