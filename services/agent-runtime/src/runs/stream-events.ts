import { Inject, Injectable } from '@nestjs/common';
import type { RequestOf, RunEvent, runtime } from '@conclave/contracts';
import type { HttpExchange, RequestContext } from '@conclave/nest-kit';
import { LiveRuns } from './live-runs.js';
import { PostgresRuns } from './postgres-runs.js';

const PAGE = 200;
const HEARTBEAT_MS = 10_000;
const ENDINGS = new Set(['run.completed', 'run.failed', 'run.canceled']);

/**
 * A run's story as server-sent events (WHATWG HTML §9.2). `id` is the event's `seq`, so a client that reconnects with
 * Last-Event-ID misses nothing and sees nothing twice. The stream ends after the run's last event, or with the service.
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
    await this.runs.get(ctx, id);
    // The deadline was for the beginning of the stream.
    const { deadlineAt: _begun, ...reader } = ctx;
    const closed = new AbortController();
    request.raw.once('close', () => closed.abort());
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    let seq = lastEventId(request.headers['last-event-id']) ?? after;
    let quietSince = Date.now();
    while (!closed.signal.aborted && !this.live.ended) {
      const events = await this.runs.eventsAfter(reader, id, seq, PAGE);
      for (const event of events) reply.raw.write(frameOf(event));
      seq = events.at(-1)?.seq ?? seq;
      if (events.some((event) => ENDINGS.has(event.type))) break;
      if (events.length > 0) quietSince = Date.now();
      else if (Date.now() - quietSince > HEARTBEAT_MS) {
        reply.raw.write(': still here\n\n');
        quietSince = Date.now();
      }
      if (events.length < PAGE) await this.live.news(id, closed.signal);
    }
    reply.raw.end();
  }
}

const frameOf = (event: RunEvent): string =>
  `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

function lastEventId(header: string | string[] | undefined): number | undefined {
  const value = Number(header);
  return header !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
