/**
 * A WebSocket between a client and the owner of a `stream` contract, after a handshake that the owner answered. Bytes are
 * passed on unread, at the pace of the slower side. To end one in good order the edge speaks for the client: it sends
 * the owner a close frame, and the owner's answer reaches the client behind all it was told before (RFC 6455, 5.5.1).
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Upgrade } from '@conclave/nest-kit';

/** Longest wait for the other side of a close, and for a client to take what is left for it. */
const CLOSE_MS = 10_000;

/** How an owner answered a handshake: with a connection, or with an ordinary response. */
export interface HandshakeAnswer {
  readonly response: IncomingMessage;
  readonly upgrade?: { readonly socket: Socket; readonly head: Buffer };
}

/** Passes a handshake on to the owner. */
export function shakeHands(url: URL, headers: object, signal: AbortSignal): Promise<HandshakeAnswer> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const handshake = { ...headers, connection: 'Upgrade', upgrade: 'websocket' };
  return new Promise((answered, failed) => {
    send(url, { agent: false, headers: handshake, signal })
      .once('response', (response) => answered({ response }))
      .once('upgrade', (response, socket, head) => answered({ response, upgrade: { socket: socket, head } }))
      .once('error', failed)
      .end();
  });
}

export class WebSocketTunnel {
  /** Settles when the client is gone. */
  readonly closed: Promise<void>;

  constructor(
    private readonly client: Upgrade,
    private readonly owner: NonNullable<HandshakeAnswer['upgrade']>,
    responseHead: string,
    silenceMs: number,
  ) {
    const [near, far] = [client.socket, owner.socket];
    this.closed = new Promise((resolve) => near.once('close', () => resolve()));
    near.once('close', () => far.destroy());
    far.on('error', () => near.destroy());
    far.setTimeout(silenceMs, () => far.destroy());
    near.write(responseHead);
    near.write(owner.head);
    far.write(client.head);
    far.pipe(near);
    near.pipe(far);
    far.once('close', () => this.destroyLater());
  }

  end(code: number): void {
    this.client.socket.unpipe(this.owner.socket);
    this.owner.socket.write(closeFrame(code));
    this.destroyLater();
  }

  private destroyLater(): void {
    // What the client still says is for nobody, and unread it would keep the connection.
    this.client.socket.resume();
    setTimeout(() => this.client.socket.destroy(), CLOSE_MS).unref();
  }
}

/** As clients send it: masked, here with zeros. */
const closeFrame = (code: number): Buffer => Buffer.from([0x88, 0x82, 0, 0, 0, 0, code >> 8, code & 0xff]);
