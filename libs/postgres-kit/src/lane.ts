import { ConclaveError, readEvents, type EventProducer } from '@conclave/contracts';
import type { RpcClient } from '@conclave/nest-kit';
import type { Logger } from 'pino';
import { isBefore, type Cursor, type CursorStore, type EventSource, type Step } from './cursor.js';
import type { Tx } from './database.js';
import { MistakenEvent, UnreadableEvent } from './mistaken-event.js';
import { isOutage } from './outage.js';
import type { PlacedEvent } from './relay.js';

const ATTEMPTS = 3;
const RETRY_MS = 200;
const OUTAGE_RETRY_MS = 1_000;
const PAGE = 500;
/** Events that one transaction applies at most, and of those that one statement applies. */
const [EACH, TOGETHER] = [50, 500];
/** How long events that nobody waits for are gathered: work done for one costs as much as for many. */
const GATHER_MS = 100;
/** A lane with more waiting forgets them and reads the log when it gets there. */
const QUEUE_LIMIT = 4_000;

export interface LaneParts {
  readonly producer: EventProducer;
  readonly cursors: Pick<CursorStore, 'advance' | 'enter' | 'read'>;
  /** Whether events of this type can wait for more of them. */
  readonly isBulk: (type: string) => boolean;
  /** Whether events of this type are applied together with others. */
  readonly goesTogether: (type: string) => boolean;
  readonly rpc: RpcClient;
  readonly log: Logger;
  readonly apply: (tx: Tx, events: readonly PlacedEvent[]) => Promise<void>;
  readonly bury: (tx: Tx, event: PlacedEvent, error: unknown) => Promise<void>;
}

type Several = readonly [PlacedEvent, ...PlacedEvent[]];

/** One lane of one producer, in the order of the log; events of one tenant that follow each other are applied together. */
export class Lane {
  private queue: PlacedEvent[] = [];
  /** The last that was rung and not forgotten: what leads up to it waits here, or is being applied. */
  private heard: Cursor | undefined;
  private behind = false;
  private stopped = false;
  private working: Promise<void> | undefined;
  /** Ends the gathering that is under way. */
  private hurry: (() => void) | undefined;

  constructor(
    private readonly lane: number,
    private readonly parts: LaneParts,
  ) {}

  /** Takes events that were rung. */
  push(events: readonly PlacedEvent[]): void {
    if (this.queue.length + events.length <= QUEUE_LIMIT) {
      this.queue.push(...events);
      this.heard = events.at(-1)?.position ?? this.heard;
    } else this.forgetQueue();
    if (!this.canGather()) this.hurry?.();
    this.wake();
  }

  /** Reads the log from the cursor on, unless what leads up to `head` is here already. */
  catchUp(head: Cursor): void {
    if (this.heard && !isBefore(this.heard, head)) return;
    this.behind = true;
    this.hurry?.();
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.hurry?.();
    await this.working;
  }

  private wake(): void {
    if (!this.stopped) this.working ??= this.work();
  }

  private forgetQueue(): void {
    this.queue = [];
    this.heard = undefined;
    this.behind = true;
  }

  private canGather(): boolean {
    return this.queue.length < TOGETHER && this.queue.every(({ type }) => this.parts.isBulk(type));
  }

