import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runtime, type RunEvent, type TokenFrame } from '@conclave/contracts';
import { eventually, testPrincipal } from '@conclave/dev-env/testing';
import { bootstrapService, type RunningService } from '@conclave/nest-kit';
import { Redis } from 'ioredis';
import { WebSocket } from 'ws';
import { LiveRuns } from '../runs/live-runs.js';
import { StreamEvents } from '../runs/stream-events.js';
import { runtimeService } from '../runtime-service.js';
import { startRuntimeFixture, type RuntimeFixture } from '../testing/runtime-fixture.js';
import { PostgresStories } from './postgres-stories.js';

const PATIENCE_MS = 1_000;

/** What one viewer was told, by whatever transport. */
interface Seen {
  readonly messages: (RunEvent | TokenFrame)[];
  /** Comments of server-sent events, and pings. */
  beats: number;
  readonly over: Promise<{ readonly code: number; readonly reason: string }>;
  stop(): void;
}

/** Two replicas on one database and bus; nobody works, so a run's story is what the test tells. */
describe('the live view of a run', () => {
  const me = testPrincipal();
  let fixture: RuntimeFixture;
  let other: RunningService;
  let redis: Redis;
  let bundle: string;
  let quiet: { readonly sse: Seen; readonly ws: Seen };

  beforeAll(async () => {
    fixture = await startRuntimeFixture({
      ROLES: 'api',
      REDIS_URL: process.env['REDIS_URL']!,
      VIEWER_PATIENCE_MS: String(PATIENCE_MS),
    });
    other = await bootstrapService(runtimeService, fixture.environment);
    redis = new Redis(process.env['REDIS_URL']!);
    const headers = { ...(await credentials()), 'content-type': 'application/octet-stream' };
    const uploaded = await fetch(`${fixture.service.url}/v1/uploads`, { method: 'POST', body: 'bundle', headers });
    bundle = ((await uploaded.json()) as { sha256: string }).sha256;
    const id = await create();
    quiet = { sse: await sse(id), ws: await ws(id) };
  });
  afterAll(async () => {
    redis.disconnect();
    await other.stop();
    await fixture.stop();
  });

  const credentials = async (who = me): Promise<Record<string, string>> => ({
    'conclave-token': await (await fixture.bus.as('auth')).tokens.sign(who, 60_000),
  });
  const create = async (): Promise<string> => {
    const [base, head] = ['a'.repeat(40), 'b'.repeat(40)];
    return (await fixture.call(runtime.createReview, { bundle, repository: 'r', base, head, target: base }, me)).id;
  };
  const cancel = (id: string) => fixture.call(runtime.cancelRun, { id }, me);
  /** Appends to a story as the engine does, and rings at the first replica unless told not to. */
  const tell = async (id: string, count: number, data: object = {}, { type = 'told', ring = true } = {}) => {
    await fixture.database.query(
      `with r as (update runtime.run set next_seq = next_seq + $3 where tenant_id = $1 and id = $2 returning next_seq - $3 as seq)
       insert into runtime.run_event (tenant_id, run_id, seq, type, data)
       select $1, $2, r.seq + n, $4, $5 from r, generate_series(0, $3 - 1) n`,
      [me.tenantId, id, count, type, JSON.stringify(data)],
    );
    if (ring) fixture.service.app.get(LiveRuns).changed(id);
  };
  const say = (runId: string, frame: Partial<TokenFrame> & { text: string }, { tenantId } = me): void =>
    fixture.service.app.get(LiveRuns).say({
      tenantId,
      runId,
      frame: { ...{ type: 'token', task: 'juror/a', turn: 1, attempt: 1, call: 'judge/1', index: 0 }, ...frame },
    });

  const path = (id: string, query = ''): string => `/v1/runs/${id}/events${query}`;
  const sse = async (id: string, query = '', at = fixture.service.url, more: Record<string, string> = {}) => {
    const hangUp = new AbortController();
    const headers = { ...(await credentials()), ...more };
    const response = await fetch(at + path(id, query), { headers, signal: hangUp.signal });
    const seen: Seen = { messages: [], beats: 0, over: read(), stop: () => hangUp.abort() };
    async function read() {
      let rest = '';
      try {
        for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
          const frames = (rest + chunk).split('\n\n');
          rest = frames.pop()!;
          for (const frame of frames) {
            if (frame.startsWith(':')) seen.beats += 1;
            else seen.messages.push(JSON.parse(/^data: (.*)$/m.exec(frame)![1]!) as RunEvent);
          }
        }
        return { code: 1000, reason: '' };
      } catch {
        return { code: 1006, reason: '' };
      }
    }
    return seen;
  };
  const socketTo = async (id: string, query = '', at = fixture.service.url, who = me): Promise<WebSocket> =>
    new WebSocket(at.replace('http', 'ws') + path(id, query), { headers: await credentials(who) });
  const listenTo = (socket: WebSocket): Seen => {
    const closed = Promise.withResolvers<{ code: number; reason: string }>();
    const seen: Seen = { messages: [], beats: 0, over: closed.promise, stop: () => socket.close() };
    socket.on('message', (data) => seen.messages.push(JSON.parse((data as Buffer).toString('utf8')) as RunEvent));
    socket.on('ping', () => (seen.beats += 1));
    socket.on('close', (code, reason) => closed.resolve({ code, reason: reason.toString() }));
    return seen;
  };
  const ws = async (id: string, query = '', at?: string): Promise<Seen> => listenTo(await socketTo(id, query, at));
  const seqs = ({ messages }: Seen): number[] => messages.flatMap((message) => ('seq' in message ? [message.seq] : []));
  const textOf = ({ messages }: Seen): string =>
    messages.flatMap((message) => ('seq' in message ? [] : [message.text])).join('');
  const upTo = (last: number, from = 1): number[] => Array.from({ length: last - from + 1 }, (_, i) => from + i);

  it('is the same over server-sent events and WebSockets, and resumes anywhere with nothing missing or twice', async () => {
    const id = await create();
    await tell(id, 700, { text: 'x'.repeat(100) });
    const [events, socket] = [await sse(id), await ws(id)];
    await eventually(() => expect([seqs(events).length, seqs(socket).length]).toEqual([701, 701]));
    await tell(id, 300);
    await cancel(id);
    const { over } = socket;
    expect(await over).toEqual({ code: 1000, reason: '{"after":1002}' });
    expect((await events.over).code).toBe(1000);
    expect(socket.messages).toEqual(events.messages);
    expect(seqs(events)).toEqual(upTo(1002));
    for (const after of [1, 350, 1001]) {
      const [again, more] = [
        await sse(id, '', undefined, { 'last-event-id': String(after) }),
        await ws(id, `?after=${after}`),
      ];
      await Promise.all([again.over, more.over]);
      expect([seqs(again), seqs(more)]).toEqual([upTo(1002, after + 1), upTo(1002, after + 1)]);
    }
  }, 60_000);

  it('of another tenant’s run is refused before anything is opened', async () => {
    const socket = await socketTo(await create(), '', undefined, testPrincipal());
    const status = await new Promise((refused) =>
      socket.once('unexpected-response', (_request, { statusCode, headers }) =>
        refused([statusCode, headers['content-type']]),
      ),
    );
    expect(status).toEqual([404, expect.stringContaining('application/problem+json')]);
  });

  it('goes where a WebSocket asks, and refuses what it cannot read', async () => {
    const id = await create();
    await tell(id, 2);
    const socket = await socketTo(id, '?after=3');
    const seen = listenTo(socket);
    await eventually(() => expect(socket.readyState).toBe(WebSocket.OPEN));
    socket.send('{"after":1}');
    await eventually(() => expect(seqs(seen)).toEqual([2, 3]));
    socket.send('{"after":"1"}');
    expect((await seen.over).code).toBe(runtime.liveCloseCodes.request);
  });

  it('costs one read per batch, however many watch, and reaches other replicas', async () => {
    const id = await create();
    const pages: number[] = [];
    for (const { app } of [fixture.service, other]) {
      const stories = app.get(PostgresStories);
      const page = stories.page.bind(stories);
      stories.page = (ctx, run, after) => {
        if (run === id) pages.push(after);
        return page(ctx, run, after);
      };
    }
    const viewers = await Promise.all(
      upTo(100).map((n) => ws(id, '?after=1', n % 2 ? fixture.service.url : other.url)),
    );
    await tell(id, 1);
    await eventually(() => expect(viewers.every((viewer) => seqs(viewer).length === 1)).toBe(true));
    const before = pages.length;
    for (let batch = 0; batch < 5; batch++) {
      await tell(id, 3);
      await eventually(() => expect(viewers.every((viewer) => seqs(viewer).at(-1) === 5 + 3 * batch)).toBe(true));
    }
    expect(viewers.map(seqs)).toEqual(Array(100).fill(upTo(17, 2)));
    // At each replica one read per batch; one more where a look and a bell met.
    expect(pages.length - before).toBeLessThanOrEqual(5 * 2 * 2);
    for (const viewer of viewers) viewer.stop();
  }, 60_000);

  it('goes on without the bus: what nobody rang for is found', async () => {
    const id = await create();
    const [here, there] = [await ws(id), await sse(id, '', other.url)];
    await eventually(() => expect([seqs(here), seqs(there)]).toEqual([[1], [1]]));
    await fixture.bus.kill9();
    await tell(id, 2);
    await eventually(() => expect([seqs(here), seqs(there)]).toEqual([upTo(3), upTo(3)]));
    await tell(id, 2, {}, { ring: false });
    await eventually(() => expect([seqs(here), seqs(there)]).toEqual([upTo(5), upTo(5)]));
    await fixture.bus.start();
    await eventually(() => cancel(id));
    await Promise.all([here.over, there.over]);
  }, 60_000);

  describe('with the text of model calls', () => {
    it('tells it live and to who joins in the middle, at any replica, and to nobody who did not ask', async () => {
      const id = await create();
      const [first, mute] = [await ws(id, '?tokens=true'), await ws(id)];
      await eventually(() => expect([seqs(first), seqs(mute)]).toEqual([[1], [1]]));
      for (const [index, text] of [...'Hello, '].entries()) say(id, { index, text });
      await eventually(() => expect(textOf(first)).toBe('Hello, '));
      const late = [await sse(id, '?tokens=true'), await sse(id, '?tokens=true', other.url)];
      await eventually(() => expect(late.map(textOf)).toEqual(['Hello, ', 'Hello, ']));
      say(id, { index: 7, text: 'world' });
      await eventually(() => expect([first, ...late].map(textOf)).toEqual(Array(3).fill('Hello, world')));
      expect(first.messages.length).toBeLessThan(1 + 'Hello, world'.length);
      await cancel(id);
      await mute.over;
      expect(textOf(mute)).toBe('');
    }, 30_000);

    it('tells nobody what was said in the name of another tenant', async () => {
      const id = await create();
      const viewers = [await ws(id, '?tokens=true'), await sse(id, '?tokens=true', other.url)];
      say(id, { text: 'foreign' }, testPrincipal());
      say(id, { call: 'judge/2', text: 'own' });
      await eventually(() => expect(viewers.map(textOf)).toEqual(['own', 'own']));
      await cancel(id);
    }, 30_000);

    it('says what is void, and tells it to nobody who comes later', async () => {
      const id = await create();
      const first = await sse(id, '?tokens=true');
      say(id, { text: 'dead' });
      await eventually(() => expect(textOf(first)).toBe('dead'));
      await tell(id, 1, { task: 'juror/a', turn: 1, attempt: 1 }, { type: 'turn.reset' });
      await eventually(() => expect(seqs(first)).toEqual([1, 2]));
      say(id, { index: 4, text: 'zombie' });
      const late = [await sse(id, '?tokens=true&after=2'), await sse(id, '?tokens=true&after=2', other.url)];
      say(id, { attempt: 2, text: 'alive' });
      await eventually(() => expect(late.map(textOf)).toEqual(['alive', 'alive']));
      expect(textOf(first)).toBe('deadalive');
      await cancel(id);
    }, 30_000);

    it('loses the backfill with Redis, and nothing else', async () => {
      const id = await create();
      const first = await sse(id, '?tokens=true');
      await eventually(() => expect(seqs(first)).toEqual([1]));
      say(id, { text: 'forgotten' });
      await eventually(async () => expect((await redis.keys(`*${id}`)).length).toBe(1));
      await redis.del(await redis.keys(`*${id}`));
      const late = await ws(id, '?tokens=true', other.url);
      await eventually(() => expect(seqs(late)).toEqual([1]));
      say(id, { index: 9, text: ', but not for long' });
      await eventually(() =>
        expect([first, late].map(textOf)).toEqual(['forgotten, but not for long', ', but not for long']),
      );
      await cancel(id);
      expect((await late.over).code).toBe(1000);
    }, 30_000);
  });

  it('is cut for a client that does not read, which goes on from its cursor', async () => {
    const id = await create();
    await tell(id, 200, { text: 'x'.repeat(100_000) });
    const socket = await socketTo(id);
    const slow = listenTo(socket);
    socket.once('open', () => socket.pause());
    const deaf = await fetch(fixture.service.url + path(id), { headers: await credentials() });
    const viewersOf = async () => {
      const metrics = await (await fetch(`${fixture.service.url}/metrics`)).text();
      return Number(/^conclave_run_viewers\{.*\} (\d+)$/m.exec(metrics)![1]);
    };
    await eventually(async () => expect(await viewersOf()).toBe(2), 60_000);
    socket.resume();
    const { code, reason } = await slow.over;
    expect(code).toBe(runtime.liveCloseCodes.slow);
    expect(seqs(slow)).toEqual(upTo((JSON.parse(reason) as { after: number }).after));
    expect(seqs(slow).length).toBeLessThan(201);
    await expect(deaf.text()).rejects.toThrow();
    await cancel(id);
    const seen = seqs(slow);
    for (let goesOn = true; goesOn;) {
      const rest = await ws(id, `?after=${seen.at(-1)!}`);
      goesOn = (await rest.over).code !== runtime.liveCloseCodes.ended;
      seen.push(...seqs(rest));
    }
    expect(seen).toEqual(upTo(202));
  }, 120_000);

  it('is kept for nobody who hung up before it began', async () => {
    const id = await create();
    const [stories, streams] = [fixture.service.app.get(PostgresStories), fixture.service.app.get(StreamEvents)];
    const begun = Promise.withResolvers<{ readonly raw: ServerResponse; readonly over: Promise<void> }>();
    const gate = Promise.withResolvers<void>();
    const [head, run] = [stories.head.bind(stories), streams.run.bind(streams)];
    stories.head = (...asked) => gate.promise.then(() => head(...asked));
    streams.run = (ctx, request, http) => {
      const over = run(ctx, request, http);
      begun.resolve({ raw: http.reply.raw, over });
      return over;
    };
    try {
      const hangUp = new AbortController();
      const asked = fetch(fixture.service.url + path(id), { headers: await credentials(), signal: hangUp.signal });
      const { raw, over } = await begun.promise;
      hangUp.abort();
      await expect(asked).rejects.toThrow();
      await eventually(() => expect(raw.destroyed).toBe(true));
      gate.resolve();
      await over;
    } finally {
      Object.assign(stories, { head });
      Object.assign(streams, { run });
    }
  });

  it('gives signs of life when it is quiet', async () => {
    await eventually(() => expect([quiet.sse.beats, quiet.ws.beats].every((beats) => beats > 0)).toBe(true), 30_000);
    quiet.sse.stop();
    quiet.ws.stop();
  }, 40_000);

  it('ends with its replica, and says where to go on', async () => {
    const id = await create();
    await tell(id, 1);
    const [events, socket] = [await sse(id, '', other.url), await ws(id, '', other.url)];
    await eventually(() =>
      expect([seqs(events), seqs(socket)]).toEqual([
        [1, 2],
        [1, 2],
      ]),
    );
    await other.stop();
    expect(await socket.over).toEqual({ code: runtime.liveCloseCodes.draining, reason: '{"after":2}' });
    expect((await events.over).code).toBe(1000);
  }, 30_000);
});
