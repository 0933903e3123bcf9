/**
 * The wall between tenants in the logs of events, for every event the contracts name: one that stands in a tenant's log
 * and names what another has, and one that stands where only other tenants' events do. They are put into the producer's
 * log as if the producer had been deceived; everything after that is what it always is.
 */
import {
  LANES,
  eventContracts,
  laneOf,
  newId,
  serviceNames,
  type EventContract,
  type ServiceName,
} from '@conclave/contracts';
import pg from 'pg';
import { least } from './least-request.js';
import { unknown } from './strangers.js';

/** An event that lies. */
export interface Forgery {
  readonly id: string;
  readonly event: EventContract;
  readonly tenantId: string;
  readonly lane: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface DeadLetter {
  readonly consumer: string;
  readonly type: string;
  readonly id: string;
  readonly reason: unknown;
}

const producers = [...new Set(eventContracts.map(({ producer }) => producer))];
/** Those with a database, who keep what they could not apply. */
const consumersOf = ({ consumers }: EventContract): readonly ServiceName[] =>
  consumers.filter((name) => name !== 'gateway');

/**
 * Every event, in the name of `tenantId`, about what another has.
 *
 * @param named what members hold that name something by a text
 */
export const forgeries = (
  tenantId: string,
  lane: number,
  theirs: ReadonlyMap<string, string>,
  named: Readonly<Record<string, string>>,
): readonly Forgery[] =>
  eventContracts.map((event) => {
    const data = least(event.data, { idOf: (prefix) => theirs.get(prefix) ?? unknown(prefix), each: 1 });
    for (const [member, name] of Object.entries(named)) if (typeof data[member] === 'string') data[member] = name;
    event.data.parse(data);
    return { id: newId('event'), event, tenantId, lane, data };
  });

export const inOrder = (letters: readonly DeadLetter[]): readonly DeadLetter[] =>
  letters.toSorted((a, b) => (a.id + a.consumer < b.id + b.consumer ? -1 : 1));

/** The dead letters of those that nobody applies. */
export const inEachConsumer = (forged: readonly Forgery[], reason: unknown): readonly DeadLetter[] =>
  inOrder(
    forged.flatMap(({ id, event }) =>
      consumersOf(event).map((consumer) => ({ consumer, type: event.type, id, reason })),
    ),
  );

/** A lane in which events of the tenant never stand. */
export const otherLane = (tenantId: string): number => (laneOf(tenantId) + 1) % LANES;

export class EventLogs {
  private constructor(private readonly client: pg.Client) {}

  static async open(postgres: string): Promise<EventLogs> {
    const client = new pg.Client(postgres);
    await client.connect();
    return new EventLogs(client);
  }

  close(): Promise<void> {
    return this.client.end();
  }

  async append(forged: readonly Forgery[]): Promise<void> {
    for (const { id, event, tenantId, lane, data } of forged)
      await this.client.query(
        `insert into ${event.producer}.outbound_event (id, tenant_id, lane, type, actor, data) values ($1, $2, $3, $4, $5, $6)`,
        [id, tenantId, lane, event.type, `service:${event.producer}`, JSON.stringify(data)],
      );
  }

  /** Waits until everybody has read what there is. */
  async settled(): Promise<void> {
    for (const until = Date.now() + 30_000; ;) {
      const behind = await this.behind();
      if (behind.length === 0) return;
      if (Date.now() > until) throw new Error(`not read to the end: ${behind.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Which of these were not applied, by whom and why. */
  async deadLettersOf(forged: readonly Forgery[]): Promise<readonly DeadLetter[]> {
    const ids = forged.map(({ id }) => id);
    const found: DeadLetter[] = [];
    for (const consumer of serviceNames.filter((name) => name !== 'gateway')) {
      const sql = `select $2::text as consumer, type, id, reason from ${consumer}.dead_letter where id = any ($1)`;
      found.push(...(await this.client.query<DeadLetter>(sql, [ids, consumer])).rows);
    }
    return inOrder(found);
  }

  private async behind(): Promise<string[]> {
    const found: string[] = [];
    for (const producer of producers) {
      const events = eventContracts.filter((event) => event.producer === producer);
      const consumers = new Set(events.flatMap(consumersOf));
      const { rows } = await this.client.query<{ n: number }>(
        `select count(*)::int as n from ${producer}.outbound_event where pos is null`,
      );
      if (rows[0]!.n > 0) found.push(`${producer} has ${rows[0]!.n} to place`);
      for (const consumer of consumers) {
        const { rows: lanes } = await this.client.query<{ lane: number }>(
          `select l.lane from ${producer}.event_lane l left join ${consumer}.event_cursor c on c.producer = $1 and c.lane = l.lane
           where l.head > 0 and (c.epoch, c.pos) is distinct from (l.epoch, l.head)`,
          [producer],
        );
        found.push(...lanes.map(({ lane }) => `${consumer} in lane ${lane} of ${producer}`));
      }
    }
    return found;
  }
}
