import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hostileNames as resolve, hostileUrls } from '../test/hostile-urls.js';
import { Egress, EgressRefusedError, dnsResolve, type Resolve } from './egress.js';

const admit = (egress: Egress, url: string) => egress.admit(url, new AbortController().signal);

describe('egress', () => {
  const egress = new Egress([], resolve);

  it('knows enough ways in', () => {
    expect(new Set(hostileUrls).size).toBeGreaterThanOrEqual(100);
  });

  it.each(hostileUrls)('does not go to %j', async (url) => {
    await expect(admit(egress, url)).rejects.toBeInstanceOf(EgressRefusedError);
    await expect(egress.post(url, { headers: {}, body: '', timeoutMs: 1_000 })).rejects.toBeInstanceOf(
      EgressRefusedError,
    );
  });

  it.each([
    'https://public.example/',
    'https://public.example:8443/hook?x=1',
    'https://93.184.215.14/',
    'https://[2606:4700::1]/',
  ])('would go to %s', async (url) => {
    await expect(admit(egress, url)).resolves.toBeDefined();
  });

  it('says nothing that tells names inside from names that do not exist', async () => {
    const reasons = await Promise.all(
      ['https://intranet.example/', 'https://unknown.example/', 'https://10.0.0.1/'].map((url) =>
        admit(egress, url).catch((error: Error) => error.message),
      ),
    );
    expect(new Set(reasons).size).toBe(1);
  });

  it('needs TLS everywhere but on allowed networks', async () => {
    const inside = new Egress(['192.168.1.0/24', '::1/128'], resolve);
    await expect(admit(inside, 'http://intranet.example/')).resolves.toBeDefined();
    await expect(admit(inside, 'http://[::1]:9000/')).resolves.toBeDefined();
    await expect(admit(inside, 'http://public.example/')).rejects.toThrow('https');
    await expect(admit(inside, 'http://10.0.0.1/')).rejects.toThrow('public');
    await expect(admit(inside, 'http://mixed.example/')).rejects.toThrow('public');
  });
});

