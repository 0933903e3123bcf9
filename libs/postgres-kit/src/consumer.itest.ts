/** Two real services: `consensus` keeps a log, `audit` follows it, over the bus with the permissions of production. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { ConclaveError, LANES, doorbellSubject, events, laneOf, newId } from '@conclave/contracts';
import { bootstrapService, databaseEnvironment, encodeBody, type RunningService } from '@conclave/nest-kit';
import { startTestBus, type TestBus } from '@conclave/nest-kit/testing';
import { Database, type Tx } from './database.js';
import { readLog, type PlacedEvent } from './relay.js';
import { Consumes, ConsumesTogether, postgres } from './resource.js';
import { startTcpProxy, type TcpProxy } from './test/tcp-proxy.js';
import { createTestDatabase, walledTable, type TestDatabase } from './test/test-database.js';

const applied = walledTable(
  'applied',
  `event_id text not null, n bigint generated always as identity, mood text not null, primary key (tenant_id, event_id)`,
);

/** What happens to an event is written on it, in its `phase`. */
type Mood = 'fine' | 'poison' | 'refused' | 'stumbles' | 'misled' | 'dies' | 'slow';
let attempts: string[] = [];
let seenOpened = 0;

@Injectable()
class Follower {
  @Consumes(events.decisionSealed)
  async sealed(tx: Tx, event: PlacedEvent): Promise<void> {
    const mood = event.data['phase'] as Mood;
    attempts.push(event.id);
    await tx.query('insert into applied (tenant_id, event_id, mood) values ($1, $2, $3)', [
      event.tenantId,
      event.id,
      mood,
    ]);
    const first = attempts.filter((id) => id === event.id).length === 1;
    if (mood === 'poison') throw new Error('cannot digest\0 this');
    if (mood === 'refused') throw new ConclaveError('consensus.decision.phase');
    if (mood === 'misled' && first) throw new ConclaveError('service.internal');
    if (mood === 'stumbles' && first) throw new Error('once only');
    if (mood === 'dies' && first) await tx.query('select pg_terminate_backend(pg_backend_pid())');
    if (mood === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
  }

  @Consumes(events.decisionOpened, events.runCanceled)
  async several(_tx: Tx, event: PlacedEvent): Promise<void> {
    if (event.type === 'decision.opened') seenOpened++;
  }

  @Consumes(events.decisionOpened)
  async again(): Promise<void> {
    seenOpened++;
  }
}
@Module({ providers: [Follower] })
class FollowerModule {}

/** Takes events that come together in one statement. */
@Injectable()
class Gatherer {
  @ConsumesTogether(events.decisionSealed)
  async sealed(tx: Tx, told: readonly PlacedEvent[]): Promise<void> {
    attempts.push(told.map(({ id }) => id).join());
    await tx.query('insert into applied (tenant_id, event_id, mood) select $1, * from unnest($2::text[], $3::text[])', [
      ...[told[0]!.tenantId, told.map(({ id }) => id), told.map(({ data }) => data['phase'])],
    ]);
    if (told.some(({ data }) => data['phase'] === 'poison')) throw new Error('cannot digest this');
  }
}
@Module({ providers: [Gatherer] })
class GathererModule {}
@Module({})
class ProducerModule {}

let database: TestDatabase;
let bus: TestBus;
let proxy: TcpProxy;
let producerProxy: TcpProxy;
let producer: RunningService;
let log: Database;
const followers: RunningService[] = [];

const start = (name: 'consensus' | 'audit', module: new () => object, env: Record<string, string> = {}) =>
  bootstrapService(
    { name, module, environment: databaseEnvironment, resources: [postgres()] },
    { ...bus.environmentOf(name), ...database.environmentOf(name), ...env },
  );
const through = (way: TcpProxy, name: 'consensus' | 'audit'): Record<string, string> =>
  Object.fromEntries(Object.entries(database.environmentOf(name)).map(([key, url]) => [key, way.through(url)]));
const startProducer = async (): Promise<void> => {
  producer = await start('consensus', ProducerModule, through(producerProxy, 'consensus'));
  log = producer.app.get(Database);
};
const startFollower = async (module: new () => object = FollowerModule): Promise<void> => {
  followers.push(await start('audit', module, through(proxy, 'audit')));
};

beforeAll(async () => {
  [database, bus] = await Promise.all([
    createTestDatabase({ consensus: '', audit: applied }),
    startTestBus({ secured: true }),
  ]);
  [proxy, producerProxy] = [await startTcpProxy(database.adminUrl), await startTcpProxy(database.adminUrl)];
  await startProducer();
  await startFollower();
});
afterEach(async () => {
  await Promise.all(followers.splice(1).map((follower) => follower.stop()));
  attempts = [];
});
afterAll(async () => {
  await Promise.all([producer, ...followers].map((service) => service.stop()));
  await Promise.all([proxy.cut(), producerProxy.cut()]);
  await bus.stop();
  await database.drop();
});

const at = '2025-11-20T00:00:00.000Z';
const emitSealed = (tx: Tx, mood: Mood = 'fine', reason = ''): Promise<string> =>
  tx.emit(events.decisionSealed, {
    decision: newId('decision'),
    phase: mood,
    outcome: { status: 'decided', winners: ['approve'], reason },
    payloadSha256: '0'.repeat(64),
    openedAt: at,
    sealedAt: at,
  });
const emit = (tenantId: string, mood?: Mood): Promise<string> =>
  log.tx({ tenantId, actor: 'test' }, (tx) => emitSealed(tx, mood));
const emitMany = async (tenantId: string, n: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let i = 0; i < n; i++) ids.push(await emit(tenantId));
  return ids;
};
/** The events that took effect for a tenant, in the order in which they did. */
const effectsOf = async (tenantId: string): Promise<string[]> =>
  (
    await database.query<{ event_id: string }>('select event_id from audit.applied where tenant_id = $1 order by n', [
      tenantId,
    ])
  ).map((row) => row.event_id);
