import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** A receiver of webhooks on loopback that keeps what it gets and answers as its path says: `/status/500`, `/silent`. */
export class Receiver {
  readonly received: Received[] = [];
  private readonly answers = new Map<string, number>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        const body = Buffer.concat(chunks).toString();
        receiver.received.push({ path, headers: request.headers, body, at: Date.now() });
        if (!path.startsWith('/silent')) response.writeHead(receiver.answers.get(path) ?? 204).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return receiver;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  answer(path: string, status: number): void {
    this.answers.set(path, status);
  }

  at(path: string): Received[] {
    return this.received.filter((request) => request.path === path);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
