import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConclaveError, events, newId } from '@conclave/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { entityConnections, pgConnections } from './connections.js';
import { Database, Role, lock, lockAlongside } from './database.js';
import { pastDeadlocks } from './past-deadlocks.js';
import { startTcpProxy } from './test/tcp-proxy.js';
import { createTestDatabase, walledTable, type TestDatabase } from './test/test-database.js';

@Entity({ name: 'note' })
class Note {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @PrimaryColumn({ type: 'text' }) id!: string;
  @Column({ type: 'text' }) text!: string;
}

const note = walledTable('note', `id text not null, text text not null, primary key (tenant_id, id)`);
const context = () => ({ tenantId: newId('tenant'), actor: 'test' });
const sealed = { voter: newId('voter') };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ metrics: note });
});
afterAll(() => database.drop());

const sources = {
  plain: async () => pgConnections(database.poolOf('metrics', 'app', 3), () => undefined),
  TypeORM: () => entityConnections(database.poolOf('metrics', 'app', 3), [Note]),
};

describe.each(Object.entries(sources))('a transaction over %s connections', (_kind, connect) => {
  let db: Database;
  beforeAll(async () => {
    db = new Database(
      await connect(),
      pgConnections(database.poolOf('metrics', 'system', 3), () => undefined),
    );
  });
  afterAll(() => db.close());

  const texts = async (ctx: { tenantId: string }): Promise<string[]> =>
    (await database.query<{ text: string }>('select text from metrics.note where tenant_id = $1', [ctx.tenantId])).map(
      (row) => row.text,
    );
  const eventsOf = (ctx: { tenantId: string }) =>
    database.query('select from metrics.outbound_event where tenant_id = $1', [ctx.tenantId]);
  const insert = `insert into note (tenant_id, id, text) values (current_setting('app.tenant'), $1, $2)`;

  it('is refused when its deadline has passed, and takes no longer than until then', async () => {
    const late = db.tx({ ...context(), deadlineAt: Date.now() - 1 }, async () => expect(true).toBe(false));
    await expect(late).rejects.toMatchObject({ code: 'request.deadline' });
    const long = db.tx({ ...context(), deadlineAt: Date.now() + 500 }, (tx) => tx.query('select pg_sleep(30)'));
    await expect(long).rejects.toMatchObject({ code: 'request.deadline' });
    const [setting] = await db.tx(context(), (tx) => tx.query('show statement_timeout'));
    expect(setting).toEqual({ statement_timeout: '30s' });
  });

  it('saves state and event together', async () => {
    const verdict = { bundle: '7+0', by: ['role:developer'] };
    const ctx = { ...context(), verdict };
    const id = await db.tx(ctx, async (tx) => {
      await tx.query(insert, ['1', 'hello']);
      return tx.emit(events.voterKeyRevoked, sealed);
    });
    expect(await texts(ctx)).toEqual(['hello']);
    const [row] = await database.query(
      'select id, type, actor, data, verdict, pos from metrics.outbound_event where tenant_id = $1',
      [ctx.tenantId],
    );
    expect(row).toEqual({ id, type: 'voter-key.revoked', actor: 'test', data: sealed, verdict, pos: null });
  });

  it('saves neither when the work fails', async () => {
    const ctx = context();
    const work = db.tx(ctx, async (tx) => {
      await tx.query(insert, ['1', 'hello']);
      await tx.emit(events.voterKeyRevoked, sealed);
      throw new ConclaveError('request.invalid');
    });
    await expect(work).rejects.toMatchObject({ code: 'request.invalid' });
    expect(await texts(ctx)).toEqual([]);
    expect(await eventsOf(ctx)).toEqual([]);
  });

  it('says so when it saved nothing because the error of a statement was swallowed', async () => {
    const ctx = context();
    const work = db.tx(ctx, async (tx) => {
      await tx.query(insert, ['1', 'hello']);
      await tx.query('select 1 / 0').catch(() => undefined);
      return 'done';
    });
    await expect(work).rejects.toThrow(/swallowed/);
    expect(await texts(ctx)).toEqual([]);
  });

  it('refuses an event that does not fit its schema, and keeps nothing', async () => {
    const ctx = context();
    const work = db.tx(ctx, async (tx) => {
      await tx.query(insert, ['1', 'hello']);
      await tx.emit(events.voterKeyRevoked, { voter: 'somebody' });
    });
    await expect(work).rejects.toThrow(/expected an id like vtr_/);
    expect(await texts(ctx)).toEqual([]);
  });

  it('calls what waits for the commit after it, and never without it', async () => {
    const ctx = context();
    const story: string[] = [];
    const seen = db.tx(ctx, async (tx) => {
      tx.afterCommit(() => void story.push('after'));
      await tx.query(insert, ['1', 'hello']);
      story.push('work');
    });
    await seen;
    const failed = db.tx(ctx, async (tx) => {
      tx.afterCommit(() => void story.push('never'));
      throw new Error('stop');
    });
    await expect(failed).rejects.toThrow('stop');
    expect(story).toEqual(['work', 'after']);
  });

  it('wakes the relay once per commit with events', async () => {
    let rung = 0;
    db.onEmit(() => rung++);
    await db.tx(context(), async (tx) => {
      await tx.emit(events.voterKeyRevoked, sealed);
      await tx.emit(events.voterKeyRevoked, sealed);
    });
    await db.tx(context(), async (tx) => void (await tx.query('select 1')));
    expect(rung).toBe(1);
  });

  it('has no events that belong to no tenant', async () => {
    await expect(db.system((tx) => tx.emit(events.voterKeyRevoked, sealed))).rejects.toThrow(/belong to a tenant/);
  });

  it('is made of one statement on request', async () => {
    const ctx = context();
    const alone = db.autocommit(ctx);
    await alone.query(insert, ['1', 'hello']);
    expect(await alone.one('select text from note where id = $1', ['1'])).toEqual({ text: 'hello' });
    expect(await db.autocommit(context()).query('select from note')).toEqual([]);
    await expect(alone.query(insert, ['1', 'again'])).rejects.toMatchObject({ code: '23505' });
    expect(await texts(ctx)).toEqual(['hello']);
    const late = db.autocommit({ ...ctx, deadlineAt: Date.now() + 300 }).query('select pg_sleep(30)');
    await expect(late).rejects.toMatchObject({ code: 'request.deadline' });
    expect(() => db.autocommit({ tenantId: '', actor: 'test' })).toThrow(/credential/i);
  });

  it('shares a connection with other reads, each with its own tenant, time and failures', async () => {
    const mine = await Promise.all(
      Array.from({ length: 40 }, async (_, no) => {
        const ctx = context();
        await db.autocommit(ctx).query(insert, ['1', `note ${no}`]);
        return ctx;
      }),
    );
    const read = 'select text, pg_backend_pid() as pid from note where id = $1';
    const slow = { ...context(), deadlineAt: Date.now() + 1_000 };
    const [late, wrong, ...found] = await Promise.allSettled([
      db.reads(slow).query('select pg_sleep($1)', [30]),
      db.reads(context()).query('select 1 / $1::int', [0]),
      ...mine.map((ctx) => db.reads(ctx).query<{ text: string; pid: number }>(read, ['1'])),
    ]);
    expect([late, wrong]).toMatchObject([{ reason: { code: 'request.deadline' } }, { reason: { code: '22012' } }]);
    const rows = found.map((result) => (result.status === 'fulfilled' ? result.value : []));
    expect(rows.map(([row]) => row?.text)).toEqual(mine.map((_, no) => `note ${no}`));
    expect(new Set(rows.map(([row]) => row?.pid)).size).toBeLessThanOrEqual(3);
    expect(await db.reads(mine[0]!).query('select text from note')).toEqual([{ text: 'note 0' }]);
  });

  it('does not write when it is a read, nor keeps the next from it', async () => {
    const ctx = context();
    await expect(db.reads(ctx).query(insert, ['1', 'hello'])).rejects.toMatchObject({ code: '25006' });
    await expect(db.reads(ctx).query('delete from note')).rejects.toMatchObject({ code: '25006' });
    expect(() => db.reads({ tenantId: '', actor: 'test' })).toThrow(/credential/i);
    await db.autocommit(ctx).query(insert, ['1', 'hello']);
    await db.tx(ctx, (tx) => tx.query(insert, ['2', 'hello']));
    expect(await texts(ctx)).toEqual(['hello', 'hello']);
  });

  it('waits for who holds the lock of its tenant alone, and then sees what they wrote', async () => {
    const [ctx, other] = [context(), context()];
    const role = new Role(pgConnections(database.poolOf('metrics', 'system', 1), () => undefined));
    const count = 'select count(*)::int as n from outbound_event where tenant_id = $1';
    const behind = (tenants: readonly string[]) =>
      role.behind(lockAlongside(tenants, 'desk')).query<{ n: number }>(count, [ctx.tenantId]);
    let waiting: Promise<object[]> | undefined;
    await db.tx(ctx, async (tx) => {
      await lock(tx, ctx, 'desk', 'alone');
      expect(await behind([other.tenantId])).toEqual([{ n: 0 }]);
      waiting = behind([other.tenantId, ctx.tenantId]);
      await tx.emit(events.voterKeyRevoked, sealed);
    });
    expect(await waiting).toEqual([{ n: 1 }]);
    await db.tx(ctx, async (tx) => {
      await lock(tx, ctx, 'desk', 'alongside');
      expect(await behind([ctx.tenantId])).toEqual([{ n: 1 }]);
    });
    await role.close();
  });

  it('fails as an outage when the connection is lost under it, and the next one works', async () => {
    const ctx = context();
    const work = db.tx(ctx, async (tx) => {
      const row = await tx.one<{ pid: number }>('select pg_backend_pid() as pid');
      await database.query('select pg_terminate_backend($1)', [row!.pid]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await tx.query(insert, ['1', 'hello']);
    });
    await expect(work).rejects.toMatchObject({ code: 'service.unavailable', params: { service: 'postgres' } });
    await db.tx(ctx, (tx) => tx.query(insert, ['1', 'hello']));
    expect(await texts(ctx)).toEqual(['hello']);
  });

  it('fails as an outage when a migration changed what a prepared statement answers, and then works', async () => {
    const ctx = context();
    await db.tx(ctx, (tx) => tx.query(insert, ['1', 'hello']));
    const read = () => db.tx(ctx, (tx) => tx.one('select * from note where id = $1', ['1']));
    expect(Object.keys((await read())!)).toEqual(['tenant_id', 'id', 'text']);
    await database.query('alter table metrics.note add column added text');
    try {
      await expect(read()).rejects.toMatchObject({ code: 'service.unavailable' });
      expect(Object.keys((await read())!)).toEqual(['tenant_id', 'id', 'text', 'added']);
    } finally {
      await database.query('alter table metrics.note drop column added');
    }
  });

  it('leaves faults of the work as they are', async () => {
    const ctx = context();
    const twice = db.tx(ctx, async (tx) => {
      await tx.query(insert, ['1', 'a']);
      await tx.query(insert, ['1', 'b']);
    });
    await expect(twice).rejects.toMatchObject({ code: '23505' });
  });
});

describe('entities', () => {
  let db: Database;
  beforeAll(async () => {
    db = new Database(
      await sources.TypeORM(),
      pgConnections(database.poolOf('metrics', 'system', 3), () => undefined),
    );
  });
  afterAll(() => db.close());
  const noteOf = (ctx: { tenantId: string }, id: string) => ({ tenantId: ctx.tenantId, id, text: `note ${id}` });

  it('are read and written in the same transaction as SQL and events', async () => {
    const ctx = context();
    const work = db.tx(ctx, async (tx) => {
      await tx.entities.insert(Note, noteOf(ctx, '1'));
      const [seen] = await tx.query<{ text: string }>('select text from note');
      expect(seen).toEqual({ text: 'note 1' });
      await tx.query(`update note set text = 'changed'`);
      expect((await tx.entities.findOneByOrFail(Note, { id: '1' })).text).toBe('changed');
      await tx.emit(events.voterKeyRevoked, sealed);
      throw new Error('stop');
    });
    await expect(work).rejects.toThrow('stop');
    expect(await database.query('select from metrics.note where tenant_id = $1', [ctx.tenantId])).toEqual([]);
    expect(await database.query('select from metrics.outbound_event where tenant_id = $1', [ctx.tenantId])).toEqual([]);
  });

  it('see the tenant of the transaction only', async () => {
    const [a, b] = [context(), context()];
    for (const ctx of [a, b]) await db.tx(ctx, (tx) => tx.entities.insert(Note, noteOf(ctx, '1')));
    const seen = await Promise.all([a, b, a, b].map((ctx) => db.tx(ctx, (tx) => tx.entities.find(Note))));
    expect(seen.map((notes) => notes.map((n) => n.tenantId))).toEqual([
      [a.tenantId],
      [b.tenantId],
      [a.tenantId],
      [b.tenantId],
    ]);
    await expect(db.tx(a, (tx) => tx.entities.insert(Note, noteOf(b, '2')))).rejects.toThrow(/row-level security/);
  });

  it('nest as savepoints: an inner failure can be survived', async () => {
    const ctx = context();
    await db.tx(ctx, async (tx) => {
      await tx.entities.insert(Note, noteOf(ctx, '1'));
      await tx.entities
        .transaction(async (inner) => {
          await inner.insert(Note, noteOf(ctx, '2'));
          await inner.insert(Note, noteOf(ctx, '1'));
        })
        .catch(() => undefined);
      await tx.entities.insert(Note, noteOf(ctx, '3'));
    });
    const ids = await db.tx(ctx, (tx) => tx.query<{ id: string }>('select id from note order by id'));
    expect(ids.map(({ id }) => id)).toEqual(['1', '3']);
  });

  it('are not there for a service that registered none', async () => {
    const plain = database.open('metrics', 1);
    await expect(plain.tx(context(), async (tx) => tx.entities)).rejects.toThrow(/registered no entities/);
  });
});

describe('transactions that wait for each other', () => {
  it('are done one after the other, and neither hears of it', async () => {
    const db = database.open('metrics', 2);
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let begun = 0;
    /** Holds its own lock when it asks for the other's, at first at the same time. */
    const crossing = (own: number, other: number, holds: PromiseWithResolvers<void>, held: Promise<void>) =>
      pastDeadlocks(() =>
        db.tx(context(), async (tx) => {
          begun++;
          await tx.query('select pg_advisory_xact_lock($1)', [own]);
          holds.resolve();
          await held;
          await tx.query('select pg_advisory_xact_lock($1)', [other]);
          return own;
        }),
      );
    expect(
      await Promise.all([crossing(71, 72, first, second.promise), crossing(72, 71, second, first.promise)]),
    ).toEqual([71, 72]);
    expect(begun).toBe(3);
  });
});

describe('without Postgres', () => {
  it('a transaction fails as an outage', async () => {
    const url = 'postgres://metrics_app@127.0.0.1:1/nothing';
    const away = pgConnections({ url, schema: 'metrics', size: 1, applicationName: 'test' }, () => undefined);
    const db = new Database(away, away);
    await expect(db.tx(context(), async () => 1)).rejects.toMatchObject({
      code: 'service.unavailable',
      params: { service: 'postgres' },
    });
    await away.close();
  });
});

describe('a Postgres that is gone without a word', () => {
  const silent = () => ({ ...database.poolOf('metrics', 'app', 1), statementTimeoutMs: 200 });
  it.each([
    ['plain', async (url: string) => pgConnections({ ...silent(), url }, () => undefined)],
    ['TypeORM', (url: string) => entityConnections({ ...silent(), url }, [Note])],
  ])('is an outage, soon, and its connection is not used again (%s)', async (_kind, connect) => {
    const proxy = await startTcpProxy(database.adminUrl);
    const system = pgConnections(database.poolOf('metrics', 'system', 1), () => undefined);
    const db = new Database(await connect(proxy.through(database.urlOf('metrics_app'))), system);
    const hung = db.tx(context(), async (tx) => {
      await tx.query('select 1');
      proxy.swallow();
      await tx.query('select 2');
    });
    await expect(hung).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(await db.tx(context(), (tx) => tx.query('select 3 as n'))).toEqual([{ n: 3 }]);
    await db.close();
    await proxy.cut();
  });
});

describe('a database', () => {
  const open = (role: 'app' | 'system', size = 1) => pgConnections(database.poolOf('metrics', role, size), () => {});
  it('is ready when both roles can work in its schema', async () => {
    const db = new Database(open('app'), open('system'));
    await db.ready();
    await database.query('alter table metrics.event_lane rename to nothing_yet');
    await expect(db.ready()).rejects.toThrow('event_lane');
    await database.query('alter table metrics.nothing_yet rename to event_lane');
    await db.ready();
    await db.close();
    const without = pgConnections({ ...database.poolOf('metrics', 'app'), url: 'postgres://127.0.0.1:1/x' }, () => {});
    const half = new Database(without, open('system'));
    await expect(half.ready()).rejects.toMatchObject({ code: 'service.unavailable' });
    await half.close();
  });
});
