import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { eventually } from '@conclave/dev-env/testing';
import {
  LEASE_MS,
  WORKER as worker,
  actor,
  openEngineWorld,
  waitFor,
  type EngineWorld,
} from '../testing/engine-world.js';
import { Fenced, type ClaimedTurn } from './claimed-turn.js';
import { endRun } from './postgres-control.js';
import { tellResets } from './postgres-resets.js';
import { giveBack, unsettled } from './postgres-turns.js';
import { expireWaits, settle } from './postgres-waits.js';
import type { PostgresWorkers } from './postgres-workers.js';

/** After this long a reaper trusts what it sees. */
const steady = () => new Promise((resolve) => setTimeout(resolve, LEASE_MS + 50));

describe('engine on Postgres', () => {
  let world: EngineWorld;
  let workers: PostgresWorkers;
  let { test, db, engine, join, create, claim, claimOne, step, finish, stateOf } = {} as EngineWorld;

  beforeAll(async () => {
    world = await openEngineWorld();
    ({ test, db, engine, join, create, claim, claimOne, step, finish, stateOf } = world);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    workers = await world.reset();
  });

  /** What was running is given back and claimed again. */
  const again = async (by = worker): Promise<ClaimedTurn> => {
    await test.query(`update runtime.turn set state = 'ready', lease_owner = null where state = 'running'`);
    return claimOne(by);
  };
  /** What the story says of attempts that came to nothing. */
  const resetsOf = (id: string) =>
    test.query(`select seq, data from runtime.run_event where run_id = $1 and type = 'turn.reset' order by seq`, [id]);
  const decisionWait = waitFor('dec_1', { kind: 'decision-sealed' });

  it('gives a turn to one worker only, however many ask at once', async () => {
    const ctx = actor();
    for (let i = 0; i < 20; i++) await create(ctx);
    for (const id of ['w1', 'w2', 'w3', 'w4']) await join(id);
    const claims = await Promise.all(['w1', 'w2', 'w3', 'w4'].map((id) => claim(id, 20)));
    const keys = claims.flat().map((turn) => turn.runId);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toHaveLength(20);
  });

  it('gives nothing to a worker that has not beaten for half of a lease: it may be buried next', async () => {
    await create(actor());
    const ask = () => engine.claim(worker, { turns: 1, slow: 1, leaseMs: LEASE_MS });
    await test.query(`update runtime.worker set beat_at = clock_timestamp() - $1 * interval '0.6 ms'`, [LEASE_MS]);
    expect((await ask()).turns).toEqual([]);
    await workers.beat(worker);
    expect((await ask()).turns).toHaveLength(1);
  });

  it('says that more is left when somebody held one of those it chose', async () => {
    const ctx = actor();
    const held = await create(ctx);
    for (let i = 0; i < 2; i++) await create(ctx);
    const claimed = await db.system(async (tx) => {
      await tx.query('select from turn where run_id = $1 for update', [held]);
      return engine.claim(worker, { turns: 2, slow: 2, leaseMs: LEASE_MS });
    });
    expect([claimed.turns.length, claimed.left.quick]).toEqual([1, true]);
  });

  it('lets a small tenant in beside a flood from another', async () => {
    const [flood, small] = [actor(), actor()];
    for (let i = 0; i < 30; i++) await create(flood);
    const mine = await create(small);
    expect((await claim(worker, 4)).map((turn) => turn.runId)).toContain(mine);
  });

  it('refuses every write of a worker that lost its turn', async () => {
    await create(actor());
    const old = await claimOne();
    await test.query(`update runtime.worker set beat_at = now() - interval '1 hour'`);
    expect(await workers.reap('wrk_b')).toBe(0);
    await steady();
    expect(await workers.reap('wrk_b')).toBe(1);
    await join('wrk_b');
    const next = await claimOne('wrk_b');
    expect(next.epoch).toBeGreaterThan(old.epoch);
    await expect(step(old, 's', 1)).rejects.toThrow(Fenced);
    await expect(finish(old, { kind: 'done', result: 1 })).rejects.toThrow(Fenced);
    await db.system((tx) => giveBack(tx, old, 0));
    await step(next, 's', 2);
    expect(await resetsOf(old.runId)).toEqual([{ seq: 3, data: { task: 'root', turn: 1, attempt: 1 } }]);
    expect((await again('wrk_b')).journal.get('s')).toBe(2);
  });

  it('reaps a worker whose session lock is free at two looks, and none whose lock is held', async () => {
    await create(actor());
    await test.query(`insert into runtime.worker (id, lock_key) values ('wrk_dead', 42)`);
    await claimOne('wrk_dead');
    await steady();
    const beat = (id: string) => test.query(`update runtime.worker set beat_at = now() where id = $1`, [id]);
    await Promise.all([beat(worker), beat('wrk_dead')]);
    expect(await workers.reap('wrk_b')).toBe(0);
    expect(await workers.reap('wrk_b')).toBe(1);
    expect(await claimOne()).toMatchObject({ attempt: 2, failures: 0, lost: 1 });
    expect([await workers.reap('wrk_b'), await workers.reap('wrk_b')]).toEqual([0, 0]);
  });

  it('takes no free lock for a death on a server that started since, and waits for a lease without a beat', async () => {
    await create(actor());
    await test.query(
      `insert into runtime.worker (id, lock_key, server_started_at)
       values ('wrk_slow', 43, pg_postmaster_start_time() - interval '1 hour')`,
    );
    await claimOne('wrk_slow');
    await steady();
    const looks: number[] = [];
    for (let look = 0; look < 20; look++) {
      await workers.beat('wrk_slow');
      looks.push(await workers.reap(worker));
    }
    expect(new Set(looks)).toEqual(new Set([0]));
    await steady();
    expect(await workers.reap(worker)).toBe(1);
  });

  it('buries nobody who beats and comes back late after an outage, and knows at once who dies after it', async () => {
    const role = `runtime_late_${newId('run').slice(4)}`;
    const late = new URL(test.adminUrl);
    [late.username, late.password] = [role, 'late'];
    await test.query(`create role ${role} login password 'late'`);
    const [other, id] = [await join('wrk_late', late.href), 'wrk_late'];
    await create(actor());
    const turn = await claimOne(id);
    await steady();
    expect(await workers.reap(worker)).toBe(0);
    const cut = (whom: string): Promise<object[]> =>
      test.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename ${whom}`);
    const lostOnes = () => workers.reap(worker).catch(() => 0);
    const isLocked = async (): Promise<boolean> => {
      const [row] = await test.query<{ free: boolean }>(
        'select pg_try_advisory_xact_lock(lock_key) as free from runtime.worker where id = $1',
        [id],
      );
      return row?.free === false;
    };
    try {
      await test.query(`alter role ${role} nologin`);
      await cut(`like 'runtime\_%'`);
      let lost = 0;
      for (const until = performance.now() + 2_000; performance.now() < until;) {
        await other.beat(id).catch(() => undefined);
        lost += await lostOnes();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect({ lost, isLocked: await isLocked() }).toEqual({ lost: 0, isLocked: false });
      await test.query(`alter role ${role} login`);
      await eventually(async () => expect(await isLocked()).toBe(true));
      await step(turn, 's', 1);
      expect(await test.query('select attempt, lost from runtime.turn')).toEqual([{ attempt: 1, lost: 0 }]);
      expect(await lostOnes()).toBe(0);
      await test.query(`alter role ${role} nologin`);
      await cut(`= '${role}'`);
      await eventually(async () => expect(await isLocked()).toBe(false));
      expect([await lostOnes(), await lostOnes()]).toEqual([0, 1]);
    } finally {
      await other.resign(id);
      await test.query(`drop role ${role}`);
    }
  });

  it.each([10, -10])('goes by its own clock when Postgres’ jumps by %d minutes', async (minutes) => {
    const other = await join('wrk_b');
    await create(actor());
    await claimOne('wrk_b');
    const jump = () => test.query(`update runtime.worker set beat_at = beat_at - $1 * interval '1 min'`, [minutes]);
    const look = () => workers.reap(worker);
    await steady();
    expect(await look()).toBe(0);
    await jump();
    expect([await look(), await look()]).toEqual([0, 0]);
    await steady();
    await other.beat('wrk_b');
    expect(await look()).toBe(0);
    await jump();
    expect(await look()).toBe(0);
    await steady();
    expect(await look()).toBe(1);
  });

  it('gives slow turns their share of the slots and no more', async () => {
    await create(actor());
    const slow = (id: string) => ({ id, agent: 'a', input: {}, slow: true });
    const spawn = [slow('s1'), slow('s2'), slow('s3'), { id: 'q', agent: 'a', input: {} }];
    await finish(await claimOne(), { kind: 'parked', wait: decisionWait, spawn });
    const first = await claim(worker, 4, 1);
    expect(first.map((turn) => [turn.taskId, turn.slow])).toEqual(
      expect.arrayContaining([
        ['q', false],
        [expect.stringMatching(/^s/), true],
      ]),
    );
    expect(first).toHaveLength(2);
    expect(await claim(worker, 4, 0)).toHaveLength(0);
    expect(await claim(worker, 4, 2)).toHaveLength(2);
  });

  it('knows when nothing of a run is left to do', async () => {
    const id = await create(actor());
    const root = await claimOne();
    const spawn = [{ id: 'late', agent: 'a', input: {} }];
    await finish(root, { kind: 'parked', wait: { ...decisionWait, expiresInMs: 1 }, spawn });
    const late = await claimOne();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expireWaits(db);
    await finish(await claimOne(), { kind: 'done', result: 1 });
    expect(await db.system((tx) => unsettled(tx, [id, newId('run')]))).toEqual(new Set([id]));
    await finish(late, { kind: 'done', result: 1 });
    expect(await db.system((tx) => unsettled(tx, [id]))).toEqual(new Set());
  });

  it('journals a step once and keeps the first result', async () => {
    await create(actor());
    const turn = await claimOne();
    await step(turn, 's', { v: 1 });
    await step(turn, 's', { v: 2 });
    expect((await again()).journal.get('s')).toEqual({ v: 1 });
  });

  it('wakes a parked run by its answer, and only once', async () => {
    const ctx = actor();
    const id = await create(ctx);
    await finish(await claimOne(), { kind: 'parked', wait: decisionWait });
    expect(await stateOf(id)).toBe('parked');
    expect(await claim(worker, 5)).toHaveLength(0);
    const answer = () =>
      db.tx(ctx, (tx) => settle(tx, { tenantId: ctx.tenantId, kind: 'decision-sealed', key: 'dec_1' }, { v: 1 }));
    const woken = await Promise.all([answer(), answer(), answer()]);
    expect(woken.reduce((sum, n) => sum + n, 0)).toBe(1);
    const turn = await claimOne();
    expect(turn.answer).toEqual({ v: 1 });
    expect(await stateOf(id)).toBe('running');
  });

  it('never loses an answer that comes while the run is parking', async () => {
    for (let round = 0; round < 30; round++) {
      const ctx = actor();
      await create(ctx);
      const turn = await claimOne();
      const key = `dec_race_${round}`;
      await Promise.all([
        finish(turn, { kind: 'parked', wait: { ...decisionWait, key } }),
        db.tx(ctx, (tx) => settle(tx, { tenantId: ctx.tenantId, kind: 'decision-sealed', key }, { round })),
      ]);
      const resumed = await claimOne();
      expect(resumed.answer).toEqual({ round });
    }
  });

  it('gives a wait that expired its default, and the late answer no effect', async () => {
    const ctx = actor();
    await create(ctx);
    await finish(await claimOne(), { kind: 'parked', wait: { ...decisionWait, expiresInMs: 1 } });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await expireWaits(db)).toBe(1);
    expect(
      await db.tx(ctx, (tx) =>
        settle(tx, { tenantId: ctx.tenantId, kind: 'decision-sealed', key: 'dec_1' }, { late: true }),
      ),
    ).toBe(0);
    expect((await claimOne()).answer).toEqual({ expired: true });
  });

  it('leaves a wait that expired to the next time while somebody works on its run, and waits for nobody', async () => {
    const ctx = actor();
    const [busy] = [await create(ctx), await create(ctx)];
    const parked = { kind: 'parked', wait: { ...decisionWait, expiresInMs: 1 } } as const;
    for (const turn of await claim(worker, 2)) await finish(turn, parked);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await db.tx(ctx, async (tx) => {
      await tx.query('select from run where tenant_id = $1 and id = $2 for no key update', [ctx.tenantId, busy]);
      expect(await expireWaits(db)).toBe(1);
    });
    expect(await expireWaits(db)).toBe(1);
    expect((await claim(worker, 9)).map(({ answer }) => answer)).toEqual([{ expired: true }, { expired: true }]);
  });

  it('cancels what is ready, running and parked, and fences the worker', async () => {
    const ctx = actor();
    const cancel = { how: 'cancel', by: ctx.actor } as const;
    const id = await create(ctx);
    const turn = await claimOne();
    expect(await db.tx(ctx, (tx) => endRun(tx, { tenantId: ctx.tenantId, id }, cancel))).toEqual([id]);
    await expect(finish(turn, { kind: 'done', result: 1 })).rejects.toThrow(Fenced);
    expect(await stateOf(id)).toBe('canceled');
    expect(await db.tx(ctx, (tx) => endRun(tx, { tenantId: ctx.tenantId, id }, cancel))).toEqual([]);
  });

  it('tells a run’s story without gaps, whoever writes', async () => {
    const ctx = actor();
    const id = await create(ctx);
    const turn = await claimOne();
    const story = ['x', 'y'].map((type) => ({ type, data: {} }));
    await Promise.all(Array.from({ length: 20 }, (_, n) => engine.step({ turn, name: `s${n}`, result: n, story })));
    const rows = await test.query<{ seq: number }>('select seq from runtime.run_event where run_id = $1 order by seq', [
      id,
    ]);
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 42 }, (_, i) => i + 1));
  });

  it('tells the story which attempts came to nothing, and a run that has ended nothing more', async () => {
    const id = await create(actor());
    const reset = (seq: number, attempt: number) => ({ seq, data: { task: 'root', turn: 1, attempt } });
    const first = await claimOne();
    await db.system(async (tx) => tellResets(tx, await giveBack(tx, first, 0)));
    await db.system(async (tx) => tellResets(tx, await giveBack(tx, first, 0)));
    expect(await resetsOf(id)).toEqual([reset(3, 1)]);
    const held = await claimOne();
    await workers.resign(worker);
    expect(await resetsOf(id)).toEqual([reset(3, 1), reset(4, 2)]);
    await join('wrk_b');
    await finish(await claimOne('wrk_b'), { kind: 'done', result: 1 });
    await db.system((tx) =>
      tellResets(tx, [{ tenant_id: held.tenantId, run_id: id, task_id: 'root', no: 1, attempt: 3 }]),
    );
    expect(await resetsOf(id)).toHaveLength(2);
  });

  it('hands over at once when a worker resigns', async () => {
    await create(actor());
    await claimOne();
    await workers.resign(worker);
    await join('wrk_b');
    expect(await claim('wrk_b', 5)).toHaveLength(1);
  });
});
