import type { Duplex } from 'node:stream';
import { runtime } from '@conclave/contracts';
import type { Upgrade } from '@conclave/nest-kit';
import type { IncomingMessage } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { z } from 'zod';
import type { Line } from './line.js';
import type { Ending, Wire } from './viewer.js';

/** A client has little to say. */
const MESSAGE_LIMIT_BYTES = 1_024;
/** Longest wait for the other side of a close, and for what lies before it on the wire. */
const CLOSE_MS = 10_000;

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MESSAGE_LIMIT_BYTES,
});

const request = z.strictObject({ after: z.number().int().min(0) });

/** Messages over a WebSocket (RFC 6455), the same documents as the data of server-sent events. */
export class WsWire implements Wire {
  private answered = true;

  private constructor(
    private readonly socket: Duplex,
    private readonly client: WebSocket,
  ) {
    client.on('pong', () => (this.answered = true));
    // What breaks the protocol is closed with its code; the client's loss is no fault of ours.
    client.on('error', () => undefined);
  }

  /** Answers the handshake; nobody comes when the client has hung up. */
  static open(handshake: IncomingMessage, { socket, head }: Upgrade): Promise<WsWire | undefined> {
    return new Promise((opened) => {
      socket.once('close', () => opened(undefined));
      server.handleUpgrade(handshake, socket, head, (client) => opened(new WsWire(socket, client)));
    });
  }

  /** Tells where the client wants to go on, when it drains and when it is gone. */
  listen(on: { seek: (after: number) => void; drain: () => void; close: () => void }): void {
    this.client.on('message', (data, isBinary) => {
      const after = isBinary ? undefined : afterOf((data as Buffer).toString('utf8'));
      if (after === undefined) this.client.close(runtime.liveCloseCodes.request, 'expected {"after": seq}');
      else on.seek(after);
    });
    this.socket.on('drain', on.drain);
    this.client.once('close', on.close);
  }

  get full(): boolean {
    return this.socket.writableNeedDrain;
  }

  send(lines: readonly Line[]): void {
    this.socket.cork();
    for (const { json } of lines) this.client.send(json, { binary: false });
    this.socket.uncork();
  }

  beat(): boolean {
    const { answered } = this;
    this.answered = false;
    this.client.ping();
    return answered;
  }

  end(ending: Ending, cursor: number): void {
    if (ending === 'gone') return this.client.terminate();
    this.client.close(runtime.liveCloseCodes[ending], JSON.stringify({ after: cursor }));
    setTimeout(() => this.client.terminate(), CLOSE_MS).unref();
  }
}

function afterOf(text: string): number | undefined {
  try {
    return request.parse(JSON.parse(text)).after;
  } catch {
    return undefined;
  }
}
