import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of a test's own, on this machine. */
export interface Loopback {
  readonly url: string;
  /** Who answers; nobody knows the address before there is one. */
  answer: RequestListener;
  stop(): Promise<void>;
}

export async function startLoopback(): Promise<Loopback> {
  const server: Server = createServer((request, reply) => loopback.answer(request, reply));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const loopback: Loopback = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer: (_request, reply) => void reply.writeHead(404).end(),
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return loopback;
}
