import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerLength, getRequest, load, postRequest } from './load.js';

describe('the load', () => {
  let server: Server;
  let port: number;
  const seen: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push([request.url, request.headers['x-who']].join(' '));
      if (request.url === '/echo') {
        const length = request.headers['content-length'];
        return void request.pipe(response.writeHead(202, { 'content-length': length }));
      }
      response.writeHead(request.url === '/no' ? 503 : 200, { 'content-length': 40_000 });
      response.end(Buffer.alloc(40_000));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('counts every answer once and sends its requests in turn', async () => {
    const requests = ['a', 'b'].map((who) => getRequest('/', { 'x-who': who }));
    const { answers, latenciesMs, seconds } = await load({ port, requests, connections: 1, seconds: 0.2 });
    expect(answers).toBe(seen.length);
    expect(latenciesMs).toHaveLength(answers);
    expect(seen.slice(0, 3)).toEqual(['/ a', '/ b', '/ a']);
    expect(seconds).toBeGreaterThanOrEqual(0.2);
  });

  it('does not pass a refusal off as an answer', async () => {
    const refused = load({ port, requests: [getRequest('/no')], connections: 2, seconds: 0.2 });
    await expect(refused).rejects.toThrow(/503/);
  });

  it('posts, and refuses an answer that says something else', async () => {
    const body = { name: 'ä' };
    const posted = { port, requests: [postRequest('/echo', body)], connections: 2, seconds: 0.2 };
    const said = (text: string) => load({ ...posted, answer: { status: 202, text } });
    expect((await said(JSON.stringify(body))).answers).toBeGreaterThan(1);
    await expect(said('"name":"o"')).rejects.toThrow(/202/);
    await expect(load(posted)).rejects.toThrow(/202/);
  });

  it('waits for the whole head and does not guess a length', () => {
    expect(answerLength(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n'))).toBeUndefined();
    expect(answerLength(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP'))).toBe(41);
    expect(() => answerLength(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow();
  });
});
