import { ConclaveError, readEvents, type EventProducer } from '@conclave/contracts';
import type { RpcClient } from '@conclave/nest-kit';
import type { Logger } from 'pino';
import { isBefore, type CursorStore, type EventSource, type Step } from './cursor.js';
import type { Tx } from './database.js';
import { isOutage } from './outage.js';
import type { PlacedEvent } from './relay.js';

const ATTEMPTS = 3;
const RETRY_MS = 200;
const OUTAGE_RETRY_MS = 1_000;
const PAGE = 200;
/** A lane with more waiting forgets them and reads the log when it gets there. */
const QUEUE_LIMIT = 1_000;

export interface LaneParts {
  readonly producer: EventProducer;
  readonly cursors: CursorStore;
  readonly rpc: RpcClient;
  readonly log: Logger;
  readonly apply: (tx: Tx, event: PlacedEvent) => Promise<void>;
  readonly bury: (tx: Tx, event: PlacedEvent, error: unknown) => Promise<void>;
}

/** One lane of one producer: one event at a time, in the order of the log. */
export class Lane {
  private queue: PlacedEvent[] = [];
  private behind = false;
  private stopped = false;
  private working: Promise<void> | undefined;

  constructor(
    private readonly lane: number,
    private readonly parts: LaneParts,
  ) {}

  /** Takes events that were rung. */
  push(events: readonly PlacedEvent[]): void {
    if (this.queue.length + events.length <= QUEUE_LIMIT) this.queue.push(...events);
    else this.forgetQueue();
    this.wake();
  }

  /** Reads the log from the cursor on. */
  catchUp(): void {
    this.behind = true;
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.working;
  }

  private wake(): void {
    if (!this.stopped) this.working ??= this.work();
  }

  private forgetQueue(): void {
    this.queue = [];
    this.behind = true;
  }

  private async work(): Promise<void> {
    try {
      while (!this.stopped && (this.behind || this.queue.length > 0)) {
        if (this.behind) await this.readOn();
        else if ((await this.apply(this.queue.shift()!, 'ring')) === 'gap') this.behind = true;
      }
    } catch (error) {
      const { log, producer } = this.parts;
      log.warn({ err: error, producer, lane: this.lane }, 'lane stopped; the next head beat wakes it');
      this.queue = [];
      this.behind = false;
    }
    this.working = undefined;
  }

  private async readOn(): Promise<void> {
    const { cursors, rpc, producer } = this.parts;
    this.behind = false;
    for (let more = true; more;) {
      const { epoch, pos } = (await cursors.read())(this.lane);
      const request = { lane: this.lane, epoch, after: pos, limit: PAGE };
      const page = await rpc.callAsService(readEvents[producer], {}, request);
      const head = { epoch: page.epoch, pos: page.head };
      if (isBefore(head, { epoch, pos }))
        throw new Error(`${producer} lost events it had announced: start a new epoch there`);
      for (const event of page.events) {
        if (this.stopped) return;
        if ((await this.apply(event, 'log')) === 'gap') throw new Error(`${producer} has a hole in its log`);
      }
      const last = page.events.at(-1)?.position;
      if (!last && epoch < page.epoch) await cursors.enter(this.lane, page.epoch, { epoch, pos });
      more = last !== undefined && isBefore(last, head);
    }
  }

  private async apply(event: PlacedEvent, source: EventSource): Promise<Step> {
    const { cursors, apply, bury } = this.parts;
    for (let attempt = 1; ;) {
      try {
        return await cursors.advance(event, source, (tx) => apply(tx, event));
      } catch (error) {
        if (this.stopped) throw error;
        if (isOutage(error)) await pause(OUTAGE_RETRY_MS);
        else if (attempt < ATTEMPTS && !isRefusal(error)) await pause(RETRY_MS * attempt++);
        else return cursors.advance(event, source, (tx) => bury(tx, event, error));
      }
    }
  }
}

/** A fault of another owner says no more about the event than one of ours. */
const isRefusal = (error: unknown): boolean => error instanceof ConclaveError && error.code !== 'service.internal';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