const deadLettersOf = (tenantId: string) =>
  database.query<{ id: string; reason: string; type: string; event: PlacedEvent }>(
    'select id, reason, type, event from audit.dead_letter where tenant_id = $1 order by pos',
    [tenantId],
  );
const cursorOf = async (tenantId: string) =>
  (
    await database.query<{ epoch: number; pos: string }>(
      `select epoch, pos from audit.event_cursor where producer = 'consensus' and lane = $1`,
      [laneOf(tenantId)],
    )
  )[0];
const headOf = async (tenantId: string) =>
  (
    await database.query<{ epoch: number; pos: string }>(
      'select epoch, head as pos from consensus.event_lane where lane = $1',
      [laneOf(tenantId)],
    )
  )[0];

async function until(what: () => Promise<boolean>, patienceMs = 45_000): Promise<void> {
  const giveUp = Date.now() + patienceMs;
  while (!(await what())) {
    if (Date.now() > giveUp) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
const untilEffects = (tenantId: string, ids: readonly string[], patienceMs?: number) =>
  until(async () => (await effectsOf(tenantId)).length >= ids.length, patienceMs);
/** The events of a tenant's lane as they stand in the log. */
const placedOf = async (tenantId: string): Promise<PlacedEvent[]> => {
  const placed: PlacedEvent[] = [];
  for (let page: readonly PlacedEvent[] = []; ;) {
    const { epoch, pos } = page.at(-1)?.position ?? { epoch: 1, pos: 0 };
    page = (await readLog(log, laneOf(tenantId), { epoch, after: pos }, 500)).events;
    if (page.length === 0) return placed;
    placed.push(...page.filter((event) => event.tenantId === tenantId));
  }
};
const ring = async (...rung: readonly PlacedEvent[]): Promise<void> => {
  producer.kit.nats.publish(doorbellSubject('consensus'), encodeBody({ events: rung }));
  await producer.kit.nats.flush();
};
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));

