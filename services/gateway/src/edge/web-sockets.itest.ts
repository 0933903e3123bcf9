import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConclaveError, runtime } from '@conclave/contracts';
import { takeUpgrade } from '@conclave/nest-kit';
import { WebSocket, WebSocketServer } from 'ws';
import { aRun, bearer, startEdgeWorld, type EdgeWorld } from './test/edge-world.js';

let world: EdgeWorld;
beforeAll(async () => {
  world = await startEdgeWorld();
});
afterAll(() => world.stop());

const events = `/v1/runs/${aRun.id}/events`;
const admin = (): Record<string, string> => bearer(world.keys.admin);
const server = new WebSocketServer({ noServer: true });

/** What the owner does with whoever comes. */
let onClient: (client: WebSocket) => void;
beforeEach(() => {
  world.owner.seen.length = 0;
  onClient = (client) => client.send('hello');
  world.owner.stream = async ({ request, reply }) => {
    const { socket, head } = takeUpgrade(request, reply);
    server.handleUpgrade(request.raw, socket, head, (client) => onClient(client));
    await once(socket, 'close');
  };
});

interface Ending {
  readonly code: number;
  readonly reason: string;
}

function open(headers: Record<string, string>, path = events, at = world) {
  const socket = new WebSocket(at.edge.url.replace('http', 'ws') + path, { headers });
  const heard: string[] = [];
  socket.on('message', (data) => heard.push((data as Buffer).toString('utf8')));
  const first = Promise.withResolvers<void>();
  socket.once('message', () => first.resolve());
  const closed = new Promise<Ending>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  return { socket, heard, first: first.promise, closed };
}

/** How a handshake was refused. */
async function refused(headers: Record<string, string>, path = events) {
  const { socket } = open(headers, path);
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    NodeJS.ReadableStream & { statusCode: number },
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return [response.statusCode, (JSON.parse(text) as { code?: string }).code];
}

describe('WebSockets', () => {
  it('pass messages both ways, under the context in place of the credential', async () => {
    onClient = (client) =>
      client.on('message', (data) => client.send(`heard ${(data as Buffer).toString('utf8')}`)).send('hello');
    const { socket, heard, first, closed } = open(
      { ...admin(), cookie: 'a=b', 'conclave-token': 'forged' },
      `${events}?after=7`,
    );
    await first;
    socket.send('x'.repeat(100_000));
    while (heard.length < 2) await sleep(10);
    expect(heard[1]).toBe(`heard ${'x'.repeat(100_000)}`);
    const { headers, request, ctx } = world.owner.seen[0]!;
    expect(request).toEqual({ id: aRun.id, after: 7, tokens: false });
    expect([headers!.authorization, headers!.cookie, ctx.principal?.name]).toEqual([undefined, undefined, 'Test']);
    socket.close(1000);
    expect((await closed).code).toBe(1000);
  });

  it('are refused before the upgrade by whoever refuses, in the one form of refusals', async () => {
    world.addKey('ck_narrow', ['decision:read']);
    expect(await refused({})).toEqual([401, 'auth.unauthenticated']);
    expect(await refused(bearer('ck_unknown'))).toEqual([401, 'auth.unauthenticated']);
    expect(await refused(bearer('ck_narrow'))).toEqual([403, 'auth.forbidden']);
    expect(await refused(admin(), '/v1/runs/nonsense/events')).toEqual([400, 'request.invalid']);
    expect(await refused(admin(), '/v1/nowhere')).toEqual([404, 'route.unknown']);
    expect(world.owner.seen).toEqual([]);
    world.owner.stream = async () => {
      throw new ConclaveError('runtime.run.not-found');
    };
    expect(await refused(admin())).toEqual([404, 'runtime.run.not-found']);
    await world.stopOwner();
    expect(await refused(admin())).toEqual([503, 'service.unavailable']);
    await world.startOwner();
  });

  it('are opened with a sign-in by pages of this address only', async () => {
    const signIn = await world.fetch('/v1/sign-ins', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiKey: world.keys.admin }),
    });
    const cookie = signIn.headers.getSetCookie()[0]!.split(';')[0]!;
    expect(await refused({ cookie, origin: 'https://elsewhere.example' })).toEqual([403, 'auth.csrf']);
    expect(await refused({ cookie })).toEqual([403, 'auth.csrf']);
    const { first, socket } = open({ cookie, origin: world.edge.url });
    await first;
    socket.close();
  });

  it('answer what is no WebSocket route as if nobody had asked for one', async () => {
    expect((await refused(admin(), `/v1/runs/${aRun.id}`))[0]).toBe(200);
    expect((await world.fetch(`/v1/runs/${aRun.id}`, { headers: admin() })).status).toBe(200);
  });

  it('end with the credential that opened them, behind what was told before', async () => {
    world.addKey('ck_doomed');
    const [doomed, kept] = [open(bearer('ck_doomed')), open(admin())];
    await Promise.all([doomed.first, kept.first]);
    world.revoke('ck_doomed');
    expect((await doomed.closed).code).toBe(runtime.liveCloseCodes.credential);
    expect([doomed.heard, kept.socket.readyState]).toEqual([['hello'], WebSocket.OPEN]);
    kept.socket.close();
  });

  it('count among the streams a principal may have open, and are counted out again', async () => {
    world.addKey('ck_greedy');
    const opened = Array.from({ length: 32 }, () => open(bearer('ck_greedy')));
    await Promise.all(opened.map(({ first }) => first));
    expect(await refused(bearer('ck_greedy'))).toEqual([429, 'request.rate-limited']);
    for (const { socket } of opened) socket.close();
    await Promise.all(opened.map(({ closed }) => closed));
    for (;;) {
      const { socket, first } = open(bearer('ck_greedy'));
      if (await Promise.race([first.then(() => true), once(socket, 'unexpected-response').then(() => false)])) break;
    }
  });

  it('let the owner go with the client, and the client with the owner', async () => {
    const gone = Promise.withResolvers<void>();
    onClient = (client) => client.once('close', () => gone.resolve()).send('hello');
    const rude = open(admin());
    await rude.first;
    rude.socket.terminate();
    await gone.promise;
    onClient = (client) => {
      client.send('hello');
      setTimeout(() => client.terminate(), 50);
    };
    expect((await open(admin()).closed).code).toBe(1006);
  });

  it('end in good order when the edge drains', async () => {
    const other = await startEdgeWorld();
    other.owner.stream = world.owner.stream;
    const { first, closed } = open(bearer(other.keys.admin), events, other);
    await first;
    const began = Date.now();
    const stopped = other.edge.stop();
    expect((await closed).code).toBe(runtime.liveCloseCodes.draining);
    await stopped;
    // The grace is 2 s: who waited for the connection would have used it up.
    expect(Date.now() - began).toBeLessThan(1_500);
    await other.stop();
  });
});
