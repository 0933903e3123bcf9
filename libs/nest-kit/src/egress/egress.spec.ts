import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress, EgressRefusedError, dnsResolve, type Resolve } from './egress.js';

/** Names as an attacker's DNS would answer; anything else does not resolve. */
const zone: Record<string, string[]> = {
  'public.example': ['93.184.215.14'],
  localhost: ['127.0.0.1'],
  'localhost.': ['127.0.0.1'],
  'localhost.localdomain': ['127.0.0.1'],
  'ip6-localhost': ['::1'],
  '127.0.0.1.nip.io': ['127.0.0.1'],
  'spoofed.burpcollaborator.net': ['127.0.0.1'],
  'metadata.google.internal': ['169.254.169.254'],
  metadata: ['169.254.169.254'],
  'instance-data': ['169.254.169.254'],
  'kubernetes.default.svc': ['10.96.0.1'],
  'kubernetes.default.svc.cluster.local': ['10.96.0.1'],
  'intranet.example': ['192.168.1.10'],
  'mixed.example': ['93.184.215.14', '10.0.0.5'],
  'mixed6.example': ['93.184.215.14', '::1'],
  'mapped.example': ['::ffff:10.0.0.5'],
  'ula.example': ['fd00:ec2::254'],
  'nat64.example': ['64:ff9b::a9fe:a9fe'],
  'sixtofour.example': ['2002:7f00:1::1'],
  'scoped.example': ['fe80::1%2'],
  'empty.example': [],
};
const resolve: Resolve = async (host) => {
  const addresses = zone[host];
  if (!addresses) throw new Error('ENOTFOUND');
  return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
};

const refusedUrls = [
  // loopback
  'https://127.0.0.1/',
  'https://127.0.0.1:443/',
  'https://127.1/',
  'https://127.0.1/',
  'https://127.255.255.254/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.0.0.1/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://0177.0.0.01/',
  'https://017700000001/',
  'https://00000177.0.0.1/',
  'https://0/',
  'https://0.0.0.0/',
  'https://127.0.0.1./',
  'https://%31%32%37.0.0.1/',
  'https://127%2E0%2E0%2E1/',
  'https://①②⑦.⓪.⓪.①/',
  'https://１２７.０.０.１/',
  'https://127。0。0。1/',
  'https://127．0．0．1/',
  'https://localhost/',
  'https://LOCALHOST/',
  'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/',
  'https://localhost./',
  'https://localhost.localdomain/',
  'https://ip6-localhost/',
  'https://127.0.0.1.nip.io/',
  'https://spoofed.burpcollaborator.net/',
  // IPv6 and IPv4 inside it
  'https://[::1]/',
  'https://[::]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[0000:0000:0000:0000:0000:0000:0000:0001]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[0:0:0:0:0:ffff:127.0.0.1]/',
  'https://[::FFFF:127.0.0.1]/',
  'https://[::127.0.0.1]/',
  'https://[::ffff:169.254.169.254]/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[64:ff9b::127.0.0.1]/',
  'https://[64:ff9b::a9fe:a9fe]/',
  'https://[2002:7f00:0001::]/',
  'https://[2001:0:7f00:1::]/',
  'https://[fe80::1]/',
  'https://[fc00::1]/',
  'https://[fd00:ec2::254]/',
  'https://[ff02::1]/',
  'https://[2001:db8::1]/',
  'https://[fe80::1%25eth0]/',
  // private, link-local, shared, metadata
  'https://10.0.0.1/',
  'https://10.1/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://192.168.257/',
  'https://3232235777/',
  'https://0xc0a80101/',
  'https://169.254.169.254/latest/meta-data/',
  'https://2852039166/',
  'https://0xa9fea9fe/',
  'https://0251.0376.0251.0376/',
  'https://169.254.43518/',
  'https://100.100.100.200/',
  'https://168.63.129.16/',
  'https://192.0.0.192/',
  'https://255.255.255.255/',
  'https://224.0.0.1/',
  'https://metadata.google.internal/',
  'https://metadata/',
  'https://instance-data/',
  'https://kubernetes.default.svc/',
  'https://kubernetes.default.svc.cluster.local/',
  'https://intranet.example/',
  'https://mixed.example/',
  'https://mixed6.example/',
  'https://mapped.example/',
  'https://ula.example/',
  'https://nat64.example/',
  'https://sixtofour.example/',
  'https://scoped.example/',
  'https://empty.example/',
  'https://unknown.example/',
  // userinfo, confused parsers
  'https://user@public.example/',
  'https://user:password@public.example/',
  'https://:password@public.example/',
  'https://public.example@127.0.0.1/',
  'https://127.0.0.1#@public.example/',
  'https://127.0.0.1?@public.example/',
  'https://127.0.0.1\\@public.example/',
  'https://public.example:80@127.0.0.1/',
  'https:127.0.0.1/',
  'https:\\\\127.0.0.1\\',
  'https:///127.0.0.1/',
  '\thttps://127.0.0.1/',
  'https://127.0.0.1\t/',
  'ht\ntps://127.0.0.1/',
  // other schemes, no TLS, nonsense
  'http://public.example/',
  'http://93.184.215.14/',
  'ftp://public.example/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:6379/_INFO',
  'dict://127.0.0.1:11211/',
  'data:text/plain,hello',
  'javascript:alert(1)',
  'ws://public.example/',
  'unix:/var/run/docker.sock',
  'https://',
  'https://[::1',
  'https://256.256.256.256/',
  'https://1.2.3.4.5/',
  'https://exa mple/',
  '//public.example/',
  'public.example',
  '',
];

const admit = (egress: Egress, url: string) => egress.admit(url, new AbortController().signal);

describe('egress', () => {
  const egress = new Egress([], resolve);

  it('knows enough ways in', () => {
    expect(new Set(refusedUrls).size).toBeGreaterThanOrEqual(100);
  });

  it.each(refusedUrls)('does not go to %j', async (url) => {
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

  it('says when nobody listens', async () => {
    await expect(post(inside(), 'http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
