import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { doorbellSubject, events, headSubject, laneOf, newId, type EventPosition } from '@conclave/contracts';
import { startTestBus, type TestBus } from '@conclave/nest-kit/testing';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { pino } from 'pino';
import type { Database, Tx } from './database.js';
import { Relay, readLog, type PlacedEvent } from './relay.js';
import { createTestDatabase, type TestDatabase } from './test/test-database.js';

const silent = pino({ level: 'silent' });
let database: TestDatabase;
let bus: TestBus;
let nats: NatsConnection;
const relays: Relay[] = [];
beforeAll(async () => {
  bus = await startTestBus();
  nats = await connect({ servers: bus.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  database = await createTestDatabase({ consensus: '' });
});
afterEach(() => Promise.all(relays.splice(0).map((relay) => relay.stop())));
afterAll(async () => {
  await nats.close();
  await bus.stop();
  await database.drop();
});

/** A replica: connections and a relay of its own. */
function replica(size = 8): Database {
  const db = database.open('consensus', size);
  const relay = new Relay(db, nats, 'consensus', silent);
  relay.start();
  relays.push(relay);
  return db;
}
const emit = (db: Database, tenantId: string, n = 0) =>
  db.tx({ tenantId, actor: `n${n}` }, (tx) => tx.emit(events.voterKeyRevoked, { voter: newId('voter') }));
const emitLarge = (tx: Tx, sizeBytes: number) =>
  tx.emit(events.packageInstalled, {
    installation: newId('installation'),
    package: 'a/b',
    kind: 'panel',
    version: '1.0.0',
    sha256: '0'.repeat(64),
    manifest: { text: 'x'.repeat(sizeBytes) },
  });
const unstamped = async (): Promise<number> =>
  (await database.query('select from consensus.outbound_event where pos is null')).length;
async function untilStamped(): Promise<void> {
  while ((await unstamped()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('the relay', () => {
  it('numbers without gaps, under eight writers that often fail and two relays', async () => {
    const dbs = [replica(), replica()];
    const tenants = Array.from({ length: 12 }, () => newId('tenant'));
    const written = new Map<string, number[]>(tenants.map((tenant) => [tenant, []]));
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; n < 60; n++) {
        const tenantId = tenants[(writer * 7 + n) % tenants.length]!;
        const mark = writer * 1_000 + n;
        const work = dbs[writer % 2]!.tx({ tenantId, actor: String(mark) }, async (tx) => {
          await tx.emit(events.voterKeyRevoked, { voter: newId('voter') });
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
          if (Math.random() < 0.3) throw new Error('rolled back');
        });
        await work.then(
          () => written.get(tenantId)!.push(mark),
          () => undefined,
        );
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    await untilStamped();

    const rows = await database.query<{
      lane: number;
      epoch: number;
      first: string;
      last: string;
      n: string;
      places: string;
    }>(
      `select lane, epoch, min(pos) as first, max(pos) as last, count(*) as n, count(distinct pos) as places
       from consensus.outbound_event group by lane, epoch`,
    );
    expect(rows.length).toBeGreaterThan(3);
    for (const { first, last, n, places } of rows)
      expect({ first, last, places }).toEqual({ first: '1', last: n, places: n });
    const heads = await database.query<{ lane: number; epoch: number; last: string }>(
      'select lane, epoch, head as last from consensus.event_lane where head > 0 order by lane',
    );
    for (const head of heads) expect(rows).toContainEqual(expect.objectContaining(head));

    for (const [tenantId, marks] of written) {
      const placed = await database.query<{ actor: string; lane: number }>(
        'select actor, lane from consensus.outbound_event where tenant_id = $1 order by epoch, pos',
        [tenantId],
      );
      expect(placed.map(({ actor }) => Number(actor)).sort()).toEqual([...marks].sort());
      expect(new Set(placed.map(({ lane }) => lane))).toEqual(new Set([laneOf(tenantId)]));
      for (let writer = 0; writer < 8; writer++) {
        const own = placed.map(({ actor }) => Number(actor)).filter((mark) => Math.floor(mark / 1_000) === writer);
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
    }
  });

  it('never changes a place once given', async () => {
    const before = await database.query('select id, lane, epoch, pos from consensus.outbound_event order by seq');
    const db = replica();
    await emit(db, newId('tenant'));
    await untilStamped();
    const after = await database.query('select id, lane, epoch, pos from consensus.outbound_event order by seq');
    expect(after.slice(0, before.length)).toEqual(before);
  });

  it('rings with the event as soon as it is committed, not when it sweeps', async () => {
    const rung: PlacedEvent[] = [];
    const ring = nats.subscribe(doorbellSubject('consensus'), {
      callback: (_error, message) => void rung.push(...message.json<{ events: PlacedEvent[] }>().events),
    });
    const db = replica();
    const tenantId = newId('tenant');
    const began = Date.now();
    for (let n = 0; n < 20; n++) {
      const id = await emit(db, tenantId, n);
      while (!rung.some((event) => event.id === id)) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(rung.at(-1)).toMatchObject({
      type: 'voter-key.revoked',
      tenantId,
      actor: 'n19',
      position: { lane: laneOf(tenantId), epoch: expect.any(Number) },
    });
    ring.unsubscribe();
  });

  it('tells where every lane stands, again and again', async () => {
    const beats: EventPosition[][] = [];
    const head = nats.subscribe(headSubject('consensus'), {
      callback: (_error, message) => void beats.push(message.json<{ heads: EventPosition[] }>().heads),
    });
    const tenantId = newId('tenant');
    await emit(replica(), tenantId);
    await untilStamped();
    const [lane] = await database.query<EventPosition>(
      'select lane, epoch, head::int as pos from consensus.event_lane where lane = $1',
      [laneOf(tenantId)],
    );
    const told = (): number =>
      beats.filter((heads) => heads.some((one) => one.lane === lane!.lane && one.pos === lane!.pos)).length;
    while (told() < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    head.unsubscribe();
  });

  it('finds events of a replica that died before it could stamp them', async () => {
    await emit(database.open('consensus', 1), newId('tenant'));
    expect(await unstamped()).toBe(1);
    replica();
    await untilStamped();
  });

  it('goes on after Postgres cut its connections', async () => {
    const db = replica();
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'test-consensus%'`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    await emit(db, newId('tenant'));
    await untilStamped();
  });

  it('stamps and stops while NATS is away', async () => {
    const away = await connect({ servers: bus.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const db = database.open('consensus', 2);
    const relay = new Relay(db, away, 'consensus', silent);
    relay.start();
    await bus.kill();
    await emit(db, newId('tenant'));
    await untilStamped();
    await relay.stop();
    await bus.start();
    await away.close();
  });

  it('leaves a ring that is too large to be read from the log', async () => {
    const rung: number[] = [];
    const ring = nats.subscribe(doorbellSubject('consensus'), {
      callback: (_error, message) => void rung.push(message.data.length),
    });
    const db = replica();
    const tenantId = newId('tenant');
    await db.tx({ tenantId, actor: 'x' }, async (tx) => {
      for (let n = 0; n < 2; n++) await emitLarge(tx, 200_000);
    });
    await untilStamped();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(Math.max(0, ...rung)).toBeLessThan(256_000);
    ring.unsubscribe();
  });
});

/** A lane from its beginning to its head. */
async function readAll(db: Database, lane: number, limit: number, see: (page: readonly PlacedEvent[]) => void) {
  const seen: PlacedEvent[] = [];
  for (let at = { epoch: 1, pos: 0 }; ;) {
    const { epoch, head, events: page } = await readLog(db, lane, { epoch: at.epoch, after: at.pos }, limit);
    see(page);
    seen.push(...page);
    at = page.at(-1)?.position ?? { epoch, pos: head };
    if (at.epoch === epoch && at.pos === head) return seen;
  }
}

describe('the log', () => {
  it('is read lane by lane, page by page, in order', async () => {
    const db = replica();
    const tenantId = newId('tenant');
    for (let n = 0; n < 7; n++) await emit(db, tenantId, n);
    await untilStamped();
    const lane = laneOf(tenantId);
    const seen = await readAll(db, lane, 3, (page) => expect(page.length).toBeLessThanOrEqual(3));
    for (const [_epoch, of] of Map.groupBy(seen, (event) => event.position.epoch))
      expect(of.map((event) => event.position.pos)).toEqual(of.map((_, i) => i + 1));
    expect(seen.filter((event) => event.tenantId === tenantId).map((event) => event.actor)).toEqual(
      Array.from({ length: 7 }, (_, n) => `n${n}`),
    );
  });

  it('is read in pages that fit a message, however large its events', async () => {
    const db = replica();
    const tenantId = newId('tenant');
    for (let n = 0; n < 9; n++) await db.tx({ tenantId, actor: 'x' }, (tx) => emitLarge(tx, 261_500));
    await untilStamped();
    const pages: number[] = [];
    const seen = await readAll(db, laneOf(tenantId), 200, (page) => pages.push(JSON.stringify(page).length));
    expect(Math.max(...pages)).toBeLessThan(990_000);
    expect(seen.filter((event) => event.tenantId === tenantId)).toHaveLength(9);
  });

  it('takes no event that would not fit', async () => {
    const tenantId = newId('tenant');
    const emitting = replica().tx({ tenantId, actor: 'x' }, (tx) => emitLarge(tx, 262_144));
    await expect(emitting).rejects.toMatchObject({ code: 'request.too-large', params: { limitBytes: 262_144 } });
  });

  it('goes through old epochs before the new one', async () => {
    const db = replica();
    const tenantId = newId('tenant');
    const lane = laneOf(tenantId);
    await emit(db, tenantId, 1);
    await untilStamped();
    const { epoch, head } = await readLog(db, lane, { epoch: 1, after: 0 }, 1);
    await database.query('update consensus.event_lane set epoch = epoch + 1, head = 0');
    await emit(db, tenantId, 2);
    await untilStamped();
    const page = await readLog(db, lane, { epoch, after: head - 1 }, 10);
    expect(page).toMatchObject({ epoch: epoch + 1, head: 1 });
    expect(page.events.map(({ position, actor }) => [position.epoch, position.pos, actor])).toEqual([
      [epoch, head, 'n1'],
      [epoch + 1, 1, 'n2'],
    ]);
  });

  it('is read by its index, without sorting', async () => {
    const plan = await database.open('consensus', 1).system(async (tx) => {
      await tx.query('set local enable_seqscan = off; set local enable_bitmapscan = off');
      return tx.query<{ 'QUERY PLAN': string }>(
        `explain select id from outbound_event where pos is not null and lane = 3 and (epoch, pos) > (1, 5) order by epoch, pos limit 10`,
      );
    });
    const text = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).toContain('Index Scan using outbound_event_position');
    expect(text).not.toContain('Sort');
  });
});
