import type { Duplex } from 'node:stream';
import type { NatsConnection } from '@nats-io/transport-node';

/** The socket of a client, which the library keeps to itself; another one after each reconnect. */
const socketOf = (nats: NatsConnection): Duplex | undefined =>
  (nats as { readonly protocol?: { readonly transport?: { readonly socket?: Duplex } } }).protocol?.transport?.socket;

/**
 * What is published until the event loop has looked at all that came in leaves in one piece: under load each write by
 * itself would cost more than making the message, and wake the server once more.
 */
export function gatherWrites(nats: NatsConnection): void {
  const socket = socketOf(nats);
  if (!socket || socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}

/** Publishes together with all else that is sent in this turn of the event loop. */
export function publishGathered(nats: NatsConnection, subject: string, body: Uint8Array): void {
  gatherWrites(nats);
  nats.publish(subject, body);
}