describe('a consumer', () => {
  it('applies each event once, in the order of its tenant, soon', async () => {
    const tenants = Array.from({ length: 6 }, () => newId('tenant'));
    const emitted = await Promise.all(tenants.map((tenantId) => emitMany(tenantId, 25)));
    for (const [i, tenantId] of tenants.entries()) {
      await untilEffects(tenantId, emitted[i]!, 5_000);
      expect(await effectsOf(tenantId)).toEqual(emitted[i]);
    }
    for (const tenantId of tenants) expect(await cursorOf(tenantId)).toEqual(await headOf(tenantId));
  });

  it('buries what does not stand in its tenant’s lane, with the reason, and goes on', async () => {
    const [tenantId, before] = [newId('tenant'), seenOpened];
    const lane = (laneOf(tenantId) + 1) % LANES;
    const id = newId('event');
    await database.query(
      `insert into consensus.outbound_event (id, tenant_id, lane, type, actor, data) values ($1, $2, $3, 'decision.opened', 'test', $4)`,
      [id, tenantId, lane, { decision: newId('decision'), termsSha256: '0'.repeat(64), openedAt: at }],
    );
    await until(async () => (await deadLettersOf(tenantId)).length === 1);
    expect(await deadLettersOf(tenantId)).toMatchObject([
      { id, reason: `events of ${tenantId} do not stand in lane ${lane}` },
    ]);
    expect(seenOpened).toBe(before);
    const ids = await emitMany(tenantId, 2);
    await untilEffects(tenantId, ids);
    expect(await effectsOf(tenantId)).toEqual(ids);
  });

  it('drops what rings again', async () => {
    const tenantId = newId('tenant');
    const ids = await emitMany(tenantId, 3);
    await untilEffects(tenantId, ids);
    const placed = await placedOf(tenantId);
    await ring(...placed);
    await ring(placed[1]!, placed[0]!);
    await settle();
    expect(await effectsOf(tenantId)).toEqual(ids);
    expect(attempts).toEqual(ids);
  });

  it('reads the log when a ring shows a gap', async () => {
    const tenantId = newId('tenant');
    await bus.kill();
    const ids = await emitMany(tenantId, 5);
    await until(async () => (await placedOf(tenantId)).length === 5);
    expect(await effectsOf(tenantId)).toEqual([]);
    await bus.start();
    await until(async () =>
      producer.kit.nats.flush().then(
        () => true,
        () => false,
      ),
    );
    const placed = await placedOf(tenantId);
    await ring(placed[4]!);
    await ring(placed[2]!);
    await untilEffects(tenantId, ids);
    expect(await effectsOf(tenantId)).toEqual(ids);
  });

  it('reads the log when a head beat shows that rings were missed', async () => {
    const tenantId = newId('tenant');
    await bus.kill();
    const ids = await emitMany(tenantId, 3);
    await bus.start();
    await untilEffects(tenantId, ids);
    expect(await effectsOf(tenantId)).toEqual(ids);
  });

  it('loses nothing when NATS is wiped again and again while events flow', async () => {
    const tenants = [newId('tenant'), newId('tenant')];
    let flowing = true;
    const wiping = (async () => {
      while (flowing) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        await bus.kill();
        await new Promise((resolve) => setTimeout(resolve, 150));
        await bus.start();
      }
    })();
    const emitted = await Promise.all(tenants.map((tenantId) => emitMany(tenantId, 150)));
    flowing = false;
    await wiping;
    for (const [i, tenantId] of tenants.entries()) {
      await untilEffects(tenantId, emitted[i]!);
      expect(await effectsOf(tenantId)).toEqual(emitted[i]);
    }
  });

  it('buries what it cannot digest after three attempts, and the neighbours flow', async () => {
    const tenantId = newId('tenant');
    const before = await emit(tenantId);
    const poison = await emit(tenantId, 'poison');
    const after = await emit(tenantId);
    await untilEffects(tenantId, [before, after]);
    expect(await effectsOf(tenantId)).toEqual([before, after]);
    expect(attempts.filter((id) => id === poison)).toHaveLength(3);
    const [letter] = await deadLettersOf(tenantId);
    expect(letter).toMatchObject({ id: poison, type: 'decision.sealed', reason: 'cannot digest this' });
    expect(letter!.event).toMatchObject({ id: poison, tenantId, data: { phase: 'poison' } });
    const text = await followers[0]!.kit.metrics.metrics();
    expect(text).toMatch(/conclave_dead_letters_total\{producer="consensus",service="audit"\} [1-9]/);
  });

  it('does not ask again what is refused for a reason', async () => {
    const tenantId = newId('tenant');
    const refused = await emit(tenantId, 'refused');
    await until(async () => (await deadLettersOf(tenantId)).length === 1);
    expect(attempts.filter((id) => id === refused)).toHaveLength(1);
  });

  it.each(['stumbles', 'misled'] as const)('forgives a handler that %s once', async (mood) => {
    const tenantId = newId('tenant');
    const id = await emit(tenantId, mood);
    await untilEffects(tenantId, [id]);
    expect(await deadLettersOf(tenantId)).toEqual([]);
  });

  it('buries an event whose data it cannot read', async () => {
    const tenantId = newId('tenant');
    await database.query(
      `insert into consensus.outbound_event (id, tenant_id, lane, type, actor, data) values ($1, $2, $3, 'decision.sealed', 'x', '{"decision": 5}')`,
      [newId('event'), tenantId, laneOf(tenantId)],
    );
    const after = await emit(tenantId);
    await untilEffects(tenantId, [after]);
    expect((await deadLettersOf(tenantId))[0]!.reason).toMatch(/expected string/);
  });

  it('buries a thousand that it cannot read, each with its reason, and keeps none of the lane waiting', async () => {
    const tenantId = newId('tenant');
    let neighbour = newId('tenant');
    while (laneOf(neighbour) !== laneOf(tenantId)) neighbour = newId('tenant');
    const before = await emit(tenantId);
    const ids = Array.from({ length: 1_000 }, () => newId('event'));
    await database.query(
      `insert into consensus.outbound_event (id, tenant_id, lane, type, actor, data)
       select id, $2, $3, 'decision.sealed', 'x', (array['{}', '{"decision": 5}', '{"decision": {"a": []}}', '{"outcome": null}'])[1 + n % 4]::jsonb
       from unnest($1::text[]) with ordinality as x (id, n) order by n`,
      [ids, tenantId, laneOf(tenantId)],
    );
    const [after, near] = [await emit(tenantId), await emit(neighbour)];
    await untilEffects(neighbour, [near]);
    expect(await effectsOf(neighbour)).toEqual([near]);
    expect(await effectsOf(tenantId)).toEqual([before, after]);
    const letters = await deadLettersOf(tenantId);
    expect(letters.map(({ id }) => id)).toEqual(ids);
    expect(letters.filter(({ reason }) => !/expected (string|object)/.test(reason))).toEqual([]);
    expect(await deadLettersOf(neighbour)).toEqual([]);
  });

  it('walks over events it has no handler for', async () => {
    const tenantId = newId('tenant');
    await log.tx({ tenantId, actor: 'x' }, (tx) => tx.emit(events.revealOpened, { decision: newId('decision') }));
    const id = await emit(tenantId);
    await untilEffects(tenantId, [id]);
    expect(await cursorOf(tenantId)).toEqual(await headOf(tenantId));
  });

  it('gives an event to every method that is bound to it', async () => {
    const tenantId = newId('tenant');
    seenOpened = 0;
    await log.tx({ tenantId, actor: 'x' }, (tx) =>
      tx.emit(events.decisionOpened, { decision: newId('decision'), termsSha256: '0'.repeat(64), openedAt: at }),
    );
    await until(async () => seenOpened === 2);
  });

  it('waits for Postgres, however long, and buries nothing', async () => {
    const tenantId = newId('tenant');
    const first = await emit(tenantId);
    await untilEffects(tenantId, [first]);
    await proxy.cut();
    const ids = [first, ...(await emitMany(tenantId, 5))];
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(await effectsOf(tenantId)).toEqual([first]);
    await proxy.mend();
    await untilEffects(tenantId, ids);
    expect(await effectsOf(tenantId)).toEqual(ids);
    expect(await deadLettersOf(tenantId)).toEqual([]);
  });

  it('has effect and cursor together or not at all, when its connection dies between them', async () => {
    const tenantId = newId('tenant');
    const ids = [await emit(tenantId), await emit(tenantId, 'dies'), await emit(tenantId)];
    const gone = async (): Promise<boolean> => (await effectsOf(tenantId)).length === 3;
    for (let done = false; !done; done = await gone()) {
      const [state] = await database.query<{ effects: number; passed: number }>(
        `select (select count(*)::int from audit.applied where tenant_id = $1) as effects, count(*)::int as passed
         from consensus.outbound_event e join audit.event_cursor c using (lane)
         where e.tenant_id = $1 and c.producer = 'consensus' and (e.epoch, e.pos) <= (c.epoch, c.pos)`,
        [tenantId],
      );
      expect(state!.effects).toBe(state!.passed);
    }
    expect(await effectsOf(tenantId)).toEqual(ids);
    expect(attempts.filter((id) => id === ids[1])).toHaveLength(2);
  });

  it('shares the work with replicas without doing any of it twice', async () => {
    await startFollower();
    await startFollower();
    const tenants = [newId('tenant'), newId('tenant'), newId('tenant')];
    const emitted = await Promise.all(tenants.map((tenantId) => emitMany(tenantId, 40)));
    for (const [i, tenantId] of tenants.entries()) {
      await untilEffects(tenantId, emitted[i]!);
      expect(await effectsOf(tenantId)).toEqual(emitted[i]);
      expect(await deadLettersOf(tenantId)).toEqual([]);
    }
  });

  it('forgets what rings faster than it can work, and reads it instead', async () => {
    const tenantId = newId('tenant');
    const slow = await emit(tenantId, 'slow');
    const ids = await log.tx({ tenantId, actor: 'x' }, async (tx) => {
      const list: string[] = [];
      for (let i = 0; i < 1_300; i++) list.push(await emitSealed(tx));
      return list;
    });
    await untilEffects(tenantId, [slow, ...ids], 100_000);
    expect(await effectsOf(tenantId)).toEqual([slow, ...ids]);
  }, 120_000);

  it('reads a log of large events, a few at a time', async () => {
    const tenantId = newId('tenant');
    await followers.splice(0)[0]!.stop();
    const ids: string[] = [];
    for (let i = 0; i < 12; i++)
      ids.push(await log.tx({ tenantId, actor: 'x' }, (tx) => emitSealed(tx, 'fine', 'x'.repeat(200_000))));
    await startFollower();
    await untilEffects(tenantId, ids);
    expect(await effectsOf(tenantId)).toEqual(ids);
  });

  it('is not put off by nonsense on the bell', async () => {
    for (const nonsense of ['', 'hello', '{}', '{"events":5}', '{"events":[{"id":"x"}]}'])
      producer.kit.nats.publish(doorbellSubject('consensus'), nonsense);
    const tenantId = newId('tenant');
    const id = await emit(tenantId);
    await untilEffects(tenantId, [id]);
  });

  it('catches up after it was away', async () => {
    const tenantId = newId('tenant');
    await followers.splice(0)[0]!.stop();
    const ids = await emitMany(tenantId, 5);
    await startFollower();
    await untilEffects(tenantId, ids);
    expect(await effectsOf(tenantId)).toEqual(ids);
  });

  it('hands over together what came together, in the order of the tenant, and buries the one at fault alone', async () => {
    const tenantId = newId('tenant');
    await followers.splice(0)[0]!.stop();
    const before = await emitMany(tenantId, 3);
    const poison = await emit(tenantId, 'poison');
    const after = await emitMany(tenantId, 3);
    await startFollower(GathererModule);
    await untilEffects(tenantId, [...before, ...after]);
    expect(await effectsOf(tenantId)).toEqual([...before, ...after]);
    expect(await deadLettersOf(tenantId)).toMatchObject([{ id: poison, reason: 'cannot digest this' }]);
    expect(attempts.slice(0, 2)).toEqual([[...before, poison, ...after].join(), before[0]]);
    await followers.splice(0)[0]!.stop();
    await startFollower();
  });

  it('catches up with a producer that was away', async () => {
    const tenantId = newId('tenant');
    await producer.stop();
    await startProducer();
    const ids = await emitMany(tenantId, 3);
    await untilEffects(tenantId, ids);
    expect(await effectsOf(tenantId)).toEqual(ids);
  });
});

