/**
 * The consuming half of the log + doorbell: one cursor per (producer, lane), moved in the transaction of the effect.
 *
 * An event at cursor + 1 is applied; a lower one was applied before and is dropped; a higher one, or a head beyond the
 * cursor, means that rings were missed, and the lane is read from the producer. A handler that keeps failing for reasons
 * of its own sends the event to the dead letters and the lane moves on; an outage of ours is waited for instead.
 */
import {
  ConclaveError,
  doorbellSubject,
  headSubject,
  readEvents,
  type EventContract,
  type EventPosition,
  type EventProducer,
} from '@conclave/contracts';
import type { RpcClient } from '@conclave/nest-kit';
import { decodeBody } from '@conclave/nest-kit';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { Database, Tx } from './database.js';
import { isOutage } from './outage.js';
import type { PlacedEvent } from './relay.js';

const ATTEMPTS = 3;
const RETRY_MS = 200;
const OUTAGE_RETRY_MS = 1_000;
const PAGE = 200;

export interface ConsumerHandler {
  readonly event: EventContract;
  /** Applies the event; what it writes commits together with the cursor. */
  readonly apply: (tx: Tx, event: PlacedEvent) => Promise<void>;
}

export interface ConsumerParts {
  readonly db: Database;
  readonly nats: NatsConnection;
  readonly rpc: RpcClient;
  readonly log: Logger;
  readonly deadLetters: Counter;
}

/** Follows one producer. */
export class Consumer {
  private readonly lanes = new Map<number, Promise<void>>();
  private readonly handlers: ReadonlyMap<string, ConsumerHandler>;
  private subscriptions: Subscription[] = [];
  private stopped = false;

  constructor(
    private readonly producer: EventProducer,
    handlers: readonly ConsumerHandler[],
    private readonly parts: ConsumerParts,
  ) {
    this.handlers = new Map(handlers.map((handler) => [handler.event.type, handler]));
  }

  start(): void {
    const { nats } = this.parts;
    this.subscriptions = [
      nats.subscribe(doorbellSubject(this.producer), {
        callback: (_error, message) => this.onRing((decodeBody(message.data) as { events: PlacedEvent[] }).events),
      }),
      nats.subscribe(headSubject(this.producer), {
        callback: (_error, message) => this.onHeads((decodeBody(message.data) as { heads: EventPosition[] }).heads),
      }),
    ];
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    await Promise.all(this.lanes.values());
  }

  private onRing(events: readonly PlacedEvent[]): void {
    const byLane = Map.groupBy(events, (event) => event.position.lane);
    for (const [lane, batch] of byLane) this.enqueue(lane, () => this.applyBatch(lane, batch));
  }

  private onHeads(heads: readonly EventPosition[]): void {
    for (const head of heads) this.enqueue(head.lane, () => this.catchUpTo(head));
  }

  /** A lane is worked on by one task at a time, in the order of arrival. */
  private enqueue(lane: number, work: () => Promise<void>): void {
    const before = this.lanes.get(lane) ?? Promise.resolve();
    const next = before
      .then(() => (this.stopped ? undefined : work()))
      .catch((error: unknown) =>
        this.parts.log.warn({ err: error, producer: this.producer, lane }, 'lane will be caught up'),
      );
    this.lanes.set(lane, next);
  }

  private async applyBatch(lane: number, events: readonly PlacedEvent[]): Promise<void> {
    for (const event of events) {
      const step = await this.apply(event);
      if (step === 'gap') return this.catchUp(lane);
    }
  }

  private async catchUpTo(head: EventPosition): Promise<void> {
    const cursor = await this.cursorOf(head.lane);
    if (head.epoch > cursor.epoch || head.pos > cursor.pos) await this.catchUp(head.lane);
  }

  private async catchUp(lane: number): Promise<void> {
    while (!this.stopped) {
      const cursor = await this.cursorOf(lane);
      const request = { lane, epoch: cursor.epoch, after: cursor.pos, limit: PAGE };
      const page = await this.parts.rpc.callAsService(readEvents[this.producer], {}, request);
      for (const event of page.events) if ((await this.apply(event)) === 'gap') return;
      if (page.events.length < PAGE) return;
    }
  }

  private cursorOf(lane: number): Promise<{ epoch: number; pos: number }> {
    return this.parts.db.system(async (tx) => {
      const row = await tx.one<{ epoch: number; pos: string }>(
        'select epoch, pos from event_cursor where producer = $1 and lane = $2',
        [this.producer, lane],
      );
      return { epoch: row?.epoch ?? 1, pos: Number(row?.pos ?? 0) };
    });
  }

  /** Applies one event, once, or says why not. */
  private async apply(event: PlacedEvent): Promise<'applied' | 'old' | 'gap'> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.applyInTransaction(event, (tx) => this.effect(tx, event));
      } catch (error) {
        if (this.stopped) throw error;
        if (isOutage(error)) {
          attempt--;
          await pause(OUTAGE_RETRY_MS);
        } else if (attempt < ATTEMPTS && !(error instanceof ConclaveError)) await pause(RETRY_MS * attempt);
        else return this.bury(event, error);
      }
    }
  }

  private applyInTransaction(
    event: PlacedEvent,
    effect: (tx: Tx) => Promise<void>,
  ): Promise<'applied' | 'old' | 'gap'> {
    const { lane, epoch, pos } = event.position;
    return this.parts.db.tx({ tenantId: event.tenantId, actor: event.actor }, async (tx) => {
      await tx.query('insert into event_cursor (producer, lane) values ($1, $2) on conflict do nothing', [
        this.producer,
        lane,
      ]);
      const cursor = (await tx.one<{ epoch: number; pos: string }>(
        'select epoch, pos from event_cursor where producer = $1 and lane = $2 for update',
        [this.producer, lane],
      ))!;
      const at = Number(cursor.pos);
      if (epoch < cursor.epoch || (epoch === cursor.epoch && pos <= at)) return 'old';
      if (pos !== (epoch === cursor.epoch ? at + 1 : 1)) return 'gap';
      await effect(tx);
      await tx.query('update event_cursor set epoch = $3, pos = $4 where producer = $1 and lane = $2', [
        this.producer,
        lane,
        epoch,
        pos,
      ]);
      return 'applied';
    });
  }

  private async effect(tx: Tx, event: PlacedEvent): Promise<void> {
    const handler = this.handlers.get(event.type);
    if (!handler) return;
    await handler.apply(tx, { ...event, data: handler.event.data.parse(event.data) as Record<string, unknown> });
  }

  private bury(event: PlacedEvent, error: unknown): Promise<'applied' | 'old' | 'gap'> {
    const reason = error instanceof Error ? error.message : String(error);
    this.parts.log.error(
      { err: error, event: event.id, type: event.type, producer: this.producer },
      'event buried in dead letters',
    );
    this.parts.deadLetters.inc({ producer: this.producer });
    const { lane, epoch, pos } = event.position;
    return this.applyInTransaction(event, async (tx) => {
      await tx.query(
        `insert into dead_letter (id, tenant_id, producer, lane, epoch, pos, type, event, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
        [
          event.id,
          event.tenantId,
          this.producer,
          lane,
          epoch,
          pos,
          event.type,
          JSON.stringify(event),
          reason.slice(0, 2_000),
        ],
      );
    });
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
