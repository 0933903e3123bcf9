/** Naughty strings where no library would send them: in headers, byte by byte, and in what a WebSocket is told. */
import { connect } from 'node:net';

/** Headers that somebody here reads, and a request in which each is read. */
export const readHeaders: Readonly<Record<string, `${string} /${string}`>> = {
  ...Object.fromEntries(
    [
      ...['authorization', 'cookie', 'x-conclave-csrf', 'user-agent', 'accept', 'host', 'origin', 'referer', 'expect'],
      ...['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'traceparent', 'tracestate', 'baggage'],
      ...['x-request-id', 'if-none-match', 'range', 'conclave-token', 'conclave-deadline', 'sec-fetch-site'],
    ].map((name) => [name, 'GET /v1/me']),
  ),
  'idempotency-key': 'POST /v1/sessions',
  'content-type': 'POST /v1/sessions',
  'content-encoding': 'POST /v1/sessions',
  'if-match': 'PATCH /scim/v2/Groups/{grp}',
  'last-event-id': 'GET /v1/runs/{run}/events',
  'sec-websocket-protocol': 'GET /v1/runs/{run}/events',
  'webhook-id': 'POST /v1/hooks/{trg}',
  'webhook-timestamp': 'POST /v1/hooks/{trg}',
  'webhook-signature': 'POST /v1/hooks/{trg}',
};

/**
 * Sends a request with these headers as they are, but for line breaks, which would be another header.
 *
 * @returns the status, 0 when there is no answer
 */
export function statusOf(gateway: string, request: string, headers: Record<string, string>): Promise<number> {
  const { hostname, port, host } = new URL(gateway);
  const body = request.startsWith('GET') ? '' : '{}';
  const all = { host, connection: 'close', ...(body && { 'content-length': '2' }), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value.replaceAll(/[\r\n]/g, '')}`);
  return new Promise((answered) => {
    const socket = connect(Number(port), hostname).setTimeout(20_000, () => socket.destroy());
    socket.once('error', () => answered(0)).once('close', () => answered(0));
    socket.once('data', (head) => {
      answered(Number(/^HTTP\/1\.1 (\d{3}) /.exec(head.toString('latin1'))?.[1] ?? 0));
      socket.destroy();
    });
    socket.write(`${request} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  });
}

/** Says one thing over a WebSocket. @returns the code that it is closed with */
export async function closeOf(url: string, headers: Record<string, string>, text: string): Promise<number> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
  socket.addEventListener('open', () => socket.send(text));
  return new Promise((closed) => socket.addEventListener('close', ({ code }) => closed(code)));
}
