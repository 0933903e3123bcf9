import {
  doorbellSubject,
  eventPosition,
  headSubject,
  laneOf,
  readEvents,
  type EventPosition,
} from '@conclave/contracts';
import { decodeBody, type Kit } from '@conclave/nest-kit';
import { z } from 'zod';

/** A ring may come a moment after the beat that counts it. */
const GRACE_MS = 500;

const ring = readEvents.auth.reply.pick({ events: true });
const beat = z.object({ heads: z.array(eventPosition) });

export type Rung = z.output<typeof ring>['events'][number];

export interface BellListener {
  /** What auth tells, as it is told. */
  heard(events: readonly Rung[]): void;
  /** Something was told and not heard; nobody knows what. */
  missed(): void;
}

/**
 * Listens to auth's doorbell without a database: nothing is read again, but what was missed is noticed. Places in the log
 * have no gaps, and every two seconds auth says where each lane stands.
 */
export class AuthBell {
  private readonly at = new Map<number, EventPosition>();

  constructor(
    { nats, log }: Pick<Kit, 'nats' | 'log'>,
    private readonly listener: BellListener,
  ) {
    const listen = <T>(subject: string, schema: z.ZodType<T>, take: (told: T) => void) =>
      nats.subscribe(subject, {
        callback: (error, message) => {
          try {
            if (error) throw error;
            take(schema.parse(decodeBody(message.data)));
          } catch (fault) {
            log.warn({ err: fault, subject }, 'bell not understood');
            listener.missed();
          }
        },
      });
    listen(doorbellSubject('auth'), ring, ({ events }) => this.onRing(events));
    listen(headSubject('auth'), beat, ({ heads }) => heads.forEach((head) => this.onHead(head)));
  }

  private onRing(events: readonly Rung[]): void {
    for (const { position } of events) this.advance(position, ({ pos }) => pos + 1);
    const placed = events.filter(({ tenantId, position }) => position.lane === laneOf(tenantId));
    // Whose those are that stand where others' do, nobody can tell.
    if (placed.length < events.length) this.listener.missed();
    this.listener.heard(placed);
  }

  private onHead(head: EventPosition): void {
    if (!this.at.has(head.lane)) this.at.set(head.lane, head);
    else if (isBehind(this.at.get(head.lane)!, head))
      setTimeout(() => this.advance(head, ({ pos }) => pos), GRACE_MS).unref();
  }

  /** Moves on to a place, and tells when what lies before it was not heard. */
  private advance(to: EventPosition, reached: (known: EventPosition) => number): void {
    const known = this.at.get(to.lane);
    if (known && !isBehind(known, to)) return;
    this.at.set(to.lane, to);
    if (known && (known.epoch !== to.epoch || reached(known) < to.pos)) this.listener.missed();
  }
}

const isBehind = (known: EventPosition, other: EventPosition): boolean =>
  known.epoch < other.epoch || (known.epoch === other.epoch && known.pos < other.pos);