describe('a producer restored to an older state', () => {
  const undo = async (tenantId: string, ids: readonly string[]): Promise<void> => {
    await database.query('delete from consensus.outbound_event where id = any ($1)', [ids]);
    const lane = laneOf(tenantId);
    await database.query('update consensus.event_lane set head = head - $1 where lane = $2', [ids.length, lane]);
  };

  it('is followed from where it starts again on; nothing it says then is taken for old', async () => {
    const tenantId = newId('tenant');
    const ids = await emitMany(tenantId, 4);
    await untilEffects(tenantId, ids);
    await producer.stop();
    await undo(tenantId, ids.slice(2));
    const between = await database.open('consensus').tx({ tenantId, actor: 'test' }, emitSealed);
    await startProducer();
    const fresh = [between, ...(await emitMany(tenantId, 3))];
    await untilEffects(tenantId, [...ids, ...fresh]);
    expect(await effectsOf(tenantId)).toEqual([...ids, ...fresh]);
    expect(await cursorOf(tenantId)).toEqual(await headOf(tenantId));
  });

  it('is noticed by a relay that lives through it', async () => {
    const tenantId = newId('tenant');
    const ids = await emitMany(tenantId, 3);
    await untilEffects(tenantId, ids);
    await producerProxy.cut();
    await undo(tenantId, ids.slice(1));
    const before = await headOf(tenantId);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await producerProxy.mend();
    await until(async () => (await headOf(tenantId))!.epoch > before!.epoch);
    const fresh = await emitMany(tenantId, 3);
    await untilEffects(tenantId, [...ids, ...fresh]);
    expect(await effectsOf(tenantId)).toEqual([...ids, ...fresh]);
  });

  it('does not make a consumer that lags skip the end of the old epoch, also in lanes where nothing follows', async () => {
    const [busy, quiet] = [newId('tenant'), newId('tenant')];
    await followers.splice(0)[0]!.stop();
    const old = await emitMany(busy, 3);
    const last = await emitMany(quiet, 2);
    await until(
      async () => (await database.query('select from consensus.outbound_event where pos is null')).length === 0,
    );
    await database.query('update consensus.event_lane set epoch = epoch + 1, head = 0');
    const fresh = await emitMany(busy, 2);
    await startFollower();
    await untilEffects(busy, [...old, ...fresh]);
    await untilEffects(quiet, last);
    expect(await effectsOf(busy)).toEqual([...old, ...fresh]);
    expect(await effectsOf(quiet)).toEqual(last);
  });

  it('makes cursors wait in the new epoch, where nobody has to read on', async () => {
    await database.query('update consensus.event_lane set epoch = epoch + 1, head = 0');
    const cursors = () =>
      database.query(`select lane, epoch, pos from audit.event_cursor where producer = 'consensus' order by lane`);
    const heads = await database.query('select lane, epoch, head as pos from consensus.event_lane order by lane');
    await until(async () => JSON.stringify(await cursors()) === JSON.stringify(heads));
  });

  it('that went on all the same is followed from the epoch on that an operator begins', async () => {
    const tenantId = newId('tenant');
    const ids = await emitMany(tenantId, 3);
    await untilEffects(tenantId, ids);
    await undo(tenantId, ids.slice(1));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await database.query('update consensus.event_lane set epoch = epoch + 1, head = 0');
    const fresh = await emitMany(tenantId, 2);
    await untilEffects(tenantId, [...ids, ...fresh]);
  });
});

describe('wiring', () => {
  it('refuses a handler for an event whose contract does not list the service', async () => {
    @Injectable()
    class Eavesdropper {
      @Consumes(events.waveOpened)
      async waved(): Promise<void> {}
    }
    @Module({ providers: [Eavesdropper] })
    class EavesdropperModule {}
    await expect(start('audit', EavesdropperModule)).rejects.toThrow(
      'decision.wave-opened does not list audit as a consumer',
    );
  });

  it('keeps measuring while Postgres is away', async () => {
    await proxy.cut();
    const text = await followers[0]!.kit.metrics.metrics();
    expect(text).toContain('conclave_up{service="audit"} 1');
    expect(text).toMatch(/conclave_events_unstamped\{service="audit"\} NaN/i);
    const ready = await fetch(`${followers[0]!.url}/readyz`);
    expect(ready.status).toBe(503);
    await proxy.mend();
    await until(async () => (await fetch(`${followers[0]!.url}/readyz`)).status === 200);
  });
});
