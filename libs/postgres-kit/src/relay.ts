/**
 * The relay gives committed events their place in the log and rings the doorbell.
 *
 * Invariants: positions are gap-free per (epoch, lane), because numbering and the lane's head move in one transaction
 * under one lock; an event is numbered after it committed, so a reader of `pos <= head` never misses one that commits
 * late. There is no leader: whoever gets the transaction-level lock stamps the next batch, and who waited for it stamps
 * what committed meanwhile. A place is never given twice, although a restored database forgets those it gave: a relay
 * begins a new epoch when it starts and after it lost the database, and an epoch is later than all before by the clock.
 */
import {
  doorbellSubject,
  headSubject,
  type ActVerdict,
  type EventEnvelope,
  type EventPosition,
  type ServiceName,
} from '@conclave/contracts';
import { encodeBody, publishGathered } from '@conclave/nest-kit';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { Database } from './database.js';

const BATCH = 500;
const SWEEP_MS = 1_000;
const HEAD_BEAT_MS = 2_000;
/** Doorbells carry events up to this size; larger batches ring with the head alone and are read. */
const RING_BYTES = 256_000;
/** A page of the log ends with the event that reaches this size, so that page and envelopes fit one message. */
const PAGE_BYTES = 650_000;
/** More than an event weighs besides its data. */
const ENVELOPE_BYTES = 512;

/** An event with its place, as it rings and as `events.read` returns it. */
export interface PlacedEvent extends EventEnvelope {
  readonly position: EventPosition;
}

export interface EventRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly lane: number;
  readonly type: string;
  readonly actor: string;
  readonly at: Date;
  readonly data: Record<string, unknown>;
  readonly verdict: ActVerdict | null;
  readonly epoch: number;
  readonly pos: string;
}

interface StampedRow extends EventRow {
  readonly seq: string;
  /** Of the round: transactions before the first are over, and none has begun from the second on. */
  readonly xmin: string;
  readonly xmax: string;
}

export const placedEvent = (row: EventRow): PlacedEvent => ({
  id: row.id,
  type: row.type,
  tenantId: row.tenant_id,
  actor: row.actor,
  at: row.at.toISOString(),
  data: row.data,
  ...(row.verdict ? { verdict: row.verdict } : {}),
  position: { lane: row.lane, epoch: row.epoch, pos: Number(row.pos) },
});

/**
 * By its indexes: a plan made while the log was small would read all of it. And in their order: a scan that makes a bitmap
 * of an index leaves entries of events that got their places, and the next one finds them all again until Postgres cleans
 * up; a plain one marks them as dead.
 */
const LOCK = `
select pg_advisory_xact_lock(hashtext('relay'), hashtext(current_schema())), set_config('enable_seqscan', 'off', true),
  set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`;

/** $1: behind which number to look. */
const STAMP = `
with due as materialized (
  select seq, lane, row_number() over (partition by lane order by seq) as n
  from (select seq, lane from outbound_event where pos is null and seq > $1 order by seq limit ${BATCH}) waiting
), moved as (
  update event_lane l set head = l.head + c.n
  from (select lane, max(n) as n from due group by lane) c
  where l.lane = c.lane
  returning l.lane, l.epoch, l.head - c.n as base
)
update outbound_event e set epoch = m.epoch, pos = m.base + d.n
from due d join moved m using (lane)
where e.seq = d.seq
returning e.seq, e.id, e.tenant_id, e.lane, e.type, e.actor, e.at, e.data, e.verdict, e.epoch, e.pos,
  pg_snapshot_xmin(pg_current_snapshot()) as xmin, pg_snapshot_xmax(pg_current_snapshot()) as xmax`;

/** Seconds of the clock, which no restore turns back. */
const NEW_EPOCH = `
update event_lane set head = 0,
  epoch = greatest(epoch + 1, extract(epoch from clock_timestamp() - timestamptz '2025-01-01')::int)`;