describe('egress on the wire', () => {
  let server: Server;
  let port: number;
  let hits: { method: string; url: string; host: string; body: string }[];
  const connections = new Set<Socket>();
  const inside = (names: Resolve = resolve) => new Egress(['127.0.0.0/8'], names);
  const post = (egress: Egress, url: string, timeoutMs = 2_000) =>
    egress.post(url, { headers: { 'x-test': '1' }, body: 'hello', timeoutMs });

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        hits.push({ method, url, host: headers.host ?? '', body: Buffer.concat(chunks).toString() });
        if (url === '/silent') return;
        if (url === '/redirect') return response.writeHead(307, { location: `http://127.0.0.1:${port}/secret` }).end();
        if (url === '/drip') return repeat(response, '.');
        if (url === '/flood') return repeat(response, Buffer.alloc(100_000));
        if (url === '/size') return response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('17\n');
        response.writeHead(url === '/broken' ? 500 : 204).end();
      });
    });
    server.on('connection', (socket) => {
      connections.add(socket);
      socket.once('close', () => connections.delete(socket));
    });
    await new Promise<void>((done) => server.listen(0, '0.0.0.0', done));
    port = (server.address() as AddressInfo).port;
    hits = [];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Answers without end, a piece every 20 ms. */
  function repeat(response: ServerResponse, piece: string | Buffer): void {
    const timer = setInterval(() => response.write(piece), 20);
    response.on('close', () => clearInterval(timer));
  }

  it('posts the body under the name’s own host header and reports the status', async () => {
    hits = [];
    expect(await post(inside(), `http://localhost:${port}/ok?x=1`)).toBe(204);
    expect(hits).toEqual([{ method: 'POST', url: '/ok?x=1', host: `localhost:${port}`, body: 'hello' }]);
    expect(await post(inside(), `http://127.0.0.1:${port}/broken`)).toBe(500);
  });

  it('reads an answer that somebody wants, up to a bound', async () => {
    const ask = (path: string, maxBytes: number) =>
      inside().ask(`http://localhost:${port}${path}`, { headers: {}, body: '', timeoutMs: 2_000 }, maxBytes);
    expect(await ask('/size', 3)).toEqual({ status: 409, contentType: 'text/x.tlog.size', bytes: Buffer.from('17\n') });
    await expect(ask('/size', 2)).rejects.toThrow('more than 2 bytes');
    await expect(ask('/flood', 100_000)).rejects.toThrow('more than');
  });

  it('connects to the address it checked, though the name changes its mind', async () => {
    hits = [];
    let asked = 0;
    const rebinding: Resolve = async () => [{ address: asked++ === 0 ? '127.0.0.2' : '127.0.0.9', family: 4 }];
    const onSecond: string[] = [];
    server.once('connection', (socket) => onSecond.push(socket.localAddress ?? ''));
    expect(await post(inside(rebinding), `http://rebind.example:${port}/ok`)).toBe(204);
    expect(asked).toBe(1);
    expect(onSecond).toEqual(['127.0.0.2']);
  });

  it('never asks the system for a name again', async () => {
    const invented: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    expect(await post(inside(invented), `http://no-such-name.invalid:${port}/ok`)).toBe(204);
  });

  it('does not follow a redirect', async () => {
    hits = [];
    expect(await post(inside(), `http://127.0.0.1:${port}/redirect`)).toBe(307);
    expect(hits.map(({ url }) => url)).toEqual(['/redirect']);
  });

  it('gives up on a receiver that says nothing, and on a name that does not resolve in time', async () => {
    const started = Date.now();
    await expect(post(inside(), `http://127.0.0.1:${port}/silent`, 300)).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    const hanging: Resolve = () => new Promise(() => undefined);
    await expect(post(inside(hanging), 'https://slow.example/', 300)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it('waits for a silent name server in nobody else’s way, and stops asking when time is up', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    const asked: number[] = [];
    silent.on('message', () => asked.push(Date.now()));
    const slow = inside(dnsResolve([`127.0.0.1:${silent.address().port}`]));
    const order: string[] = [];
    const posts = Array.from({ length: 16 }, (_, n) =>
      post(slow, `https://tenant${n}.example/`, 1_000).catch(({ name }: Error) => order.push(name)),
    );
    await once(silent, 'message');
    await stat('/').then(() => order.push('a file is read'));
    await Promise.all(posts);
    expect(order).toEqual(['a file is read', ...Array<string>(16).fill('TimeoutError')]);
    const endedAt = Date.now();
    await new Promise((done) => setTimeout(done, 1_500));
    expect(asked.filter((at) => at > endedAt + 100)).toEqual([]);
    silent.close();
  });

  it('neither waits for nor swallows an answer without end', async () => {
    const started = Date.now();
    expect(await post(inside(), `http://127.0.0.1:${port}/drip`, 500)).toBe(200);
    expect(await post(inside(), `http://127.0.0.1:${port}/flood`, 10_000)).toBe(200);
    expect(Date.now() - started).toBeLessThan(9_000);
  });

  describe('whose answer is streamed', () => {
    const stream = (path: string, more: { signal?: AbortSignal; maxBytes?: number; from?: Egress } = {}) =>
      (more.from ?? inside()).stream(
        path.startsWith('/') ? `http://127.0.0.1:${port}${path}` : path,
        { method: 'GET', headers: {}, signal: more.signal ?? new AbortController().signal },
        more.maxBytes ?? 1_000_000,
      );
    const closed = () => Promise.all([...connections].map((socket) => once(socket, 'close')));

    it('hands it on as it comes, and hangs up on whoever stops reading', async () => {
      const answer = await stream('/drip');
      expect(answer.status).toBe(200);
      const reader = answer.body!.getReader();
      expect(Buffer.from((await reader.read()).value).toString()).toMatch(/^\.+$/);
      await reader.cancel();
      await closed();
    });

    it('reads no more than the bound, follows no redirect, and ends when it is told to', async () => {
      await expect((await stream('/flood', { maxBytes: 250_000 })).arrayBuffer()).rejects.toThrow('250000 bytes');
      expect(await (await stream('/size')).text()).toBe('17\n');
      expect((await stream('/redirect')).status).toBe(307);
      const stop = new AbortController();
      const silent = stream('/silent', { signal: stop.signal });
      const dripping = await stream('/drip', { signal: stop.signal });
      stop.abort(new Error('enough'));
      await expect(silent).rejects.toThrow('enough');
      await expect(dripping.text()).rejects.toThrow('enough');
      await closed();
    });

    it('goes nowhere that others do not go', async () => {
      for (const url of hostileUrls)
        await expect(stream(url || 'nothing', { from: new Egress([], resolve) })).rejects.toBeInstanceOf(
          EgressRefusedError,
        );
    });

    it('goes through a proxy by name and TLS alone, and past it as ever', async () => {
      const asked: string[] = [];
      const proxy = createServer().on('connect', (request, socket) => {
        asked.push(request.url ?? '');
        socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      });
      await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
      const { HTTPS_PROXY: before, NO_PROXY: past } = process.env;
      process.env['HTTPS_PROXY'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      process.env['NO_PROXY'] = 'intranet.example';
      try {
        const proxied = new Egress(['127.0.0.0/8'], resolve, true);
        await expect(stream('https://no-such-name.example/', { from: proxied })).rejects.toThrow();
        expect(asked).toEqual(['no-such-name.example:443']);
        for (const url of [
          'https://10.0.0.1/',
          'https://0xa9fea9fe/',
          'http://public.example/',
          'https://intranet.example/',
        ])
          await expect(stream(url, { from: proxied })).rejects.toBeInstanceOf(EgressRefusedError);
        expect(await (await stream('/size', { from: proxied })).text()).toBe('17\n');
        expect(asked).toHaveLength(1);
      } finally {
        Object.assign(process.env, { HTTPS_PROXY: before ?? '', NO_PROXY: past ?? '' });
        proxy.close();
      }
    });
  });

  it('says when nobody listens', async () => {
    await expect(post(inside(), 'http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
