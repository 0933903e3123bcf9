import { Inject, Injectable } from '@nestjs/common';
import type { RequestOf, runtime } from '@conclave/contracts';
import { offersUpgrade, takeUpgrade, type HttpExchange, type RequestContext } from '@conclave/nest-kit';
import { RunStories } from '../live/run-stories.js';
import { SseWire } from '../live/sse-wire.js';
import { WsWire } from '../live/ws-wire.js';

/**
 * A run's story, as server-sent events or over a WebSocket, on one cursor: the event's `seq`. A client that comes back
 * with the last one it saw misses nothing and sees nothing twice. It ends after the run's last event, at once for a
 * client that has seen it already, or with the service.
 */
@Injectable()
export class StreamEvents {
  constructor(@Inject(RunStories) private readonly stories: RunStories) {}

  /** @throws ConclaveError `runtime.run.not-found` */
  async run(
    ctx: RequestContext,
    { id, after, tokens }: RequestOf<typeof runtime.streamRunEvents>,
    { request, reply }: HttpExchange,
  ): Promise<void> {
    const head = await this.stories.head(ctx, id);
    if (reply.raw.destroyed) return; // hung up meanwhile: `close` is told once
    const cursor = lastEventId(request.headers['last-event-id']) ?? after;
    const watch = (wire: SseWire | WsWire, over: () => void) =>
      this.stories.watch(ctx, { id, after: cursor, tokens }, head, wire, over);
    if (!offersUpgrade(request))
      return new Promise((over) => {
        const viewer = watch(new SseWire(reply.raw), over);
        reply.raw.on('drain', () => viewer.pump()).once('close', () => viewer.end('gone'));
      });
    const wire = await WsWire.open(request.raw, takeUpgrade(request, reply));
    if (!wire) return;
    return new Promise((over) => {
      const viewer = watch(wire, over);
      wire.listen({
        seek: (to) => viewer.seek(to),
        drain: () => viewer.pump(),
        close: () => viewer.end('gone'),
      });
    });
  }
}

function lastEventId(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}
