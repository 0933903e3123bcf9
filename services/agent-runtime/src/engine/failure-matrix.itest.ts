/** Rows of docs/failure-matrix.md that no other test shows; the last one holds the table to its word. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { events, newId } from '@conclave/contracts';
import { Died, mortals, type Mortals } from '../testing/mortal-worker.js';
import { actor, openEngineWorld, type EngineWorld } from '../testing/engine-world.js';
import type { Activation, EffectClass, Turn } from './agent-port.js';
import { answerWait } from './postgres-waits.js';

const ROOT = join(import.meta.dirname, '../../../..');

/** What the engine was designed to outlast: what dies, and when. The table may say more, and nothing less. */
const DESIGNED = [
  ['gateway', 'any'],
  ['gateway', 'a stream is open'],
  ['api', 'before its commit'],
  ['api', 'after its commit'],
  ['relay', 'before it rang, or after'],
  ['worker', 'before a model call'],
  ['worker', 'during a model call'],
  ['worker', 'during a model call that is watched'],
  ['worker', 'after a tool dispatch, before its record'],
  ['worker', 'in the finish transaction'],
  ['worker', 'frozen beyond its lease'],
  ['Postgres', 'cuts connections, is away for seconds'],
  ['Postgres', 'is away, and somebody asks'],
  ['NATS', 'its store is lost'],
  ['NATS', 'is away, and a run is watched'],
  ['Redis', 'any'],
  ['Redis', 'loses all, and a model is listened to'],
  ['sandbox', 'its host is lost in a command'],
  ['audit', 'away, and somebody acts'],
  ['audit', 'away, and the act needs its proof'],
  ['consensus', 'for longer than the wait lasts'],
  ['provider', 'is down, and a juror asks it'],
  ['provider', '429, 5xx, a cut stream, no connection; others stand in'],
  ['provider', 'is down, and all who stand in; or nobody does'],
  ['deploy', 'rolling'],
] as const;

