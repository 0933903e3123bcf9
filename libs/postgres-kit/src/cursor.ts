import type { EventPosition, EventProducer } from '@conclave/contracts';
import type { Database, Tx } from './database.js';
import type { PlacedEvent } from './relay.js';

export type Cursor = Pick<EventPosition, 'epoch' | 'pos'>;

/** A ring can be missed; what the log has next is next. */
export type EventSource = 'ring' | 'log';

/** `applied` now; `old`: it was applied before; `gap`: another one comes first. */
export type Step = 'applied' | 'old' | 'gap';

const START: Cursor = { epoch: 1, pos: 0 };

export const isBefore = (a: Cursor, b: Cursor): boolean => a.epoch < b.epoch || (a.epoch === b.epoch && a.pos < b.pos);

/**
 * Moves the cursor over events, of which $4 is the last position and $6 how many they are, if the first is the next one:
 * one position on, or, in the log, the first of a later epoch. A replica that does the same waits for the row, and then
 * finds that they are no longer next.
 */
const MOVE = `
insert into event_cursor as cursor (producer, lane, epoch, pos)
select $1, $2, $3::int, $4::bigint
where $4::bigint = $6 and ($5 or $3::int = 1) or exists (select from event_cursor where producer = $1 and lane = $2)
on conflict (producer, lane) do update set epoch = excluded.epoch, pos = excluded.pos
where cursor.epoch = excluded.epoch and cursor.pos = excluded.pos - $6
   or $5 and cursor.epoch < excluded.epoch and excluded.pos = $6
returning pos`;

const ENTER = `
insert into event_cursor as cursor (producer, lane, epoch, pos) values ($1, $2, $3, 0)
on conflict (producer, lane) do update set epoch = excluded.epoch, pos = 0
where cursor.epoch = $4 and cursor.pos = $5`;

/** Waits for all, as none of them may go on in a transaction that is over. @throws what the first one failed with */
async function settled(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** How far this service has applied the lanes of one producer. */
export class CursorStore {
  constructor(
    private readonly db: Database,
    private readonly producer: EventProducer,
  ) {}

  /** The cursors by lane; a lane that was never read stands at the start. */
  async read(): Promise<(lane: number) => Cursor> {
    const rows = await this.db.system((tx) => this.rows(tx));
    return (lane) => rows.get(lane) ?? START;
  }

  /** Moves a lane to the start of an epoch, from where the log has nothing more of those before; there it waits. */
  async enter(lane: number, epoch: number, from: Cursor): Promise<void> {
    await this.db.system((tx) => tx.query(ENTER, [this.producer, lane, epoch, from.epoch, from.pos]));
  }

  /**
   * Applies events of one tenant, one after the other in their lane or `abreast`, and moves the cursor, all or nothing.
   *
   * @returns what is true of the first
   */
  advance(
    events: readonly [PlacedEvent, ...PlacedEvent[]],
    source: EventSource,
    effect: (tx: Tx, event: PlacedEvent) => Promise<void>,
    abreast = false,
  ): Promise<Step> {
    const [{ tenantId, actor, position }] = events;
    const { lane, epoch, pos } = position;
    return this.db.tx({ tenantId, actor }, async (tx) => {
      const last = pos + events.length - 1;
      const moved = await tx.one(MOVE, [this.producer, lane, epoch, last, source === 'log', events.length]);
      if (moved) {
        if (abreast) await settled(events.map((event) => effect(tx.as({ actor: event.actor }), event)));
        else for (const event of events) await effect(tx.as({ actor: event.actor }), event);
        return 'applied';
      }
      const cursor = (await this.rows(tx)).get(lane) ?? START;
      return isBefore(cursor, position) ? 'gap' : 'old';
    });
  }

  private async rows(tx: Tx): Promise<Map<number, Cursor>> {
    const rows = await tx.query<{ lane: number; epoch: number; pos: string }>(
      'select lane, epoch, pos from event_cursor where producer = $1',
      [this.producer],
    );
    return new Map(rows.map(({ lane, epoch, pos }) => [lane, { epoch, pos: Number(pos) }]));
  }
}
