import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { Client } from 'pg';
import { pgConnections } from './connections.js';
import type { Database } from './database.js';
import { foreignRows } from './test/interleave.js';
import { createTestDatabase, walledTable, type TestDatabase } from './test/test-database.js';

const note = walledTable('note', `id text not null, text text not null, primary key (tenant_id, id)`);
const [a, b] = [newId('tenant'), newId('tenant')];
const as = (tenantId: string) => ({ tenantId, actor: 'test' });

let database: TestDatabase;
let db: Database;
/** One connection, so that what one tenant leaves behind is what the next would find. */
beforeAll(async () => {
  database = await createTestDatabase({ metrics: note });
  db = database.open('metrics', 1);
  for (const tenant of [a, b])
    await db.tx(as(tenant), (tx) => tx.query(`insert into note (tenant_id, id, text) values ($1, 'n', $1)`, [tenant]));
});
afterAll(() => database.drop());

const textsSeenBy = (tenant: string): Promise<string[]> =>
  db.tx(as(tenant), async (tx) => (await tx.query<{ text: string }>('select text from note')).map((row) => row.text));

describe('the tenant wall', () => {
  it('shows a tenant its own rows only', async () => {
    expect(await textsSeenBy(a)).toEqual([a]);
    expect(await textsSeenBy(b)).toEqual([b]);
    expect(await textsSeenBy(newId('tenant'))).toEqual([]);
  });

  it('hides the rows of another tenant from a query that asks for them by name', async () => {
    const found = await db.tx(as(a), (tx) => tx.query('select from note where tenant_id = $1', [b]));
    expect(found).toEqual([]);
  });

  it('does not let a tenant write a row of another', async () => {
    const write = db.tx(as(a), (tx) => tx.query(`insert into note (tenant_id, id, text) values ($1, 'x', '')`, [b]));
    await expect(write).rejects.toThrow(/row-level security/);
  });

  it('does not let a tenant give a row away', async () => {
    const give = db.tx(as(a), (tx) => tx.query('update note set tenant_id = $1', [b]));
    await expect(give).rejects.toThrow(/row-level security/);
    expect(await textsSeenBy(b)).toEqual([b]);
  });

  it.each(['update note set text = $1 where tenant_id <> $2', 'delete from note where text <> $1 and tenant_id <> $2'])(
    'does not let a tenant reach the rows of another: %s',
    async (sql) => {
      await db.tx(as(a), (tx) => tx.query(sql, ['spoilt', a]));
      expect(await textsSeenBy(b)).toEqual([b]);
    },
  );

  it('shows nothing without a tenant', async () => {
    const client = new Client({ connectionString: database.urlOf('metrics_app') });
    await client.connect();
    expect((await client.query('select from metrics.note')).rowCount).toBe(0);
    await client.end();
  });

  it('shows nothing on a connection that another tenant used before', async () => {
    await textsSeenBy(a);
    const client = new Client({ connectionString: database.urlOf('metrics_app'), options: '-c search_path=metrics' });
    await client.connect();
    await client.query('begin');
    await client.query(`select set_config('app.tenant', $1, true)`, [a]);
    expect((await client.query('select from note')).rowCount).toBe(1);
    await client.query('commit');
    expect((await client.query('select from note')).rowCount).toBe(0);
    await client.query('begin');
    await client.query(`select set_config('app.tenant', $1, true)`, [a]);
    await client.query('rollback');
    expect((await client.query('select from note')).rowCount).toBe(0);
    await client.end();
  });

  it('leaves no tenant behind on a connection that goes back to the pool', async () => {
    const source = pgConnections(database.poolOf('metrics', 'app', 1), () => undefined);
    for (const end of ['commit', 'rollback'] as const) {
      const used = await source.acquire();
      used.begin({ tenantId: a, timeoutMs: undefined });
      expect(await used.query('select from note')).toHaveLength(1);
      await used[end]();
      used.release();
      const next = await source.acquire();
      expect(await next.query('select from note')).toEqual([]);
      next.begin({ tenantId: undefined, timeoutMs: undefined });
      expect(await next.query('select from note')).toEqual([]);
      await next.rollback();
      next.release();
    }
    await source.close();
  });

  it('keeps tenants apart on one shared connection, also after a transaction that failed', async () => {
    const failing = db.tx(as(a), async (tx) => {
      await tx.query('select from note');
      throw new Error('stop');
    });
    await expect(failing).rejects.toThrow('stop');
    const seen = await Promise.all(Array.from({ length: 20 }, (_, i) => textsSeenBy(i % 2 ? a : b)));
    seen.forEach((texts, i) => expect(texts).toEqual([i % 2 ? a : b]));
  });

  it.each([`'; drop table metrics.note; --`, `\\'; select 1; --`, `${a}', true), set_config('app.tenant', '${b}`])(
    'takes a tenant for a text, whatever it says: %s',
    async (tenantId) => {
      expect(await textsSeenBy(tenantId)).toEqual([]);
      expect(await textsSeenBy(a)).toEqual([a]);
    },
  );

  it('shows no row of another in transactions that interleave on four connections', async () => {
    expect(await foreignRows(database, 1_000)).toBe(0);
  });

  it('refuses to open a transaction for nobody', () => {
    expect(() => db.tx(as(''), async () => undefined)).toThrow(
      expect.objectContaining({ code: 'auth.unauthenticated' }),
    );
  });

  it('holds for events, answers and dead letters', async () => {
    await database.query(
      `insert into metrics.idempotency (tenant_id, actor, route, key, request_sha256) values ($1, 'x', 'r', 'k', '')`,
      [b],
    );
    await database.query(
      `insert into metrics.dead_letter (id, tenant_id, producer, lane, epoch, pos, type, event, reason) values ('e', $1, 'audit', 1, 1, 1, 't', '{}', '')`,
      [b],
    );
    for (const table of ['idempotency', 'dead_letter'])
      expect(await db.tx(as(a), (tx) => tx.query(`select from ${table}`))).toEqual([]);
    const forge = db.tx(as(a), (tx) =>
      tx.query(
        `insert into outbound_event (id, tenant_id, lane, type, actor, data) values ('e', $1, 0, 't', 'x', '{}')`,
        [b],
      ),
    );
    await expect(forge).rejects.toThrow(/row-level security/);
    await expect(db.tx(as(a), (tx) => tx.query('select from outbound_event'))).rejects.toThrow(/permission denied/);
  });

  it.each([
    [`update outbound_event set data = '{}'`, 'rewrite an event'],
    [`delete from outbound_event`, 'unmake an event'],
    [
      `insert into outbound_event (id, tenant_id, lane, type, actor, data) values ('e', 't', 0, 't', 'x', '{}')`,
      'invent an event',
    ],
    [`update event_lane set lane = 5`, 'move a lane'],
    [`select response from idempotency`, 'read an answer'],
    [`update dead_letter set reason = ''`, 'rewrite a dead letter'],
  ])('does not let the system role do what is not its own: %s', async (sql) => {
    await expect(db.system((tx) => tx.query(sql))).rejects.toThrow(/permission denied/);
  });

  it('gives the system role no business data', async () => {
    await expect(db.system((tx) => tx.query('select from note'))).rejects.toThrow(/permission denied/);
  });

  it.each([
    'alter table note disable row level security',
    'drop policy tenant on note',
    'alter role metrics_app bypassrls',
    'set role postgres',
    'set session authorization default; set row_security = off; select from note',
  ])('cannot be taken down from inside: %s', async (sql) => {
    await expect(db.tx(as(a), (tx) => tx.query(sql))).rejects.toThrow(
      /must be owner|permission denied|row-level security|must be superuser|must have|cannot be run/i,
    );
    expect(await textsSeenBy(a)).toEqual([a]);
  });
});