describe('failure matrix', () => {
  let world: EngineWorld;
  let mortal: Mortals;
  beforeAll(async () => {
    world = await openEngineWorld();
    mortal = await mortals(world);
  });
  afterAll(() => world.close());

  let ctx: ReturnType<typeof actor>;
  let run: string;
  beforeEach(async () => {
    await world.reset();
    ctx = actor();
    run = await world.create(ctx);
  });
  const endOf = async (): Promise<unknown> =>
    (await world.test.query('select state, result from runtime.run where id = $1', [run]))[0];
  const eventsOf = (type: string): Promise<object[]> =>
    world.test.query('select seq from runtime.run_event where run_id = $1 and type = $2', [run, type]);

  it('api after its commit: what is sent again finds the run, and there is one', async () => {
    const id = newId('run');
    await Promise.all([world.create(ctx, { id }), world.create(ctx, { id })]).catch(() => undefined);
    await world.create(ctx, { id });
    const counts = await world.test.query(
      `select (select count(*) from runtime.turn where run_id = $1)::int as turns,
         (select count(*) from runtime.outbound_event where data ->> 'run' = $1)::int as told`,
      [id],
    );
    expect(counts).toEqual([{ turns: 1, told: 1 }]);
  });

  it('worker before a model call: another one goes on from the journal', async () => {
    const done: string[] = [];
    const agent = (die: boolean) => ({
      activate: async (turn: Turn): Promise<Activation> => {
        await turn.step('context', async () => done.push('context'));
        if (die) throw new Died();
        return { kind: 'done', result: await turn.step('model', async () => done.push('model')) };
      },
    });
    expect(await mortal.live(agent(true))).toBe('died');
    expect(await mortal.live(agent(false))).toBe('ended');
    expect(done).toEqual(['context', 'model']);
    expect(await endOf()).toEqual({ state: 'completed', result: 2 });
  });

  /** An agent that has done its effect when its worker dies, and knows the key it did it under. */
  const dispatch = (kind: EffectClass, keys: string[], die: boolean) => ({
    activate: async (turn: Turn): Promise<Activation> => {
      const result = await turn.effect('tool', kind, async (key) => {
        keys.push(key);
        if (die) throw new Died();
        return 'dispatched';
      });
      return { kind: 'done', result };
    },
  });
  const lastAsk = async () => {
    const [wait] = await world.test.query<{
      kind: string;
      about: { effect: string; key: string; begunAt: string };
      no: number;
    }>(`select kind, about, no from runtime.wait where run_id = $1 and state = 'open'`, [run]);
    return wait!;
  };

  it.each(['retry', 'keyed'] as const)(
    'worker after a tool dispatch, before its record: %s is done again under the same key',
    async (kind) => {
      const keys: string[] = [];
      expect(await mortal.live(dispatch(kind, keys, true))).toBe('died');
      expect(await mortal.live(dispatch(kind, keys, false))).toBe('ended');
      expect(keys).toHaveLength(2);
      expect(keys[0]).toBe(keys[1]);
      expect(await endOf()).toEqual({ state: 'completed', result: 'dispatched' });
    },
  );

  it.each([
    [{ resolution: 'done', result: 'it was' }, 1, { state: 'completed', result: 'it was' }],
    [{ resolution: 'retry' }, 2, { state: 'completed', result: 'dispatched' }],
    [{ resolution: 'fail' }, 1, { state: 'failed', result: null }],
  ])(
    'worker after a tool dispatch, before its record: unsafe parks, and a person says %j',
    async (answer, times, end) => {
      const keys: string[] = [];
      expect(await mortal.live(dispatch('unsafe', keys, true))).toBe('died');
      expect(await mortal.live(dispatch('unsafe', keys, false))).toBe('ended');
      expect(keys).toHaveLength(1);
      expect(await world.stateOf(run)).toBe('parked');
      const { kind, about, no } = await lastAsk();
      expect({ kind, about }).toEqual({
        kind: 'effect',
        about: { effect: 'tool', key: keys[0], begunAt: expect.any(String) },
      });
      const wait = { tenantId: ctx.tenantId, runId: run, taskId: 'root', no };
      await world.db.tx(ctx, (tx) => answerWait(tx, wait, { effect: 'tool', answer }));
      expect(await mortal.live(dispatch('unsafe', keys, false))).toBe('ended');
      expect(keys).toHaveLength(times);
      expect(await endOf()).toEqual(end);
    },
  );

  it('worker in the finish transaction: an unsure commit is resolved by reading back', async () => {
    const turn = await world.claimOne();
    const activation: Activation = { kind: 'done', result: 1 };
    const usage = { inputTokens: 0, outputTokens: 0, costMicros: 0 };
    const ending = { event: events.runCompleted, data: { run, outcome: 'completed', durationMs: 1, usage } };
    await world.engine.finish({ turn, activation, ending });
    await world.engine.finish({ turn, activation, ending }); // the answer was lost: the same is sent again
    expect(await endOf()).toEqual({ state: 'completed', result: 1 });
    expect(await world.test.query(`select from runtime.turn where run_id = $1`, [run])).toHaveLength(1);
    expect(await eventsOf(events.runCompleted.type)).toHaveLength(1);
    const told = `select from runtime.outbound_event where type = $2 and data ->> 'run' = $1`;
    expect(await world.test.query(told, [run, events.runCompleted.type])).toHaveLength(1);
  });

  it('a step whose answer was lost is sent again, and told once', async () => {
    const turn = await world.claimOne();
    const step = { turn, name: 's', result: 1, story: [{ type: 'x', data: {} }] };
    await world.engine.step(step);
    await world.engine.step(step);
    expect(await eventsOf('x')).toHaveLength(1);
  });

  it('Postgres cuts connections: writes under way arrive, once, and nothing is recorded as failed', async () => {
    const turn = await world.claimOne();
    const cut = () =>
      world.test.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'conclave-runtime-engine'`,
      );
    const steps = Array.from({ length: 60 }, async (_, n) => {
      await new Promise((resolve) => setTimeout(resolve, n * 10));
      return world.engine.step({ turn, name: `s${n}`, result: n, story: [{ type: 'x', data: { n } }] });
    });
    const cuts = Array.from({ length: 6 }, async (_, n) => {
      await new Promise((resolve) => setTimeout(resolve, n * 90));
      await cut();
    });
    await Promise.all([...steps, ...cuts]);
    await Promise.all([world.finish(turn, { kind: 'done', result: 1 }), cut()]);
    expect(await endOf()).toEqual({ state: 'completed', result: 1 });
    expect(await world.test.query('select from runtime.step where run_id = $1', [run])).toHaveLength(60);
    expect(await eventsOf('x')).toHaveLength(60);
    expect(await eventsOf('run.failed')).toEqual([]);
    expect(await world.test.query('select failures, last_error from runtime.turn where run_id = $1', [run])).toEqual([
      { failures: 0, last_error: null },
    ]);
  });

  it('has every row that it was designed with, and for every row a test that exists', () => {
    const table = readFileSync(join(ROOT, 'docs/failure-matrix.md'), 'utf8');
    const rows = table.split('\n').filter((line) => line.startsWith('|') && !/^\| ?(?:dies|-)/.test(line));
    const told = rows.map((row) =>
      row
        .split('|', 3)
        .slice(1)
        .map((cell) => cell.trim()),
    );
    expect(told).toEqual(expect.arrayContaining(DESIGNED.map((row) => [...row])));
    const test = /`((?:libs|services)\/[^`]+\.(?:itest|spec|nightly)\.ts)`: “([^”]+)”/;
    const shownBy = new RegExp(`\\| ${test.source}(?:, ${test.source})* *\\|$`);
    for (const row of rows) {
      expect(row).toMatch(shownBy);
      for (const [, file = '', name = ''] of row.matchAll(new RegExp(test, 'g')))
        expect(readFileSync(join(ROOT, file), 'utf8')).toContain(`'${name}'`);
    }
  });
});
