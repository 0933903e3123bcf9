import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { createTestDatabase, type TestDatabase } from '@conclave/dev-env/testing';
import { createLogger } from '@conclave/nest-kit';
import { Database, pgConnections, type Actor } from '@conclave/postgres-kit';
import type { WaitSpec } from './agent-port.js';
import type { ClaimedTurn } from './claimed-turn.js';
import { Fenced, PostgresEngine } from './postgres-engine.js';
import { PostgresWorkers } from './postgres-workers.js';

describe('engine on Postgres', () => {
  let test: TestDatabase;
  let db: Database;
  let engine: PostgresEngine;
  let member: () => PostgresWorkers;
  let workers: PostgresWorkers;
  const joined: [PostgresWorkers, string][] = [];
  const join = async (id: string): Promise<PostgresWorkers> => {
    const one = member();
    await one.enlist(id);
    joined.push([one, id]);
    return one;
  };
  const worker = 'wrk_a';

  beforeAll(async () => {
    test = await createTestDatabase(['runtime']);
    const env = test.environmentOf('runtime');
    const pool = (url: string) =>
      pgConnections({ url, schema: 'runtime', size: 8, applicationName: 'test' }, () => undefined);
    db = new Database(pool(env.DATABASE_URL), pool(env.DATABASE_SYSTEM_URL));
    engine = new PostgresEngine(db);
    member = () => new PostgresWorkers(db, env, createLogger('runtime', 'fatal'));
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });
  afterEach(async () => {
    for (const [one, id] of joined.splice(0)) await one.resign(id);
  });
  beforeEach(async () => {
    await test.query(
      'truncate runtime.run, runtime.task, runtime.turn, runtime.step, runtime.wait, runtime.signal, runtime.run_event, runtime.worker',
    );
    workers = await join(worker);
  });

  const actor = (tenantId = newId('tenant')): Actor => ({ tenantId, actor: 'service:runtime' });
  const create = async (ctx: Actor): Promise<string> => {
    const id = newId('run');
    await db.tx(ctx, (tx) =>
      engine.createRun(tx, ctx, {
        id,
        workspaceId: newId('workspace'),
        kind: 'review',
        title: 't',
        agent: 'a',
        input: { n: 1 },
      }),
    );
    return id;
  };
  const claimOne = async (by = worker): Promise<ClaimedTurn> => {
    const [turn] = await engine.claim(by, 1);
    expect(turn).toBeDefined();
    await engine.begin(turn!, by);
    return turn!;
  };
  const stateOf = async (id: string): Promise<string> =>
    (await test.query<{ state: string }>('select state from runtime.run where id = $1', [id]))[0]!.state;
  const decisionWait: WaitSpec = {
    kind: 'decision-sealed',
    key: 'dec_1',
    expiresInMs: 60_000,
    defaultAnswer: { expired: true },
  };

  it('gives a turn to one worker only, however many ask at once', async () => {
    const ctx = actor();
    for (let i = 0; i < 20; i++) await create(ctx);
    for (const id of ['w1', 'w2', 'w3', 'w4']) await join(id);
    const claims = await Promise.all(['w1', 'w2', 'w3', 'w4'].map((id) => engine.claim(id, 20)));
    const keys = claims.flat().map((turn) => turn.runId);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toHaveLength(20);
  });

  it('lets a small tenant in beside a flood from another', async () => {
    const [flood, small] = [actor(), actor()];
    for (let i = 0; i < 30; i++) await create(flood);
    const mine = await create(small);
    expect((await engine.claim(worker, 4)).map((turn) => turn.runId)).toContain(mine);
  });

  it('refuses every write of a worker that lost its turn', async () => {
    await create(actor());
    const old = await claimOne();
    await test.query(`update runtime.worker set beat_at = now() - interval '1 hour'`);
    expect(await workers.reap('wrk_b')).toBe(1);
    await join('wrk_b');
    const next = await claimOne('wrk_b');
    expect(next.epoch).toBeGreaterThan(old.epoch);
    await expect(engine.recordStep(old, worker, 's', 1)).rejects.toThrow(Fenced);
    await expect(engine.finish(old, worker, { kind: 'done', result: 1 })).rejects.toThrow(Fenced);
    await engine.giveBack(old, worker, 0);
    await engine.recordStep(next, 'wrk_b', 's', 2);
    expect((await engine.material(next)).journal.get('s')).toBe(2);
  });

  it('reaps a worker whose session lock is free long before its lease ends, and none whose lock is held', async () => {
    await create(actor());
    const quiet = (id: string): Promise<unknown> =>
      test.query(`update runtime.worker set beat_at = now() - interval '4 s' where id = $1`, [id]);
    await test.query(`insert into runtime.worker (id, lock_key) values ('wrk_dead', 42)`);
    await claimOne('wrk_dead');
    expect(await workers.reap('wrk_b')).toBe(0);
    await quiet('wrk_dead');
    expect(await workers.reap('wrk_b')).toBe(1);
    expect(await claimOne()).toMatchObject({ attempt: 2, failures: 0, lost: 1 });
    await quiet(worker);
    expect(await workers.reap('wrk_b')).toBe(0);
  });

  it('gives slow turns their share of the slots and no more', async () => {
    await create(actor());
    const slow = (id: string) => ({ id, agent: 'a', input: {}, slow: true });
    const spawn = [slow('s1'), slow('s2'), slow('s3'), { id: 'q', agent: 'a', input: {} }];
    await engine.finish(await claimOne(), worker, { kind: 'parked', wait: decisionWait, spawn });
    const first = await engine.claim(worker, 4, 1);
    expect(first.map((turn) => [turn.taskId, turn.slow])).toEqual(
      expect.arrayContaining([
        ['q', false],
        [expect.stringMatching(/^s/), true],
      ]),
    );
    expect(first).toHaveLength(2);
    expect(await engine.claim(worker, 4, 0)).toHaveLength(0);
    expect(await engine.claim(worker, 4, 2)).toHaveLength(2);
  });

  it('knows when nothing of a run is left to do', async () => {
    const id = await create(actor());
    const root = await claimOne();
    const spawn = [{ id: 'late', agent: 'a', input: {} }];
    await engine.finish(root, worker, { kind: 'parked', wait: { ...decisionWait, expiresInMs: 1 }, spawn });
    const late = await claimOne();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await engine.expireWaits();
    expect(await engine.finish(await claimOne(), worker, { kind: 'done', result: 1 })).toBe(false);
    expect(await engine.unsettled([id, newId('run')])).toEqual(new Set([id]));
    expect(await engine.finish(late, worker, { kind: 'done', result: 1 })).toBe(true);
    expect(await engine.unsettled([id])).toEqual(new Set());
  });

  it('journals a step once and keeps the first result', async () => {
    await create(actor());
    const turn = await claimOne();
    await engine.recordStep(turn, worker, 's', { v: 1 });
    await engine.recordStep(turn, worker, 's', { v: 2 });
    expect((await engine.material(turn)).journal.get('s')).toEqual({ v: 1 });
  });

  it('wakes a parked run by its answer, and only once', async () => {
    const ctx = actor();
    const id = await create(ctx);
    await engine.finish(await claimOne(), worker, { kind: 'parked', wait: decisionWait });
    expect(await stateOf(id)).toBe('parked');
    expect(await engine.claim(worker, 5)).toHaveLength(0);
    const settle = () => db.tx(ctx, (tx) => engine.settle(tx, ctx.tenantId, 'decision-sealed', 'dec_1', { v: 1 }));
    const woken = await Promise.all([settle(), settle(), settle()]);
    expect(woken.reduce((sum, n) => sum + n, 0)).toBe(1);
    const turn = await claimOne();
    expect((await engine.material(turn)).answer).toEqual({ v: 1 });
    expect(await stateOf(id)).toBe('running');
  });

  it('never loses an answer that comes while the run is parking', async () => {
    for (let round = 0; round < 30; round++) {
      const ctx = actor();
      await create(ctx);
      const turn = await claimOne();
      const key = `dec_race_${round}`;
      await Promise.all([
        engine.finish(turn, worker, { kind: 'parked', wait: { ...decisionWait, key } }),
        db.tx(ctx, (tx) => engine.settle(tx, ctx.tenantId, 'decision-sealed', key, { round })),
      ]);
      const resumed = await claimOne();
      expect((await engine.material(resumed)).answer).toEqual({ round });
    }
  });

  it('gives a wait that expired its default, and the late answer no effect', async () => {
    const ctx = actor();
    await create(ctx);
    await engine.finish(await claimOne(), worker, { kind: 'parked', wait: { ...decisionWait, expiresInMs: 1 } });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await engine.expireWaits()).toBe(1);
    expect(await db.tx(ctx, (tx) => engine.settle(tx, ctx.tenantId, 'decision-sealed', 'dec_1', { late: true }))).toBe(
      0,
    );
    expect((await engine.material(await claimOne())).answer).toEqual({ expired: true });
  });

  it('cancels what is ready, running and parked, and fences the worker', async () => {
    const ctx = actor();
    const id = await create(ctx);
    const turn = await claimOne();
    expect(await db.tx(ctx, (tx) => engine.cancel(tx, ctx.tenantId, id, 'enough'))).toBe(true);
    await expect(engine.finish(turn, worker, { kind: 'done', result: 1 })).rejects.toThrow(Fenced);
    expect(await stateOf(id)).toBe('canceled');
    expect(await db.tx(ctx, (tx) => engine.cancel(tx, ctx.tenantId, id, undefined))).toBe(false);
  });

  it('tells a run’s story without gaps, whoever writes', async () => {
    const ctx = actor();
    const id = await create(ctx);
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        db.tx(ctx, (tx) =>
          engine.tell(tx, ctx.tenantId, id, [
            { type: 'x', data: { n } },
            { type: 'y', data: { n } },
          ]),
        ),
      ),
    );
    const rows = await test.query<{ seq: number }>('select seq from runtime.run_event where run_id = $1 order by seq', [
      id,
    ]);
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 41 }, (_, i) => i + 1));
  });

  it('hands over at once when a worker resigns', async () => {
    await create(actor());
    await claimOne();
    await workers.resign(worker);
    await join('wrk_b');
    expect(await engine.claim('wrk_b', 5)).toHaveLength(1);
  });
});
