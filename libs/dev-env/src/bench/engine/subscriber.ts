/**
 * A client that follows a run over a WebSocket (RFC 6455) and does little else. Written on sockets, because a thousand
 * full clients cost more CPU than the servers measured here, on the same cores.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { getRequest } from '../load.js';

export interface Subscriber {
  /** Messages received so far. */
  readonly received: number;
  /** Hangs up; resolves when the connection is gone. */
  close(): Promise<void>;
}

export interface Subscription {
  /** The server, on this machine. */
  readonly port: number;
  readonly path: string;
  readonly key: string;
  /** Called with each message and its number, from 0 on. */
  readonly onMessage: (no: number, text: Buffer) => void;
}

const [TEXT, CLOSE, PING] = [0x1, 0x8, 0x9];
/** As clients send it: masked, here with zeros. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/** Resolves when the handshake is answered. @throws Error when it is refused, or the connection lost */
export function subscribe({ port, path, key, onMessage }: Subscription): Promise<Subscriber> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let pending: Buffer = Buffer.alloc(0);
  let greeted = false;
  const subscriber = {
    received: 0,
    close(): Promise<void> {
      socket.destroy();
      return gone;
    },
  };
  socket.on('connect', () => socket.write(handshake(path, key)));
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new Error(reason));
    };
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('the server closed the connection'));
    socket.on('data', (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      if (!greeted) {
        const end = pending.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = pending.toString('latin1', 0, end);
        if (!head.startsWith('HTTP/1.1 101 ')) return fail(pending.toString('latin1'));
        greeted = true;
        pending = pending.subarray(end + 4);
        resolve(subscriber);
      }
      for (let frame = frameAt(pending); frame; frame = frameAt(pending)) {
        if (frame.opcode === TEXT) onMessage(subscriber.received++, pending.subarray(frame.start, frame.end));
        else if (frame.opcode === PING) socket.write(PONG);
        else if (frame.opcode === CLOSE) return void socket.destroy();
        pending = pending.subarray(frame.end);
      }
    });
  });
}

const handshake = (path: string, key: string): Buffer =>
  getRequest(path, {
    authorization: `Bearer ${key}`,
    ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    'sec-websocket-key': randomBytes(16).toString('base64'),
  });

/** Where the frame at the start of the bytes has its payload, once it is there whole. Servers send no masks. */
export function frameAt(
  bytes: Buffer,
): { readonly opcode: number; readonly start: number; readonly end: number } | undefined {
  const [first = 0, short = 127] = bytes;
  const start = short === 126 ? 4 : 2;
  if (bytes.length < start) return undefined;
  if (short === 127) throw new Error('a frame longer than any event');
  const end = start + (short === 126 ? bytes.readUInt16BE(2) : short);
  return bytes.length < end ? undefined : { opcode: first & 0xf, start, end };
}
