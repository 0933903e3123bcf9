/**
 * A closed loop of HTTP requests over kept-alive connections: each sends its next request when the last is answered.
 * Written on sockets, because a full client costs more CPU than the servers measured here, on the same cores.
 */
import { connect, type Socket } from 'node:net';

export interface Load {
  /** The server, on this machine. */
  readonly port: number;
  /** Whole requests as bytes, sent in turn. */
  readonly requests: readonly Buffer[];
  readonly connections: number;
  readonly seconds: number;
  /** What every answer has to be; 200 unless told. */
  readonly answer?: { readonly status: number; readonly text: string };
}

export interface LoadResult {
  readonly answers: number;
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

type Headers = Readonly<Record<string, string>>;

const headOf = (line: string, headers: Headers): Buffer => {
  const lines = Object.entries({ host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${line} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
};

/** A GET as bytes. */
export const getRequest = (path: string, headers: Headers = {}): Buffer => headOf(`GET ${path}`, headers);

/** A POST of JSON as bytes. */
export const postRequest = (path: string, body: object, headers: Headers = {}): Buffer => {
  const bytes = Buffer.from(JSON.stringify(body));
  const own = { 'content-type': 'application/json', 'content-length': String(bytes.length) };
  return Buffer.concat([headOf(`POST ${path}`, { ...headers, ...own }), bytes]);
};

/** @throws Error on any answer but the one expected, and on a connection that ends */
export async function load({ port, requests, connections, seconds, answer }: Load): Promise<LoadResult> {
  const { status = 200, text = '' } = answer ?? {};
  const isExpected = (whole: Buffer): boolean =>
    whole.toString('latin1', 9, 12) === String(status) && whole.includes(text);
  const latenciesMs: number[] = [];
  const started = performance.now();
  const deadline = started + seconds * 1_000;
  await Promise.all(
    Array.from({ length: connections }, (_, connection) =>
      converse(
        port,
        (count) => {
          if (performance.now() >= deadline) return undefined;
          return requests[(connection + count * connections) % requests.length];
        },
        isExpected,
        latenciesMs,
      ),
    ),
  );
  return { answers: latenciesMs.length, seconds: (performance.now() - started) / 1_000, latenciesMs };
}

function converse(
  port: number,
  next: (count: number) => Buffer | undefined,
  isExpected: (answer: Buffer) => boolean,
  latenciesMs: number[],
): Promise<void> {
  return new Promise((done, refuse) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let pending: Buffer = Buffer.alloc(0);
    let count = 0;
    let sentAt = 0;
    const fail = (reason: string) => {
      socket.destroy();
      refuse(new Error(reason));
    };
    const send = () => {
      const request = next(count++);
      if (!request) {
        socket.removeAllListeners('close').destroy();
        return done();
      }
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('the server closed the connection'));
    socket.on('data', (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const length = answerLength(pending);
      if (length === undefined || pending.length < length) return;
      if (!isExpected(pending.subarray(0, length))) return fail(pending.toString('latin1', 0, length));
      latenciesMs.push(performance.now() - sentAt);
      pending = pending.subarray(length);
      send();
    });
  });
}

/** How long the answer at the start of the bytes is, once its head is there. Only answers of known length are understood. */
export function answerLength(bytes: Buffer): number | undefined {
  const head = bytes.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, head))?.[1];
  if (length === undefined) throw new Error('the answer does not say how long it is');
  return head + 4 + Number(length);
}
