/**
 * The consuming half of the log + doorbell: one cursor per (producer, lane), moved in the transaction of the effect.
 *
 * An event at cursor + 1 is applied; a lower one was applied before and is dropped; a higher one, or a head beyond the
 * cursor, means that rings were missed, and the lane is read from the producer. A handler that keeps failing for reasons
 * of its own sends the event to the dead letters and the lane moves on, as an event does, at once, that cannot be read or
 * is mistaken about whose it is; an outage of ours is waited for instead.
 */
import {
  LANES,
  doorbellSubject,
  eventPosition,
  headSubject,
  readEvents,
  type EventContract,
  type EventPosition,
  type EventProducer,
} from '@conclave/contracts';
import { decodeBody, type RpcClient } from '@conclave/nest-kit';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import { z } from 'zod';
import { CursorStore } from './cursor.js';
import type { Database, Tx } from './database.js';
import type { DeadLetters } from './dead-letters.js';
import { Lane } from './lane.js';
import { dataOf, refuseMistaken } from './mistaken-event.js';
import type { PlacedEvent } from './relay.js';

/** Applies an event; what it writes commits together with the cursor. */
export type Apply = (tx: Tx, event: PlacedEvent) => Promise<void>;
/** Applies events of one tenant that came together, in the order of their lane. */
export type ApplyTogether = (tx: Tx, events: readonly PlacedEvent[]) => Promise<void>;

export type ConsumerHandler = { readonly event: EventContract } & (
  { readonly apply: Apply } | { readonly applyTogether: ApplyTogether }
);

export interface ConsumerParts {
  readonly db: Database;
  readonly nats: NatsConnection;
  readonly rpc: RpcClient;
  readonly log: Logger;
  readonly deadLetters: DeadLetters;
  /** Tenants whose events are dropped: they were erased. */
  readonly erased?: { has(tenantId: string): boolean };
}

const headBeat = z.object({ heads: z.array(eventPosition) });

/** Follows one producer. */
export class Consumer {
  private readonly handlers: Map<string, ConsumerHandler[]>;
  private readonly cursors: CursorStore;
  private readonly lanes: readonly Lane[];
  private subscriptions: Subscription[] = [];

  constructor(
    private readonly producer: EventProducer,
    handlers: readonly ConsumerHandler[],
    private readonly parts: ConsumerParts,
  ) {
    this.handlers = Map.groupBy(handlers, (handler) => handler.event.type);
    this.cursors = new CursorStore(parts.db, producer);
    const lane = {
      ...parts,
      producer,
      cursors: this.cursors,
      isBulk: (type: string) => (this.handlers.get(type) ?? []).every(({ event }) => event.bulk),
      goesTogether: (type: string) => (this.handlers.get(type) ?? []).every((handler) => 'applyTogether' in handler),
      apply: (tx: Tx, events: readonly PlacedEvent[]) => this.apply(tx, events),
      bury: (tx: Tx, event: PlacedEvent, error: unknown) => parts.deadLetters.bury(tx, producer, event, error),
    };
    this.lanes = Array.from({ length: LANES }, (_, n) => new Lane(n, lane));
  }

  start(): void {
    const ring = readEvents[this.producer].reply.pick({ events: true });
    this.subscriptions = [
      this.listen(doorbellSubject(this.producer), ring, async ({ events }) => this.onRing(events)),
      this.listen(headSubject(this.producer), headBeat, ({ heads }) => this.onHeads(heads)),
    ];
  }

  async stop(): Promise<void> {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    await Promise.all(this.lanes.map((lane) => lane.stop()));
  }

  /** What cannot be understood now is only a hint missed: the log still has it. */
  private listen<T>(subject: string, schema: z.ZodType<T>, take: (heard: T) => Promise<void>): Subscription {
    const { nats, log } = this.parts;
    const hear = async (error: Error | null, { data }: Msg): Promise<void> => {
      try {
        if (error) throw error;
        await take(schema.parse(decodeBody(data)));
      } catch (fault) {
        log.warn({ err: fault, subject }, 'hint missed');
      }
    };
    return nats.subscribe(subject, { callback: (error, message) => void hear(error, message) });
  }

  private onRing(events: readonly PlacedEvent[]): void {
    for (const [n, batch] of Map.groupBy(events, (event) => event.position.lane)) this.lanes[n]?.push(batch);
  }

  private async onHeads(heads: readonly EventPosition[]): Promise<void> {
    const cursorOf = await this.cursors.read();
    for (const { lane, epoch, pos } of heads) {
      const at = cursorOf(lane);
      if (at.epoch !== epoch || at.pos !== pos) this.lanes[lane]?.catchUp({ epoch, pos });
    }
  }

  private async apply(tx: Tx, events: readonly PlacedEvent[]): Promise<void> {
    const gathered = new Map<ApplyTogether, PlacedEvent[]>();
    for (const event of events) {
      if (this.parts.erased?.has(event.tenantId)) continue;
      for (const handler of this.handlers.get(event.type) ?? []) {
        refuseMistaken(event, handler.event);
        const known = { ...event, data: dataOf(event, handler.event) };
        if ('apply' in handler) await handler.apply(tx.as({ actor: event.actor }), known);
        else gathered.set(handler.applyTogether, [...(gathered.get(handler.applyTogether) ?? []), known]);
      }
    }
    await settled([...gathered].map(([applyTogether, some]) => applyTogether(tx, some)));
  }
}

/** Waits for all, as none of them may go on in a transaction that is over. @throws what the first one failed with */
async function settled(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
