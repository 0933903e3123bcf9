import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contract, newId } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { z } from 'zod';
import type { Database, Tx } from './database.js';
import { once, sweepAnswers } from './once.js';
import { createTestDatabase, walledTable, type TestDatabase } from './test/test-database.js';

const note = walledTable(
  'note',
  `n bigint generated always as identity, text text not null, primary key (tenant_id, n)`,
);
const write = contract({
  owner: 'metrics',
  subject: 'metrics.v1.note.write',
  permission: 'none',
  request: z.strictObject({ text: z.string() }),
  reply: z.object({ zebra: z.number(), apple: z.string(), list: z.array(z.unknown()) }),
});

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase({ metrics: note });
  db = database.open('metrics');
});
afterAll(() => database.drop());

const context = (idempotencyKey?: string, more: Partial<RequestContext> = {}): RequestContext => ({
  tenantId: newId('tenant'),
  actor: newId('principal'),
  scopes: new Set(),
  deadlineAt: Date.now() + 5_000,
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  ...more,
});
const insert = (tx: Tx, ctx: RequestContext, text: string) =>
  tx.query('insert into note (tenant_id, text) values ($1, $2)', [ctx.tenantId, text]);
/** The effect under test: one note per run of the work. */
const writeNote = (ctx: RequestContext, text: string, during: () => Promise<void> = async () => undefined) =>
  db.tx(ctx, (tx) =>
    once(tx, ctx, write, { text }, async () => {
      await insert(tx, ctx, text);
      await during();
      return { zebra: Math.random(), apple: text, list: [1, null, { b: 1, a: 2 }] };
    }),
  );
const notesOf = (ctx: RequestContext) =>
  database.query<{ text: string }>('select text from metrics.note where tenant_id = $1', [ctx.tenantId]);

describe('once', () => {
  it('runs the work once and answers the repeat with the very same bytes', async () => {
    const ctx = context('key-1');
    const first = await writeNote(ctx, 'hello');
    const repeat = await writeNote(ctx, 'hello');
    expect(JSON.stringify(repeat)).toBe(JSON.stringify(first));
    expect(await notesOf(ctx)).toEqual([{ text: 'hello' }]);
  });

  it('runs the work every time without a key', async () => {
    const ctx = context();
    await writeNote(ctx, 'a');
    await writeNote(ctx, 'a');
    expect(await notesOf(ctx)).toHaveLength(2);
  });

  it('lets one of many concurrent repeats do the work; the others get its answer', async () => {
    const ctx = context('key-1');
    const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));
    const answers = await Promise.all(Array.from({ length: 8 }, () => writeNote(ctx, 'hello', slow)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await notesOf(ctx)).toHaveLength(1);
  });

  it('lets the next one try when the first fails, and keeps nothing of the first', async () => {
    const ctx = context('key-1');
    const fail = (): Promise<void> => Promise.reject(new Error('crash'));
    await expect(writeNote(ctx, 'hello', fail)).rejects.toThrow('crash');
    expect(await notesOf(ctx)).toEqual([]);
    await expect(writeNote(ctx, 'hello')).resolves.toMatchObject({ apple: 'hello' });
    expect(await notesOf(ctx)).toHaveLength(1);
  });

  it('lets a waiting repeat do the work when the first crashes', async () => {
    const ctx = context('key-1');
    const started = Promise.withResolvers<void>();
    const first = writeNote(ctx, 'hello', async () => {
      started.resolve();
      await new Promise((resolve) => setTimeout(resolve, 200));
      throw new Error('crash');
    });
    await started.promise;
    const second = writeNote(ctx, 'hello');
    await expect(first).rejects.toThrow('crash');
    await expect(second).resolves.toMatchObject({ apple: 'hello' });
    expect(await notesOf(ctx)).toHaveLength(1);
  });

  it('keeps nothing when the connection dies between effect and commit', async () => {
    const ctx = context('key-1');
    const die = async (): Promise<void> => {
      await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'test-metrics-app' and state = 'idle in transaction'`,
      );
    };
    await expect(writeNote(ctx, 'hello', die)).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(await notesOf(ctx)).toEqual([]);
    await writeNote(ctx, 'hello');
    expect(await notesOf(ctx)).toHaveLength(1);
  });

  it('refuses the key for another request', async () => {
    const ctx = context('key-1');
    await writeNote(ctx, 'hello');
    await expect(writeNote(ctx, 'goodbye')).rejects.toMatchObject({ code: 'request.idempotency-mismatch' });
    expect(await notesOf(ctx)).toHaveLength(1);
  });

  it('takes a request for the same however its members are ordered', async () => {
    const ctx = context('key-1');
    const ask = (request: unknown) =>
      db.tx(ctx, (tx) => once(tx, ctx, write, request, async () => ({ zebra: 1, apple: '', list: [] })));
    await ask({ terms: { b: [1, { y: 1, x: 2 }], a: 2 }, id: 1 });
    await expect(ask({ id: 1, terms: { a: 2, b: [1, { x: 2, y: 1 }] } })).resolves.toMatchObject({ zebra: 1 });
    await expect(ask({ id: 1, terms: { a: 2, b: [{ x: 2, y: 1 }, 1] } })).rejects.toMatchObject({
      code: 'request.idempotency-mismatch',
    });
  });

  it('keeps keys of tenants, actors and routes apart', async () => {
    const ctx = context('key-1');
    await writeNote(ctx, 'hello');
    const elsewhere = [context('key-1'), { ...ctx, actor: newId('principal') }];
    for (const other of elsewhere) await expect(writeNote(other, 'goodbye')).resolves.toBeDefined();
    const otherRoute = { ...write, subject: 'metrics.v1.note.rewrite' };
    await expect(
      db.tx(ctx, (tx) => once(tx, ctx, otherRoute, {}, async () => ({ zebra: 2, apple: '', list: [] }))),
    ).resolves.toMatchObject({ zebra: 2 });
  });

  it.each(['', ' ', 'with space', 'x'.repeat(201), 'umläut', 'line\nfeed'])('refuses the key %j', async (key) => {
    const ctx = context(key);
    await expect(writeNote(ctx, 'hello')).rejects.toMatchObject({ code: 'request.idempotency-key' });
    expect(await notesOf(ctx)).toEqual([]);
  });

  it('forgets answers after a week, and not before', async () => {
    const [old, young] = [context('key-1'), context('key-1')];
    await writeNote(old, 'hello');
    await writeNote(young, 'hello');
    const age = (ctx: RequestContext, by: string) =>
      database.query(`update metrics.idempotency set at = now() - $2::interval where tenant_id = $1`, [
        ctx.tenantId,
        by,
      ]);
    await age(old, '7 days 1 minute');
    await age(young, '6 days 23 hours');
    await sweepAnswers(db);
    await writeNote(old, 'hello');
    await writeNote(young, 'hello');
    expect(await notesOf(old)).toHaveLength(2);
    expect(await notesOf(young)).toHaveLength(1);
  });
});
