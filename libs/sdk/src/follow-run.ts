import { runtime, type Run, type RunEvent } from '@conclave/contracts';
import { httpParts } from './http-parts.js';
import { isPassing, pause } from './retry.js';
import { unreachable, type Send } from './send.js';
import { serverSentEvents } from './server-sent-events.js';

export interface FollowOptions {
  /** Position after which to start; 0 is the whole story. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  /** How long the platform may be away before following gives up, from the first fault on; two minutes unless told. */
  readonly patienceMs?: number;
  /** Told whenever the connection was lost and is being made again. */
  readonly onReconnect?: (cause: unknown) => void;
}

const endStates: ReadonlySet<string> = new Set(runtime.endedRunStates);
const lastEvents: ReadonlySet<string> = new Set(runtime.endedRunStates.map((state) => `run.${state}`));
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;

/**
 * Follows a run to its end. Events are numbered without gaps, so after a lost connection the stream resumes behind the
 * last event seen, and an event is never given twice. A stream that closes in good order says nothing (a draining
 * replica or a proxy does that, too): the story is over with its last event, or when a run that had already ended has
 * nothing more to tell.
 */
export async function* followRun(
  send: Send,
  getRun: () => Promise<Run>,
  id: string,
  { after = 0, signal, patienceMs = 120_000, onReconnect }: FollowOptions = {},
): AsyncGenerator<RunEvent, void> {
  let seen = after;
  let ended = false;
  let awaySince: number | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const resumedAt = seen;
      for await (const event of connection(send, id, seen, { signal, onOpen: () => (awaySince = undefined) })) {
        if (event.seq <= seen) continue;
        [seen, pauseMs] = [event.seq, FIRST_PAUSE_MS];
        yield event;
        if (lastEvents.has(event.type)) return;
      }
      if (ended && seen === resumedAt) return;
      ended = endStates.has((await getRun()).state);
    } catch (error) {
      awaySince ??= Date.now();
      if (signal?.aborted || !isPassing(error) || Date.now() - awaySince > patienceMs) throw error;
      onReconnect?.(error);
    }
    await pause(pauseMs * (0.5 + Math.random() / 2), signal);
  }
}

/** The events one connection brings. @throws ConclaveError `service.unavailable` when it breaks */
async function* connection(
  send: Send,
  id: string,
  after: number,
  { signal, onOpen }: { readonly signal: AbortSignal | undefined; readonly onOpen: () => void },
): AsyncGenerator<RunEvent, void> {
  const { target } = httpParts(runtime.streamRunEvents, { id, after });
  const headers = { accept: 'text/event-stream', 'last-event-id': String(after) };
  const response = await send(target, { headers, ...(signal ? { signal } : {}) });
  onOpen();
  const stream = serverSentEvents(response.body!)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await stream.next().catch((cause: unknown) => {
        throw unreachable(response.url, cause);
      });
      if (next.done) return;
      yield runtime.runEvent.parse(JSON.parse(next.value.data));
    }
  } finally {
    await stream.return();
  }
}
