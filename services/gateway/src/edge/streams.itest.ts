import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConclaveError, problemOf } from '@conclave/contracts';
import { Database, pgConnections } from '@conclave/postgres-kit';
import { createClient } from '@conclave/sdk';
import { aRun, bearer, startEdgeWorld, type EdgeWorld } from './test/edge-world.js';

const LIMIT = 2_000_000;
let world: EdgeWorld;
beforeAll(async () => {
  world = await startEdgeWorld({ UPLOAD_LIMIT_BYTES: String(LIMIT) });
});
afterAll(() => world.stop());
beforeEach(() => {
  world.owner.seen.length = 0;
});

const events = `/v1/runs/${aRun.id}/events`;
const admin = (): Record<string, string> => bearer(world.keys.admin);
const event = (seq: number, type = 'seat.voted') =>
  `id: ${seq}\ndata: ${JSON.stringify({ run: aRun.id, seq, type, at: '2026-01-01T00:00:00Z', data: {} })}\n\n`;
const sse = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };

const upload = (body: RequestInit['body'], headers: Record<string, string> = {}) =>
  world.fetch('/v1/uploads', {
    method: 'POST',
    headers: { ...admin(), 'content-type': 'application/octet-stream', ...headers },
    body: body ?? null,
    duplex: 'half',
  });

