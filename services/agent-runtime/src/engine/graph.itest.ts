import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { eventually } from '@conclave/dev-env/testing';
import type { Actor, Tx } from '@conclave/postgres-kit';
import { WORKER, actor, openEngineWorld, waitFor, type EngineWorld } from '../testing/engine-world.js';
import type { Activation, TaskSpec } from './agent-port.js';
import { Fenced, type ClaimedTurn } from './claimed-turn.js';
import { endRun, keepGoing, pauseRun, resumeRun, steerRun } from './postgres-control.js';
import { createRuns } from './postgres-create.js';
import { giveBack } from './postgres-turns.js';
import { settle } from './postgres-waits.js';

const done: Activation = { kind: 'done', result: 1 };
const failed: Activation = { kind: 'failed', code: 'x', message: 'y' };
const task = (id: string, ...dependsOn: string[]): TaskSpec => ({ id, agent: 'a', input: {}, dependsOn });

describe('graphs, pause and sessions on Postgres', () => {
  let world: EngineWorld;
  let { test, db, create, claim, claimOne, step, finish, stateOf } = {} as EngineWorld;

  beforeAll(async () => {
    world = await openEngineWorld();
    ({ test, db, create, claim, claimOne, step, finish, stateOf } = world);
  });
  afterAll(() => world.close());
  beforeEach(() => world.reset());

  /** Starts a graph; its root waits for the tasks. */
  const graph = async (...tasks: TaskSpec[]) => {
    const ctx = actor();
    const id = await create(ctx);
    const root = await claimOne();
    await finish(root, { kind: 'parked', wait: waitFor(id, { kind: 'tasks' }), spawn: tasks });
    return { ctx, run: { tenantId: ctx.tenantId, id } };
  };
  const names = (turns: readonly ClaimedTurn[]): string[] => turns.map((turn) => turn.taskId).sort();
  /** The runs of which the world was told so, in order. */
  const told = async (type: string): Promise<string[]> =>
    (
      await test.query<{ run: string }>(
        `select data ->> 'run' as run from runtime.outbound_event where type = $1 order by seq`,
        [type],
      )
    ).map(({ run }) => run);
  const tasks = (id: string) =>
    test.query<{ id: string; state: string }>(`select id, state from runtime.task where run_id = $1 order by id`, [id]);

  it('starts a task when all it depends on are done, and the root when the last has ended', async () => {
    const { run } = await graph(task('a'), task('b'), task('c', 'a', 'b'), task('d', 'c', 'a'));
    const [a, b] = await claim(WORKER, 9);
    expect(names([a!, b!])).toEqual(['a', 'b']);
    await finish(a!, done);
    expect(await claim(WORKER, 9)).toEqual([]);
    await finish(b!, done);
    for (const next of ['c', 'd']) {
      const turn = await claimOne();
      expect(turn.taskId).toBe(next);
      await finish(turn, done);
    }
    expect(await claimOne()).toMatchObject({ taskId: 'root', no: 2, answer: { done: true } });
    expect(await stateOf(run.id)).toBe('running');
  });

  it('joins tasks that end at the same time exactly once', async () => {
    const { run } = await graph(...Array.from({ length: 40 }, (_, n) => task(`t${n}`)));
    const turns = await claim(WORKER, 64);
    expect(turns).toHaveLength(40);
    await Promise.all(turns.map((turn) => finish(turn, done)));
    expect(names(await claim(WORKER, 64))).toEqual(['root']);
    expect((await tasks(run.id)).every(({ id, state }) => id === 'root' || state === 'done')).toBe(true);
  });

  it('ends a graph that fails while a task of it ends, neither waiting for the other', async () => {
    const deadlocks = async (): Promise<number> => {
      await test.query('select pg_stat_clear_snapshot()');
      return (
        await test.query<{ n: number }>(
          'select deadlocks::int as n from pg_stat_database where datname = current_database()',
        )
      )[0]!.n;
    };
    for (let times = 0; times < 10; times++) {
      const { run } = await graph(...['a', 'b', 'c', 'd'].map((id) => task(id)));
      const turns = await claim(WORKER, 9);
      const [first, ...others] = turns.filter(({ runId }) => runId === run.id);
      await finish(first!, failed);
      const root = await claimOne();
      await Promise.allSettled([finish(root, failed), ...others.map((turn) => finish(turn, done))]);
      expect(await stateOf(run.id)).toBe('failed');
    }
    await sleep(1_200); // statistics are told late
    expect(await deadlocks()).toBe(0);
  }, 30_000);

  it('wakes the root at the first failure, and ends what is left when the root fails', async () => {
    const { run } = await graph(task('a'), task('b'), task('c', 'b'));
    const [a, b] = (await claim(WORKER, 9)).sort((x, y) => x.taskId.localeCompare(y.taskId));
    await finish(a!, failed);
    const root = await claimOne();
    expect(root.answer).toEqual({ failed: 'a', code: 'x', message: 'y' });
    await finish(root, failed);
    await expect(finish(b!, done)).rejects.toThrow(Fenced);
    expect(await stateOf(run.id)).toBe('failed');
    expect(await tasks(run.id)).toEqual([
      { id: 'a', state: 'failed' },
      { id: 'b', state: 'canceled' },
      { id: 'c', state: 'canceled' },
      { id: 'root', state: 'failed' },
    ]);
  });

  it('ends the runs that a failed graph has started', async () => {
    const { run, ctx } = await graph(task('kid'), task('bad'));
    const [bad, kid] = (await claim(WORKER, 9)).sort((x, y) => x.taskId.localeCompare(y.taskId));
    const child = newId('run');
    await finish(kid!, { kind: 'parked', wait: waitFor(child, { kind: 'run' }) });
    await create(ctx, { id: child, parent: run.id });
    await finish(bad!, failed);
    const turns = await claim(WORKER, 9);
    await finish(
      turns.find(({ taskId, runId }) => taskId === 'root' && runId === run.id)!,
      failed,
    );
    expect([await stateOf(run.id), await stateOf(child)]).toEqual(['failed', 'canceled']);
    expect(await told('run.canceled')).toContain(child);
  });

  it('stops a paused run at its next step, keeps what was journaled, and goes on where it was', async () => {
    const ctx = actor();
    const id = await create(ctx);
    const run = { tenantId: ctx.tenantId, id };
    const turn = await claimOne();
    expect(await step(turn, 's1', 1)).toBe(false);
    expect(await db.tx(ctx, (tx) => pauseRun(tx, run, 'lunch'))).toBe(true);
    expect(await db.tx(ctx, (tx) => pauseRun(tx, run, undefined))).toBe(false);
    expect(await step(turn, 's2', 2)).toBe(true);
    await db.system((tx) => giveBack(tx, turn, 0));
    expect(await claim(WORKER, 9)).toEqual([]);
    expect(await stateOf(id)).toBe('paused');
    expect(await db.tx(ctx, (tx) => resumeRun(tx, run))).toBe(true);
    expect(await db.tx(ctx, (tx) => resumeRun(tx, run))).toBe(false);
    const again = await claimOne();
    expect([...again.journal.keys()].sort()).toEqual(['s1', 's2']);
    expect(again.failures).toBe(0);
  });

  /** Resolves when so many wait for locks: whoever comes later stands behind them. */
  const waiting = (count: number) =>
    eventually(async () =>
      expect(
        await test.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        ),
      ).toHaveLength(count),
    );
  /** Does something, and commits it when it is told to. */
  const uncommitted = async (ctx: Actor, work: (tx: Tx) => Promise<unknown>) => {
    const [isDone, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const committed = db.tx(ctx, async (tx) => {
      await work(tx);
      isDone.resolve();
      await commit.promise;
    });
    await Promise.race([isDone.promise, committed]);
    return async () => (commit.resolve(), committed);
  };

  it('pauses a run of which a task is freed meanwhile and works at once, neither waiting for the other', async () => {
    const { ctx, run } = await graph(task('a'), task('b'), task('c', 'b'));
    /** Holds what a statement locks until told to let go. */
    const hold = (sql: string) => uncommitted(ctx, (tx) => tx.query(sql, [ctx.tenantId, run.id]));
    const [, b] = (await claim(WORKER, 9)).sort((x, y) => x.taskId.localeCompare(y.taskId));
    const freeTurn = await hold(`select from turn where tenant_id = $1 and run_id = $2 and task_id = 'a' for update`);
    const pausing = db.tx(ctx, (tx) => pauseRun(tx, run, undefined)); // has looked which turns there are
    await waiting(1);
    await finish(b!, done);
    const c = await claimOne();
    const freeRun = await hold('select from run where tenant_id = $1 and id = $2 for no key update');
    await freeTurn();
    await waiting(1);
    const stepping = world.engine.step({ turn: c, name: 's', result: 1, story: [{ type: 'custom', data: {} }] });
    await waiting(2);
    await freeRun();
    expect(await Promise.all([pausing, stepping])).toEqual([true, false]);
    expect(await stateOf(run.id)).toBe('paused');
    expect(
      await test.query(
        `select task_id as id, control from runtime.turn where run_id = $1 and state = 'running' order by task_id`,
        [run.id],
      ),
    ).toEqual(['a', 'c'].map((id) => ({ id, control: 'pause' })));
  });

  it('ends turns together without waiting for one whose run somebody works on, which is ended after them', async () => {
    const ctx = actor();
    const [busy, free] = [await create(ctx), await create(ctx)];
    const turns = await claim(WORKER, 2);
    const letGo = await uncommitted(ctx, (tx) =>
      tx.query('select from run where tenant_id = $1 and id = $2 for no key update', [ctx.tenantId, busy]),
    );
    const parking = turns.map((turn) => finish(turn, { kind: 'parked', wait: waitFor(turn.runId) }));
    await eventually(async () => expect(await stateOf(free)).toBe('parked'));
    expect(await stateOf(busy)).toBe('running');
    await Promise.all([letGo(), ...parking]);
    expect(await stateOf(busy)).toBe('parked');
  });

  it('takes answers for a paused run and acts on them once it is resumed', async () => {
    const ctx = actor();
    const id = await create(ctx);
    const run = { tenantId: ctx.tenantId, id };
    await finish(await claimOne(), { kind: 'parked', wait: waitFor('q') });
    await db.tx(ctx, (tx) => pauseRun(tx, run, undefined));
    expect(await db.tx(ctx, (tx) => settle(tx, { tenantId: ctx.tenantId, kind: 'human', key: 'q' }, 'yes'))).toBe(1);
    expect(await claim(WORKER, 9)).toEqual([]);
    await db.tx(ctx, (tx) => resumeRun(tx, run));
    expect(await claimOne()).toMatchObject({ no: 2, answer: 'yes' });
  });

  it('lets go on what is left of a run that was paused and is done, for nobody can resume it', async () => {
    const { run, ctx } = await graph(task('a'), task('b'), task('c'));
    const [a, b] = [await claimOne(), await claimOne()];
    await finish(a, failed);
    const root = (await claim(WORKER, 9)).find(({ taskId }) => taskId === 'root')!;
    await db.system((tx) => giveBack(tx, b, 0));
    await db.tx(ctx, (tx) => pauseRun(tx, run, undefined));
    await finish(root, done);
    expect(await stateOf(run.id)).toBe('completed');
    expect(names(await claim(WORKER, 9))).toContain(b.taskId);
  });

  it('spawns nothing that runs while the run is paused', async () => {
    const { run, ctx } = await graph(task('a'), task('b', 'a'));
    const a = await claimOne();
    await db.tx(ctx, (tx) => pauseRun(tx, run, undefined));
    await finish(a, done);
    expect(await claim(WORKER, 9)).toEqual([]);
    await db.tx(ctx, (tx) => resumeRun(tx, run));
    expect(names(await claim(WORKER, 9))).toEqual(['b']);
  });

  it('tells a parent the end of its child, and ends children with their parent', async () => {
    const ctx = actor();
    const parent = await create(ctx);
    const [child, other] = [newId('run'), newId('run')];
    await finish(await claimOne(), { kind: 'parked', wait: waitFor(child, { kind: 'run' }) });
    await create(ctx, { id: child, parent });
    await finish(await claimOne(), { kind: 'done', result: { x: 1 } });
    const resumed = await claimOne();
    expect(resumed.answer).toEqual({ state: 'completed', result: { x: 1 } });
    await finish(resumed, { kind: 'parked', wait: waitFor(other, { kind: 'run' }) });
    await create(ctx, { id: other, parent });
    const orphan = await claimOne();
    const cancel = { how: 'cancel', by: ctx.actor } as const;
    const ended = await db.tx(ctx, (tx) => endRun(tx, { tenantId: ctx.tenantId, id: parent }, cancel));
    expect(ended).toEqual([other, parent]);
    expect((await told('run.canceled')).filter((run) => ended.includes(run))).toEqual([other, parent]);
    await expect(finish(orphan, done)).rejects.toThrow(Fenced);
    expect([await stateOf(parent), await stateOf(other)]).toEqual(['canceled', 'canceled']);
  });

  it('ends with a run what it starts in the same moment, and lets a run that is over start nothing', async () => {
    const ctx = actor();
    const parent = { tenantId: ctx.tenantId, id: await create(ctx) };
    const child = newId('run');
    const plain = { workspaceId: newId('workspace'), kind: 'agent', title: 't', agent: 'a', input: {} } as const;
    const commit = await uncommitted(ctx, async (tx) => {
      expect(await keepGoing(tx, parent)).toBe(true);
      await createRuns(tx, [{ ...ctx, ...plain, id: child, parent: parent.id }]);
    });
    const ending = db.tx(ctx, (tx) => endRun(tx, parent, { how: 'cancel', by: ctx.actor })); // sees no child
    await waiting(1);
    await commit();
    expect(await ending).toEqual([child, parent.id]);
    expect(await db.tx(ctx, (tx) => keepGoing(tx, parent))).toBe(false);
  });

  it('takes no message for a run that ends in the same moment', async () => {
    const ctx = actor();
    const run = { tenantId: ctx.tenantId, id: await create(ctx) };
    const steer = () => db.tx(ctx, (tx) => steerRun(tx, run, 'user', 'faster'));
    expect([await steer(), await steer()]).toEqual([1, 2]);
    const commit = await uncommitted(ctx, (tx) => endRun(tx, run, { how: 'cancel', by: ctx.actor }));
    const steering = steer();
    await waiting(1);
    await commit();
    expect(await steering).toBeUndefined();
    const lines = 'select type from runtime.run_event where run_id = $1 order by seq desc limit 1';
    expect(await test.query(lines, [run.id])).toEqual([{ type: 'run.canceled' }]);
  });

  it('runs one turn of a session at a time, in order', async () => {
    const ctx = actor();
    const session = newId('session');
    const runs = [await create(ctx, { session }), await create(ctx, { session }), await create(ctx, { session })];
    for (const run of runs) {
      const [turn, second] = await claim(WORKER, 9);
      expect([turn?.runId, second]).toEqual([run, undefined]);
      await finish(turn!, done);
    }
  });
});
