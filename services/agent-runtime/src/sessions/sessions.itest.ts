import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, runs, runtime, sessions } from '@conclave/contracts';
import { eventually, refusalOf, testPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { removeJournals } from '../control/postgres-retention.js';
import { someoneWaits, startRuntimeFixture, type RuntimeFixture } from '../testing/runtime-fixture.js';
import { historyOf } from './postgres-sessions.js';

describe('sessions', () => {
  const me = testPrincipal();
  let fixture: RuntimeFixture;

  beforeAll(async () => {
    fixture = await startRuntimeFixture();
  });
  afterAll(async () => {
    await fixture.stop();
  });

  const echo = { agent: 'compose' as const, input: { value: { $from: 'trigger', path: '/text' } } };
  const create = (agent: object = echo) => fixture.call(sessions.createSession, { title: 's', agent }, me);
  const say = (id: string, text: string) => fixture.call(sessions.sendMessage, { id, text }, me);

  it('answer message after message, and keep what was said', async () => {
    const { id } = await create();
    for (const text of ['one', 'two', 'three']) await say(id, text);
    await eventually(async () => {
      const { items, next } = await fixture.call(sessions.listMessages, { id, limit: 2 }, me);
      expect(items).toMatchObject([
        { no: 3, text: 'three', reply: 'three', state: 'completed' },
        { no: 2, reply: 'two' },
      ]);
      const rest = await fixture.call(sessions.listMessages, { id, limit: 2, after: next! }, me);
      expect(rest).toMatchObject({ items: [{ no: 1, reply: 'one' }] });
    });
    expect(await fixture.call(sessions.getSession, { id }, me)).toMatchObject({ state: 'idle', messages: 3 });
    const db = fixture.service.app.get(Database).autocommit({ tenantId: me.tenantId, actor: 'service:runtime' });
    expect(await historyOf(db, me.tenantId, id, { limit: 1 })).toEqual([
      { role: 'user', text: 'three' },
      { role: 'agent', text: 'three' },
    ]);
  });

  it('are read when they are archived, and no longer written', async () => {
    const { id } = await create();
    expect(await fixture.call(sessions.archiveSession, { id }, me)).toMatchObject({ archivedAt: expect.any(String) });
    expect(await refusalOf(say(id, 'x'))).toBe('runtime.session.archived');
    const { items } = await fixture.call(sessions.listSessions, { limit: 100 }, me);
    expect(items.map((one) => one.id)).not.toContain(id);
  });

  it('are not written by who comes while they are archived', async () => {
    const { id } = await create();
    const database = fixture.service.app.get(Database);
    const said = await database.tx({ tenantId: me.tenantId, actor: 'service:runtime' }, async (tx) => {
      await tx.query('update session set archived_at = now() where tenant_id = $1 and id = $2', [me.tenantId, id]);
      const refusal = refusalOf(say(id, 'x'));
      await someoneWaits(fixture);
      return { refusal };
    });
    expect(await said.refusal).toBe('runtime.session.archived');
  });

  it('give as many messages at once as fit a reply', async () => {
    const { id } = await create();
    for (let n = 0; n < 3; n++) await say(id, 'x'.repeat(200_000));
    const pages = await eventually(async () => {
      const first = await fixture.call(sessions.listMessages, { id }, me);
      expect(first.items[0]).toMatchObject({ no: 3, state: 'completed' });
      return [first, await fixture.call(sessions.listMessages, { id, after: first.next! }, me)];
    });
    expect(pages.flatMap(({ items }) => items.map(({ no }) => no))).toEqual([3, 2, 1]);
  });

  it('of another tenant are not there, nor is a model where none is configured', async () => {
    const { id } = await create({ agent: 'model' });
    expect(await refusalOf(say(id, 'x'))).toBe('runtime.agent.unavailable');
    for (const contract of [sessions.getSession, sessions.listMessages, sessions.archiveSession])
      expect(await refusalOf(fixture.call(contract, { id }, testPrincipal()))).toBe('runtime.session.not-found');
    const long = { ...echo, input: { value: 'x'.repeat(900_000) } };
    expect(await refusalOf(create(long))).toBe('request.too-large');
    expect(await refusalOf(say(newId('session'), 'x'))).toBe('runtime.session.not-found');
  });

  it('leave a result when the journal of their runs goes', async () => {
    const { id } = await fixture.call(runs.createRun, { agent: 'compose', input: { value: 7 }, waitMs: 20_000 }, me);
    const db = fixture.service.app.get(Database);
    expect(await removeJournals(db, 1)).toBe(0);
    await fixture.database.query(
      `update runtime.run set created_at = now() - interval '3 days', updated_at = now() - interval '2 days' where id = $1`,
      [id],
    );
    expect(await removeJournals(db, 1)).toBe(1);
    expect(await refusalOf(fixture.call(runs.listSteps, { id }, me))).toBe('runtime.journal.gone');
    expect(await fixture.call(runtime.getRunResult, { id }, me)).toEqual({ result: 7 });
    const left = await fixture.database.query(
      `select from runtime.turn where run_id = $1 union all select from runtime.run_event where run_id = $1`,
      [id],
    );
    expect(left).toHaveLength(0);
  });
});