describe('server-sent events', () => {
  it('reach the client one by one, headers first, with what both ends need and nothing forged', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    world.owner.stream = async ({ reply }) => {
      reply.raw.writeHead(200, {
        ...sse,
        'set-cookie': 'owner=1',
        'conclave-token': 'leak',
        connection: 'x-hop',
        'x-hop': '1',
        'x-kept': '1',
      });
      reply.raw.flushHeaders();
      for (const [seq, gate] of gates.entries()) {
        await gate.promise;
        reply.raw.write(event(seq + 1));
      }
      reply.raw.end();
    };
    const response = await world.fetch(`${events}?after=0`, {
      headers: {
        ...admin(),
        cookie: 'a=b',
        'last-event-id': '0',
        'conclave-token': 'forged',
        'conclave-deadline': String(Date.now() + 900_000),
      },
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(
      ['set-cookie', 'conclave-token', 'x-hop', 'x-kept', 'x-content-type-options'].map((name) =>
        response.headers.get(name),
      ),
    ).toEqual([null, null, null, '1', 'nosniff']);
    const { headers, request, ctx } = world.owner.seen[0]!;
    expect(request).toEqual({ id: aRun.id, after: 0, tokens: false });
    expect([headers!.authorization, headers!.cookie, headers!['last-event-id']]).toEqual([undefined, undefined, '0']);
    expect(ctx.principal?.name).toBe('Test');
    const reader = response.body!.getReader();
    for (const [seq, gate] of gates.entries()) {
      gate.resolve();
      expect(new TextDecoder().decode((await reader.read()).value as Uint8Array)).toBe(event(seq + 1));
    }
    expect((await reader.read()).done).toBe(true);
  });

  it('pass a refusal of the owner on as it is', async () => {
    world.owner.stream = async () => {
      throw new ConclaveError('runtime.run.not-found');
    };
    const response = await world.fetch(events, { headers: admin() });
    expect([response.status, await response.json()]).toEqual([
      404,
      problemOf(new ConclaveError('runtime.run.not-found')),
    ]);
  });

  it('let the owner go when the client hangs up', async () => {
    const gone = Promise.withResolvers<void>();
    world.owner.stream = async ({ request, reply }) => {
      request.raw.once('close', () => gone.resolve());
      reply.raw.writeHead(200, sse).write(event(1));
      await gone.promise;
    };
    const hangUp = new AbortController();
    const response = await world.fetch(events, { headers: admin(), signal: hangUp.signal });
    await response.body!.getReader().read();
    hangUp.abort();
    await gone.promise;
  });

  describe('under a credential', () => {
    /** A stream that says something now and nothing more; resolves with its end. */
    async function open(headers: Record<string, string>) {
      const response = await world.fetch(events, { headers });
      const reader = response.body?.getReader();
      await reader?.read();
      const over = reader?.read().then(
        ({ done }) => done,
        () => true,
      );
      return { status: response.status, over, response };
    }
    beforeEach(() => {
      world.owner.stream = async ({ request, reply }) => {
        reply.raw.writeHead(200, sse).write(event(1));
        await once(request.raw, 'close');
      };
    });

    it('end when it is revoked, and no other does', async () => {
      world.addKey('ck_doomed');
      const [doomed, kept] = [await open(bearer('ck_doomed')), await open(admin())];
      world.revoke('ck_doomed');
      expect(await doomed.over).toBe(true);
      expect(await Promise.race([kept.over, sleep(100)])).toBeUndefined();
      expect((await open(bearer('ck_doomed'))).status).toBe(401);
      await kept.response.body?.cancel().catch(() => undefined);
    });

    it('go on, looked at once more, when what is told of it is of another tenant, or stands where only others’ does', async () => {
      world.addKey('ck_slandered');
      const slandered = await open(bearer('ck_slandered'));
      const before = world.exchanges();
      world.misreport('ck_slandered');
      while (world.exchanges() === before) await sleep(20);
      expect(await Promise.race([slandered.over, sleep(200)])).toBeUndefined();
      await slandered.response.body?.cancel().catch(() => undefined);
    });

    it('end when its role no longer permits them, and no other does', async () => {
      world.addKey('ck_narrowed');
      const [narrowed, kept] = [await open(bearer('ck_narrowed')), await open(admin())];
      world.narrow('ck_narrowed', ['self:read']);
      expect(await narrowed.over).toBe(true);
      expect(await Promise.race([kept.over, sleep(100)])).toBeUndefined();
      await kept.response.body?.cancel().catch(() => undefined);
    });

    it('end when a second factor is to be shown for it, and no other does', async () => {
      world.addSignIn('sgn_single', { provenUntil: 0, factors: [] });
      const [single, kept] = [await open({ cookie: 'conclave=sgn_single' }), await open(admin())];
      world.demandMfa('sgn_single');
      expect(await single.over).toBe(true);
      expect(await Promise.race([kept.over, sleep(100)])).toBeUndefined();
      await kept.response.body?.cancel().catch(() => undefined);
    });

    it('end when it is over though nobody rang, and go on when it is still good', async () => {
      world.addKey('ck_silent', undefined, 1_000);
      world.addKey('ck_good', undefined, 1_000);
      const [silent, good] = [await open(bearer('ck_silent')), await open(bearer('ck_good'))];
      world.revoke('ck_silent', false);
      const before = world.exchanges();
      expect(await silent.over).toBe(true);
      while (world.exchanges() < before + 4) await sleep(50);
      expect(await Promise.race([good.over, sleep(50)])).toBeUndefined();
      world.revoke('ck_good');
      await good.over;
    });

    it('end within seconds when the doorbell was missed, and go on when they are still good', async () => {
      world.addKey('ck_missed');
      world.addKey('ck_first');
      world.revoke('ck_first');
      const [missed, good] = [await open(bearer('ck_missed')), await open(admin())];
      const before = Date.now();
      world.revoke('ck_missed', false);
      world.beat();
      expect(await missed.over).toBe(true);
      expect(Date.now() - before).toBeLessThan(3_000);
      expect(await Promise.race([good.over, sleep(1_500)])).toBeUndefined();
      await good.response.body?.cancel().catch(() => undefined);
    });

    it('are a few dozen at most per principal', async () => {
      world.addKey('ck_greedy');
      const opened = [];
      for (let n = 0; n < 33; n++) opened.push(await open(bearer('ck_greedy')));
      expect(opened.map(({ status }) => status)).toEqual([...Array<number>(32).fill(200), 429]);
      expect((await open(admin())).status).toBe(200);
      world.revoke('ck_greedy');
      for (const { over } of opened) await over;
    });
  });

  it('are followed by the client across an owner that dies and comes back', async () => {
    let connections = 0;
    const rest = Promise.withResolvers<void>();
    world.owner.stream = async ({ reply }, { headers }) => {
      const after = Number(headers!['last-event-id']);
      reply.raw.writeHead(200, sse);
      connections += 1;
      if (connections === 1) {
        reply.raw.write(event(1) + event(2));
        await rest.promise;
        reply.raw.destroy();
      } else reply.raw.end(after === 2 ? event(3, 'run.completed') : 'wrong');
    };
    const client = createClient({ baseUrl: world.edge.url, apiKey: world.keys.admin });
    const seen: number[] = [];
    for await (const { seq } of client.followRun(aRun.id)) {
      seen.push(seq);
      if (seq !== 2) continue;
      rest.resolve();
      await world.stopOwner();
      await world.startOwner();
    }
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe('uploads', () => {
  const digest = async (body: AsyncIterable<Buffer>) => {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of body) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    return { sha256: hash.digest('hex'), sizeBytes };
  };
  beforeEach(() => {
    world.owner.stream = async ({ request, reply }) => {
      const result = await digest(request.raw);
      await reply.status(201).send(result);
    };
  });

  it('reach the owner byte by byte, and the reply the client', async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const response = await upload(bytes);
    expect([response.status, await response.json()]).toEqual([201, { sha256, sizeBytes: 60_000 }]);
    const client = createClient({ baseUrl: world.edge.url, apiKey: world.keys.admin });
    expect(await client.upload(new Blob([bytes]).stream())).toEqual({ sha256, sizeBytes: 60_000 });
  });

  it('are refused above the limit, announced or not, and the client is told although it is still sending', async () => {
    const aborted = Promise.withResolvers<void>();
    world.owner.stream = async ({ request, reply }) => {
      await digest(request.raw).catch(() => aborted.resolve());
      reply.raw.destroy();
    };
    const big = new Blob([new Uint8Array(LIMIT * 4)]);
    for (const body of [big, big.stream()]) {
      const response = await upload(body);
      expect([response.status, await response.json()]).toEqual([
        413,
        expect.objectContaining({ code: 'request.too-large', limitBytes: LIMIT }),
      ]);
    }
    await aborted.promise;
    expect((await upload(new Blob(['x']))).status).toBeLessThan(600);
  });

  it('are aborted at the owner when the client hangs up', async () => {
    const aborted = Promise.withResolvers<string>();
    world.owner.stream = async ({ request, reply }) => {
      await digest(request.raw).then(
        () => aborted.resolve('complete'),
        () => aborted.resolve('aborted'),
      );
      reply.raw.destroy();
    };
    const { hostname, port } = new URL(world.edge.url);
    const outgoing = httpRequest({
      hostname,
      port,
      path: '/v1/uploads',
      method: 'POST',
      headers: { ...admin(), 'content-type': 'application/octet-stream' },
    });
    outgoing.on('error', () => undefined);
    outgoing.write(Buffer.alloc(100_000));
    await sleep(100);
    outgoing.destroy();
    expect(await aborted.promise).toBe('aborted');
    expect((await world.fetch(`/v1/runs/${aRun.id}`, { headers: admin() })).status).toBe(200);
  });

  it('hear an owner that refuses before the end', async () => {
    world.owner.stream = async () => {
      throw new ConclaveError('runtime.upload.too-large', { limitBytes: 7 });
    };
    const response = await upload(new Blob([new Uint8Array(1_900_000)]));
    expect([response.status, await response.json()]).toEqual([
      413,
      expect.objectContaining({ code: 'runtime.upload.too-large', limitBytes: 7 }),
    ]);
  });

  it('are not waited for beyond the deadline', async () => {
    world.owner.stream = () => sleep(5_000);
    const response = await upload(new Blob(['x']), { 'conclave-deadline': String(Date.now() + 150) });
    expect([response.status, await response.json()]).toEqual([
      504,
      expect.objectContaining({ code: 'request.deadline' }),
    ]);
  });
});

describe('an owner that is down', () => {
  it('is named in a refusal that may be retried, and is found again when it is back', async () => {
    world.owner.stream = async ({ reply }) =>
      void (await reply.status(201).send({ sha256: 'a'.repeat(64), sizeBytes: 0 }));
    await world.stopOwner();
    const refused = [await upload(new Blob(['x'])), await world.fetch(events, { headers: admin() })];
    for (const response of refused)
      expect([response.status, await response.json()]).toEqual([
        503,
        expect.objectContaining({ code: 'service.unavailable', service: 'runtime', retryable: true }),
      ]);
    const waiting = world.fetch(`/v1/runs/${aRun.id}`, { headers: admin() });
    await world.startOwner();
    expect((await waiting).status).toBe(200);
    expect((await upload(new Blob(['x']))).status).toBe(201);
  });

  it('is given up by a call nobody answers', async () => {
    await world.stopOwner();
    const response = await world.fetch(`/v1/runs/${aRun.id}`, { headers: admin() });
    expect([response.status, await response.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'service.unavailable', service: 'runtime' }),
    ]);
    await world.startOwner();
  });

  it('or whose Postgres is away answers 503 with its code, may be asked again, and has done nothing', async () => {
    const nowhere = {
      url: 'postgres://runtime_app@127.0.0.1:1/x',
      schema: 'runtime',
      size: 1,
      applicationName: 'test',
    };
    const away = pgConnections(nowhere, () => undefined);
    const db = new Database(away, away);
    let done = 0;
    const { answer } = world.owner;
    world.owner.answer = (_, { ctx }) => db.tx(ctx, async () => ++done);
    const refused = [
      await world.fetch(`/v1/runs/${aRun.id}`, { headers: admin() }),
      await world.fetch(`/v1/runs/${aRun.id}/cancel`, { method: 'POST', headers: admin() }),
    ];
    for (const response of refused)
      expect([response.status, await response.json()]).toEqual([
        503,
        expect.objectContaining({ code: 'service.unavailable', service: 'postgres', retryable: true }),
      ]);
    expect(done).toBe(0);
    world.owner.answer = answer;
    expect((await world.fetch(`/v1/runs/${aRun.id}`, { headers: admin() })).status).toBe(200);
    await away.close();
  });
});

describe('draining', () => {
  it('ends streams in good order and lets requests under way finish', async () => {
    const other = await startEdgeWorld();
    other.owner.stream = async ({ request, reply }) => {
      reply.raw.writeHead(200, sse).write(event(1));
      await once(request.raw, 'close');
    };
    other.owner.answer = () => sleep(300).then(() => aRun);
    const stream = await new Promise<IncomingMessage>((resolve) =>
      httpRequest(other.edge.url + events, { headers: bearer(other.keys.admin) }, resolve).end(),
    );
    await once(stream, 'data');
    const call = other.fetch(`/v1/runs/${aRun.id}`, { headers: bearer(other.keys.admin) });
    await sleep(100);
    const began = Date.now();
    const stopped = other.stop();
    await once(stream.resume(), 'end');
    expect(stream.complete).toBe(true);
    expect((await call).status).toBe(200);
    await stopped;
    expect(Date.now() - began).toBeLessThan(4_000);
  });
});