  private gather(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.hurry?.(), GATHER_MS);
      this.hurry = () => {
        clearTimeout(timer);
        this.hurry = undefined;
        resolve();
      };
    });
  }

  private async work(): Promise<void> {
    try {
      while (!this.stopped && (this.behind || this.queue.length > 0)) {
        if (!this.behind && this.canGather()) await this.gather();
        if (this.behind) await this.readOn();
        else await this.applyQueue();
      }
    } catch (error) {
      const { log, producer } = this.parts;
      log.warn({ err: error, producer, lane: this.lane }, 'lane stopped; the next head beat wakes it');
      this.queue = [];
      this.behind = false;
    }
    this.heard = undefined; // a cursor that somebody sets back is seen at the next beat
    this.working = undefined;
  }

  private async applyQueue(): Promise<void> {
    const pieces = together(this.queue, this.parts.goesTogether);
    this.queue = [];
    for (const piece of pieces) {
      if (this.stopped) return;
      if ((await this.applyAll(piece, 'ring')) === 'gap') return void (this.behind = true);
    }
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
      for (const events of together(page.events, this.parts.goesTogether)) {
        if (this.stopped) return;
        if ((await this.applyAll(events, 'log')) === 'gap') throw new Error(`${producer} has a hole in its log`);
      }
      const last = page.events.at(-1)?.position;
      if (!last && epoch < page.epoch) await cursors.enter(this.lane, page.epoch, { epoch, pos });
      if (last) this.queue = this.queue.filter(({ position }) => isBefore(last, position));
      more = last !== undefined && isBefore(last, head);
    }
  }

  /** All in one transaction, but for those that were applied before; when one of them fails, each in one of its own. */
  private async applyAll(events: Several, source: EventSource): Promise<Step> {
    if (events.length === 1) return this.apply(events[0], source);
    let failed: PlacedEvent | undefined;
    let fault: Error;
    try {
      const { cursors, apply, goesTogether } = this.parts;
      // Whose fault it is when they fail together is found out by applying each alone.
      const pieces = events.every(({ type }) => goesTogether(type)) ? [events] : events.map((event) => [event]);
      const step = await cursors.advance(events, source, async (tx) => {
        for (const piece of pieces) {
          failed = piece.length === 1 ? piece[0] : undefined;
          await apply(tx, piece);
        }
      });
      return step === 'old' ? await this.applyRest(events, source) : step;
    } catch (error) {
      fault = error instanceof Error ? error : new Error(String(error));
    }
    for (const event of events)
      if ((await this.apply(event, source, event === failed ? fault : undefined)) === 'gap') return 'gap';
    return 'applied';
  }

  /** Another replica has applied the first of them, or it was read from the log; the others may be next. */
  private async applyRest(events: Several, source: EventSource): Promise<Step> {
    const { epoch, pos } = (await this.parts.cursors.read())(this.lane);
    const [next, ...rest] = events.filter(({ position }) => isBefore({ epoch, pos }, position));
    return next ? this.applyAll([next, ...rest], source) : 'old';
  }

  /** `fault` is what a first attempt came to, together with others. */
  private async apply(event: PlacedEvent, source: EventSource, fault?: Error): Promise<Step> {
    const { cursors, apply, bury } = this.parts;
    for (let attempt = 1; ; fault = undefined) {
      try {
        if (fault) throw fault;
        return await cursors.advance([event], source, (tx) => apply(tx, [event]));
      } catch (error) {
        if (this.stopped) throw error;
        if (isOutage(error)) await pause(OUTAGE_RETRY_MS);
        else if (attempt < ATTEMPTS && !isRefusal(error)) await pause(RETRY_MS * attempt++);
        else return cursors.advance([event], source, (tx) => bury(tx, event, error));
      }
    }
  }
}

/** The events in their order, those in one piece that can be applied together. */
function together(events: readonly PlacedEvent[], goesTogether: LaneParts['goesTogether']): Several[] {
  const pieces: [PlacedEvent, ...PlacedEvent[]][] = [];
  let limit = TOGETHER;
  for (const event of events) {
    const own = goesTogether(event.type) ? TOGETHER : EACH;
    const piece = pieces.at(-1);
    limit = Math.min(limit, own);
    if (piece && piece.length < limit && follows(event, piece.at(-1)!)) piece.push(event);
    else {
      pieces.push([event]);
      limit = own;
    }
  }
  return pieces;
}

const follows = (event: PlacedEvent, { tenantId, position }: PlacedEvent): boolean =>
  event.tenantId === tenantId && event.position.epoch === position.epoch && event.position.pos === position.pos + 1;

/** A fault of another owner says no more about the event than one of ours. */
const isRefusal = (error: unknown): boolean =>
  error instanceof MistakenEvent ||
  error instanceof UnreadableEvent ||
  (error instanceof ConclaveError && error.code !== 'service.internal');

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