export class Relay {
  private due = false;
  /** Whether the next round looks at all events that have no place. */
  private whole = true;
  /** The highest number that got a place. */
  private highest = 0;
  /** The same in an earlier round, the first transaction that had not begun then, and whether it was a sweep ago. */
  private mark: { readonly seq: number; readonly until: bigint; old: boolean } | undefined;
  /**
   * Behind which number rounds between sweeps look: events that got their places are in the index until Postgres cleans
   * up, and would be stepped over each time. It is a mark once all transactions before it are over: none of them can
   * commit an event with a lower number any more, which would then be placed after what followed from it. A transaction
   * has its first number a moment before it has its own, so a mark is a sweep old.
   */
  private floor = 0;
  private hasEpoch = false;
  private stopped = false;
  private running: Promise<void> | undefined;
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly db: Database,
    private readonly nats: NatsConnection,
    private readonly service: ServiceName,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.db.onEmit(() => this.kick());
    this.timers = [setInterval(() => this.sweep(), SWEEP_MS), setInterval(() => void this.beat(), HEAD_BEAT_MS)];
    this.kick();
    void this.beat();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearInterval(timer);
    await this.running;
  }

  /** Stamps what is waiting, soon; calls during a round make one more round follow. */
  kick(): void {
    this.due = true;
    if (!this.stopped) this.running ??= this.drain();
  }

  private sweep(): void {
    this.whole = true;
    if (this.mark) this.mark.old = true;
    this.kick();
  }

  private async drain(): Promise<void> {
    try {
      while (this.due) {
        const { whole } = this;
        this.due = this.whole = false;
        if (!this.hasEpoch) await this.db.together([[LOCK], [NEW_EPOCH]]);
        this.hasEpoch = true;
        const rows = await this.db.together<StampedRow>([[LOCK], [STAMP, [whole ? 0 : this.floor]]]);
        for (const { seq } of rows) this.highest = Math.max(this.highest, Number(seq));
        if (rows[0]) this.raiseFloor(rows[0]);
        if (rows.length > 0) this.ring(inOrder(rows.map(placedEvent)));
        if (rows.length < BATCH) continue;
        this.due = true;
        this.whole ||= whole;
      }
    } catch (error) {
      this.hasEpoch = false;
      this.whole = true;
      this.log.warn({ err: error }, 'relay will try again');
    }
    this.running = undefined;
  }

  private raiseFloor({ xmin, xmax }: StampedRow): void {
    if (this.mark && (!this.mark.old || BigInt(xmin) < this.mark.until)) return;
    if (this.mark) this.floor = this.mark.seq;
    this.mark = { seq: this.highest, until: BigInt(xmax), old: false };
  }

  private ring(events: readonly PlacedEvent[]): void {
    const body = encodeBody({ events });
    if (body.length <= RING_BYTES) publishGathered(this.nats, doorbellSubject(this.service), body);
    else void this.beat();
  }

  /** Tells consumers where every lane stands, so that a missed ring shows as a gap. */
  private async beat(): Promise<void> {
    if (this.stopped) return;
    try {
      const lanes = await this.db.system((tx) =>
        tx.query<{ lane: number; epoch: number; head: string }>('select lane, epoch, head from event_lane'),
      );
      const heads = lanes.map(({ lane, epoch, head }) => ({ lane, epoch, pos: Number(head) }));
      publishGathered(this.nats, headSubject(this.service), encodeBody({ heads }));
    } catch (error) {
      this.log.warn({ err: error }, 'head beat skipped');
    }
  }
}

const inOrder = (events: PlacedEvent[]): PlacedEvent[] =>
  events.sort((a, b) => a.position.lane - b.position.lane || a.position.pos - b.position.pos);

const PAGE = `
select id, tenant_id, lane, type, actor, at, data, verdict, epoch, pos from (
  select *, sum(bytes) over (order by epoch, pos) - bytes as bytes_before from (
    select id, tenant_id, lane, type, actor, at, data, verdict, epoch, pos,
      octet_length(data::text) + coalesce(octet_length(verdict::text), 0) + ${ENVELOPE_BYTES} as bytes
    from outbound_event where pos is not null and lane = $1 and (epoch, pos) > ($2, $3) order by epoch, pos limit $4
  ) following
) page where bytes_before < ${PAGE_BYTES} order by epoch, pos`;

/**
 * One page of a lane after a position, across epochs: what the reader has not seen of an older one comes first. It may
 * be shorter than asked; the reader has all when it stands at the head.
 */
export function readLog(
  db: Database,
  lane: number,
  from: { readonly epoch: number; readonly after: number },
  limit: number,
) {
  return db.system(async (tx) => {
    const { epoch, head } = (await tx.one<{ epoch: number; head: string }>(
      'select epoch, head from event_lane where lane = $1',
      [lane],
    ))!;
    const rows = await tx.query<EventRow>(PAGE, [lane, from.epoch, from.after, limit]);
    return { epoch, head: Number(head), events: rows.map(placedEvent) };
  });
}
