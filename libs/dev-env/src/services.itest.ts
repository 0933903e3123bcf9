import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { run } from './processes/run.js';
import { proxyEnv } from './services.js';

describe('behind a proxy', () => {
  let proxy: Server;
  let tunnels: string[];
  const url = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  beforeEach(async () => {
    tunnels = [];
    proxy = createServer((request, response) => response.end(request.headers.host));
    proxy.on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      proxy.emit('connection', socket); // whoever is called lives here as well
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });
  afterEach(() => {
    proxy.closeAllConnections();
    proxy.close();
  });

  const fetched = async (address: string, outer: NodeJS.ProcessEnv) => {
    const program = `fetch(process.argv[1]).then((r) => r.text()).then(console.log)`;
    const { stdout } = await run(process.execPath, ['-e', program, address], { env: { ...outer, ...proxyEnv(outer) } });
    return stdout.trim();
  };

  it.each(['HTTP_PROXY', 'http_proxy'])(
    'a service calls the world as %s says, its neighbours directly',
    async (name) => {
      const outer = { [name]: url() };
      expect(await fetched('http://models.invalid/v1', outer)).toBe('models.invalid');
      expect(await fetched(`${url()}/readyz`, outer)).toBe(new URL(url()).host);
      expect(tunnels).toEqual(['models.invalid:80']);
    },
  );

  it('hosts that the user excepted stay so, and without a proxy nothing is said', () => {
    const direct = 'intranet,127.0.0.1,localhost';
    expect(proxyEnv({ https_proxy: url(), no_proxy: 'intranet' })).toEqual({
      NODE_USE_ENV_PROXY: '1',
      NO_PROXY: direct,
      no_proxy: direct,
    });
    expect(proxyEnv({ NO_PROXY: 'a' })).toEqual({});
  });
});
