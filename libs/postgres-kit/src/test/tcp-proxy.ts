import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface TcpProxy {
  /** The URL with the proxy's address in it. */
  through(url: string): string;
  /** Cuts every connection and refuses new ones, as a server that is gone does. */
  cut(): Promise<void>;
  /** Swallows what is said on the connections there are, as a network does that lost the way. */
  swallow(): void;
  /** Lets connections through again. */
  mend(): Promise<void>;
}

/** A way to a server that a test can cut. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const accept = (client: Socket): void => {
    const upstream = connect(Number(port || 5432), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy()).on('close', () => sockets.delete(from));
    }
  };
  const listen = (at: number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer(accept).listen(at, '127.0.0.1', () => resolve(server));
    });
  let server = await listen(0);
  const { port: own } = server.address() as AddressInfo;
  return {
    through(url) {
      const result = new URL(url);
      result.host = `127.0.0.1:${own}`;
      return result.toString();
    },
    async cut() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    swallow() {
      for (const socket of sockets) socket.unpipe().resume();
    },
    async mend() {
      server = await listen(own);
    },
  };
}
