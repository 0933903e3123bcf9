import { Inject, Injectable } from '@nestjs/common';
import type { RequestOf, Run, RunEvent, runtime } from '@conclave/contracts';
import type { HttpExchange, RequestContext } from '@conclave/nest-kit';
import { LiveRuns } from './live-runs.js';
import { PostgresRuns } from './postgres-runs.js';

const PAGE = 200;
const HEARTBEAT_MS = 10_000;
const ENDINGS = new Set(['run.completed', 'run.failed', 'run.canceled']);
const ENDED = new Set<Run['state']>(['completed', 'failed', 'canceled']);

/**
 * A run's story as server-sent events (WHATWG HTML §9.2). `id` is the event's `seq`, so a client that reconnects with
 * Last-Event-ID misses nothing and sees nothing twice. The stream ends after the run's last event, at once for a client
 * that has seen it already, or with the service.
 */
@Injectable()
export class StreamEvents {
  constructor(
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(LiveRuns) private readonly live: LiveRuns,
  ) {}

  async run(
    ctx: RequestContext,
    { id, after }: RequestOf<typeof runtime.streamRunEvents>,
    { request, reply }: HttpExchange,
  ): Promise<void> {
    // The deadline was for the beginning of the stream.
    const { deadlineAt: _begun, ...reader } = ctx;
    const ended = async (): Promise<boolean> => ENDED.has((await this.runs.get(reader, id)).state);
    let over = await ended();
    const closed = new AbortController();
    request.raw.once('close', () => closed.abort());
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    // A quiet run has nothing to say yet, and whoever proxies waits for the headers.
    reply.raw.flushHeaders();
    let seq = lastEventId(request.headers['last-event-id']) ?? after;
    let quietSince = Date.now();
    while (!closed.signal.aborted && !this.live.ended) {
      const events = await this.runs.eventsAfter(reader, id, seq, PAGE);
      for (const event of events) reply.raw.write(frameOf(event));
      seq = events.at(-1)?.seq ?? seq;
      if (events.some((event) => ENDINGS.has(event.type))) break;
      if (events.length === PAGE) continue;
      if (over) break;
      if (events.length > 0) quietSince = Date.now();
      else if (Date.now() - quietSince > HEARTBEAT_MS) {
        reply.raw.write(': still here\n\n');
        over = await ended();
        quietSince = Date.now();
      }
      await this.live.news(id, closed.signal);
    }
    reply.raw.end();
  }
}

const frameOf = (event: RunEvent): string =>
  `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

function lastEventId(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}
