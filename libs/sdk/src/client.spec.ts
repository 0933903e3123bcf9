import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { auth, audit, consensus, ConclaveError, marketplace, newId, problemOf, runtime } from '@conclave/contracts';
import { createClient, type Client, type ClientOptions } from './client.js';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const json = (response: ServerResponse, value: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const refuse = (response: ServerResponse, error: ConclaveError, headers: Record<string, string> = {}) =>
  response
    .writeHead(problemOf(error).status, { 'content-type': 'application/problem+json', ...headers })
    .end(JSON.stringify(problemOf(error)));

let server: Server;

/** A client of a server that gives these answers one after the other, the last one for ever. */
async function clientOf(...answers: Answer[]) {
  return clientWith('k', ...answers);
}

async function clientWith(
  apiKey: ClientOptions['apiKey'],
  ...answers: Answer[]
): Promise<{ client: Client; requests: IncomingMessage[]; bodies: string[] }> {
  const requests: IncomingMessage[] = [];
  const bodies: string[] = [];
  server = createServer((request, response) => {
    const answer = answers[Math.min(requests.push(request), answers.length) - 1]!;
    void text(request).then((body) => {
      bodies.push(body);
      answer(request, response, body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const retry = { attempts: 4, firstPauseMs: 1, longestPauseMs: 2 };
  return { client: createClient({ baseUrl, apiKey, retry }), requests, bodies };
}

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const id = newId('run');
const run = (state: string) => ({ id, kind: 'review', title: 't', state });
const event = (seq: number, type = 'seat.voted') => ({ run: id, seq, type, at: '2026-01-01T00:00:00Z', data: {} });
const sse = (...events: object[]) =>
  events.map((one) => `id: ${(one as { seq: number }).seq}\ndata: ${JSON.stringify(one)}\n\n`).join('');

describe('call', () => {
  it('asks for an access token each time, and for another when one is refused', async () => {
    const tokens: (string | undefined)[] = [];
    const give = async (refused?: string) => `token ${tokens.push(refused)}`;
    const refuse: Answer = (_, response) => json(response, { code: 'auth.unauthenticated' }, 401);
    const { client, requests } = await clientWith(give, refuse, (_, response) => json(response, {}));
    await client.call(runtime.getRun, { id });
    await client.call(runtime.getRun, { id });
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([1, 2, 3].map((n) => `Bearer token ${n}`));
    expect(tokens).toEqual([undefined, 'token 1', undefined]);
  });

  it('asks for no other token where the person has to prove who they are (RFC 9470)', async () => {
    const tokens: (string | undefined)[] = [];
    const give = async (refused?: string) => `token ${tokens.push(refused)}`;
    const challenge = 'Bearer error="insufficient_user_authentication", max_age="900"';
    const { client, requests } = await clientWith(give, (_, response) =>
      refuse(response, new ConclaveError('auth.proof.too-old', { maxAgeS: 900 }), { 'www-authenticate': challenge }),
    );
    await expect(client.call(runtime.getRun, { id })).rejects.toMatchObject({ code: 'auth.proof.too-old' });
    expect([requests.length, tokens]).toEqual([1, [undefined]]);
  });

  it('puts members into path, query and body as the contract says', async () => {
    const { client, requests, bodies } = await clientOf((_, response) => json(response, {}));
    await client.call(marketplace.getPackage, { name: 'conclave/review' });
    await client.call(runtime.listRuns, { limit: 5, after: 'a b' });
    await client.call(runtime.cancelRun, { id, reason: 'enough' });
    await client.call(auth.revokeApiKey, { id: 'key_1' });
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /v1/packages/conclave%2Freview',
      'GET /v1/runs?limit=5&after=a+b',
      `POST /v1/runs/${id}/cancel`,
      'DELETE /v1/api-keys/key_1',
    ]);
    expect(bodies).toEqual(['', '', '{"reason":"enough"}', '']);
    expect(requests[2]!.headers).toMatchObject({ authorization: 'Bearer k', 'content-type': 'application/json' });
  });

  it('reads a text reply as text', async () => {
    const { client } = await clientOf((_, response) => response.end('origin\n3\n'));
    expect(await client.call(audit.getCheckpoint, {})).toBe('origin\n3\n');
  });

  it('throws the refusal a problem document describes, with its params', async () => {
    const { client } = await clientOf((_, response) =>
      refuse(response, new ConclaveError('auth.forbidden', { permission: 'run:read' })),
    );
    await expect(client.call(runtime.getRun, { id })).rejects.toMatchObject({
      code: 'auth.forbidden',
      params: { permission: 'run:read' },
    });
  });

  it('sends a read again until the platform is back', async () => {
    const away: Answer = (_, response) => refuse(response, new ConclaveError('service.unavailable'));
    const cut: Answer = (request) => request.socket.destroy();
    const { client, requests } = await clientOf(away, cut, away, (_, response) => json(response, run('working')));
    expect(await client.call(runtime.getRun, { id })).toMatchObject({ state: 'working' });
    expect(requests).toHaveLength(4);
  });

  it('sends a write again only under an idempotency key, and then under the same one', async () => {
    const request = {
      bundle: 'a'.repeat(64),
      repository: 'r',
      base: 'b'.repeat(40),
      head: 'c'.repeat(40),
      target: 'b'.repeat(40),
    };
    const away: Answer = (_, response) => refuse(response, new ConclaveError('service.unavailable'));
    const pending: Answer = (_, response) => refuse(response, new ConclaveError('consensus.voter-key.pending'));
    const { client, requests } = await clientOf(away, away, pending, (_, response) =>
      json(response, run('submitted'), 202),
    );
    await expect(client.call(runtime.createReview, request)).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(requests).toHaveLength(1);
    await client.call(runtime.createReview, request, { idempotencyKey: 'once' });
    expect(requests.slice(1).map(({ headers }) => headers['idempotency-key'])).toEqual(['once', 'once', 'once']);
  });

  it('gives up after the schedule, and at once on a refusal that stands', async () => {
    const pending: Answer = (_, response) => refuse(response, new ConclaveError('consensus.receipt.pending'));
    const away: Answer = (_, response) => response.writeHead(502).end('<html>');
    const { client, requests } = await clientOf(pending, away);
    await expect(client.call(consensus.getReceipt, { id: 'dec_1' })).rejects.toMatchObject({
      code: 'consensus.receipt.pending',
    });
    await expect(client.call(runtime.getRun, { id })).rejects.toMatchObject({
      code: 'service.unavailable',
      params: { status: 502 },
    });
    expect(requests).toHaveLength(1 + 4);
  });

  it('waits as long as Retry-After says', async () => {
    const limited: Answer = (_, response) =>
      refuse(response, new ConclaveError('request.rate-limited'), { 'retry-after': '1' });
    const { client } = await clientOf(limited, (_, response) => json(response, run('working')));
    const began = Date.now();
    await client.call(runtime.getRun, { id });
    expect(Date.now() - began).toBeGreaterThanOrEqual(990);
  });

  it('stops when it is told to', async () => {
    const { client } = await clientOf(() => undefined);
    await expect(client.call(runtime.getRun, { id }, { signal: AbortSignal.timeout(30) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('says why the network failed', async () => {
    const { client } = await clientOf(() => undefined);
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await expect(client.call(runtime.getRun, { id })).rejects.toMatchObject({
      code: 'service.unavailable',
      params: { reason: 'ECONNREFUSED' },
    });
    await clientOf(() => undefined);
  });
});

describe('upload', () => {
  const reply = { sha256: 'a'.repeat(64), sizeBytes: 3 };
  const away: Answer = (_, response) => refuse(response, new ConclaveError('service.unavailable'));

  it('sends a blob again, a stream never', async () => {
    const { client, bodies, requests } = await clientOf(away, (_, response) => json(response, reply, 201));
    expect(await client.upload(new Blob(['abc']))).toEqual(reply);
    expect(bodies).toEqual(['abc', 'abc']);
    expect(requests[0]!.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': '3' });
    expect(await client.upload(new Blob(['abc']).stream())).toEqual(reply);
  });

  it('refuses a stream that failed once', async () => {
    const { client, requests } = await clientOf(away);
    await expect(client.upload(new Blob(['abc']).stream())).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(requests).toHaveLength(1);
  });
});

describe('followRun', () => {
  const collect = async (client: Client, after = 0) => {
    const seen: number[] = [];
    for await (const { seq } of client.followRun(id, { after })) seen.push(seq);
    return seen;
  };

  it('resumes behind the last event after a cut, and gives none twice', async () => {
    const { client, requests } = await clientOf(
      (_, response) => {
        response.write(`: hello\n\n${sse(event(1), event(2))}id: 3\ndata: {"half`);
        setTimeout(() => response.destroy(), 20);
      },
      (_, response) => response.end(sse(event(2), event(3), event(4, 'run.completed'))),
    );
    expect(await collect(client)).toEqual([1, 2, 3, 4]);
    expect(requests[1]!.url).toBe(`/v1/runs/${id}/events?after=2`);
    expect(requests[1]!.headers['last-event-id']).toBe('2');
  });

  it('does not take a stream that closes in good order for the end of the run', async () => {
    const { client, requests } = await clientOf(
      (_, response) => response.end(sse(event(1))),
      (_, response) => json(response, run('working')),
      (_, response) => response.end(sse(event(2))),
      (_, response) => json(response, run('completed')),
      (_, response) => response.end(sse(event(3))),
      (_, response) => json(response, run('completed')),
      (_, response) => response.end(),
    );
    expect(await collect(client)).toEqual([1, 2, 3]);
    expect(requests).toHaveLength(7);
  });

  it('does not count silence as absence: a quiet run outlives a restart of the platform', async () => {
    const { client } = await clientOf(
      (_, response) => {
        response.write(sse(event(1)));
        setTimeout(() => response.destroy(), 700);
      },
      (_, response) => response.end(sse(event(2, 'run.completed'))),
    );
    const seen: number[] = [];
    for await (const { seq } of client.followRun(id, { patienceMs: 500 })) seen.push(seq);
    expect(seen).toEqual([1, 2]);
  });

  it('gives up on a platform that stays away', async () => {
    const { client, requests } = await clientOf((_, response) => response.writeHead(503).end());
    const following = client.followRun(id, { patienceMs: 150 }).next();
    await expect(following).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(requests.length).toBeGreaterThan(1);
  });

  it('ends at a refusal', async () => {
    const { client } = await clientOf((_, response) => refuse(response, new ConclaveError('runtime.run.not-found')));
    await expect(collect(client)).rejects.toMatchObject({ code: 'runtime.run.not-found' });
  });
});
