import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConclaveError, events, newId } from '@conclave/contracts';
import { createTestDatabase, type TestDatabase } from '@conclave/dev-env/testing';
import { createLogger } from '@conclave/nest-kit';
import { Database, pgConnections, type Actor } from '@conclave/postgres-kit';
import { Registry } from 'prom-client';
import { LiveRuns } from '../runs/live-runs.js';
import { AgentHouse, type Ending } from './agent-house.js';
import type { Activation, AgentPort, Turn } from './agent-port.js';
import { Bells } from './bells.js';
import { Engine } from './engine.js';
import { EngineMetrics } from './engine-metrics.js';
import { openEngineRoles, type EngineRoles } from './engine-roles.js';
import { createRuns, type NewRun, type Room } from './postgres-create.js';
import { PostgresWorkers, type HeldTurn } from './postgres-workers.js';
import { Worker } from './worker.js';

/** One agent, whose activation is the test's. */
class House extends AgentHouse {
  activate: (turn: Turn) => Promise<Activation> = async () => ({ kind: 'done', result: 1 });
  gaveUp: string[] = [];
  settledRuns: string[] = [];
  readonly agents = new Map<string, AgentPort>([
    [
      'a',
      {
        name: 'a',
        activate: (turn) => this.activate(turn),
        giveUp: async (_turn, reason) => {
          this.gaveUp.push(reason);
          return { kind: 'failed', code: 'gave.up', message: reason };
        },
      },
    ],
  ]);

  readonly keeps = () => true;
  readonly settled = async (runId: string): Promise<void> => void this.settledRuns.push(runId);

  async endingOf(): Promise<Ending> {
    return { event: events.runFailed, data: { run: newId('run'), code: 'x', message: 'y' } };
  }
}

/** Answers each beat only when the test lets it, with what it saw when it was asked. */
class HeldBeats extends PostgresWorkers {
  release: (() => void) | undefined;
  seen = 0;

  override async beat(worker: string): Promise<HeldTurn[] | undefined> {
    const turns = await super.beat(worker);
    this.seen++;
    await new Promise<void>((resolve) => (this.release = resolve));
    return turns;
  }
}

describe('worker', () => {
  let test: TestDatabase;
  let db: Database;
  let engine: Engine;
  let roles: EngineRoles;
  let worker: Worker | undefined;
  const bells = new Bells();
  const metrics = new EngineMetrics({ metrics: new Registry() });
  const log = createLogger('runtime', 'fatal');
  const ctx: Actor = { tenantId: newId('tenant'), actor: 'service:runtime' };

  beforeAll(async () => {
    test = await createTestDatabase(['runtime']);
    const env = test.environmentOf('runtime');
    const pool = (url: string) =>
      pgConnections({ url, schema: 'runtime', size: 8, applicationName: 'test' }, () => undefined);
    db = new Database(pool(env.DATABASE_URL), pool(env.DATABASE_SYSTEM_URL));
    roles = openEngineRoles(env.DATABASE_SYSTEM_URL, log);
    engine = new Engine(roles, db, bells, metrics);
  });
  afterEach(() => worker?.stop());
  afterAll(async () => {
    await roles.close();
    await db.close();
    await test.drop();
  });

  const start = async (
    house: House,
    workers = new PostgresWorkers(db, env(), log),
    slots = 2,
    leaseMs = 15_000,
  ): Promise<Worker> => {
    worker = new Worker({
      ...{ engine, db, workers, house, live: new LiveRuns(), bells, metrics, log },
      config: { ...env(), WORKER_SLOTS: slots, WORKER_LEASE_MS: leaseMs },
    });
    await worker.start();
    return worker;
  };
  const env = () => ({ ...test.environmentOf('runtime'), WORKER_SLOTS: 2, WORKER_LEASE_MS: 15_000 });
  const create = async (): Promise<string> => {
    const id = newId('run');
    const run = { ...ctx, id, workspaceId: newId('workspace'), kind: 'review', title: 't' };
    await engine.create({ ...run, agent: 'a', input: {} });
    return id;
  };
  const newTurnRun = (): NewRun => ({
    ...{ ...ctx, id: newId('run'), workspaceId: newId('workspace'), kind: 'review', title: 't', agent: 'a', input: {} },
  });
  const room = (worker: string, spare: number): Room => ({ worker, spare, leaseMs: 15_000 });
  const ended = async (id: string): Promise<string> => {
    for (let i = 0; i < 200; i++) {
      const [run] = await test.query<{ state: string }>('select state from runtime.run where id = $1', [id]);
      if (run && ['completed', 'failed', 'canceled'].includes(run.state)) return run.state;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return 'not ended';
  };

  it('keeps a turn that it claimed while a beat was under way', async () => {
    const house = new House();
    const workers = new HeldBeats(db, env(), log);
    await start(house, workers);
    while (workers.seen === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    let aborted = false;
    let begun = false;
    house.activate = async (turn) => {
      begun = true;
      await new Promise((resolve) => setTimeout(resolve, 300));
      aborted = turn.signal.aborted;
      return { kind: 'done', result: 1 };
    };
    const id = await create();
    while (!begun) await new Promise((resolve) => setTimeout(resolve, 10));
    workers.release!();
    expect(await ended(id)).toBe('completed');
    expect(aborted).toBe(false);
  }, 20_000);

  it('gives back a turn whose claim was committed but never answered', async () => {
    const house = new House();
    const me = await start(house);
    const id = newId('run');
    const run = { ...ctx, id, workspaceId: newId('workspace'), kind: 'review', title: 't' };
    await engine.create({ ...run, agent: 'a', input: {} });
    const lost = await engine.claim(me.id, { turns: 1, slow: 1, leaseMs: 15_000 });
    expect(lost.turns.length).toBeLessThanOrEqual(1);
    expect(await ended(id)).toBe('completed');
  }, 20_000);

  it('begins nothing more once its lease may be over, and whoever has the turn next does', async () => {
    const house = new House();
    const workers = new HeldBeats(db, env(), log);
    await start(house, workers, 2, 600);
    while (workers.seen === 0) await sleep(20);
    const begun: string[] = [];
    house.activate = async (turn) => {
      const attempt = begun.filter((step) => step.startsWith('a')).length + 1;
      await turn.step('a', async () => begun.push(`a of ${attempt}`));
      if (attempt === 1 && begun.length === 1) await sleep(1_000);
      await turn.step('b', async () => begun.push('b'));
      return { kind: 'done', result: 1 };
    };
    const id = await create();
    await sleep(1_500);
    expect(begun).toEqual(['a of 1']);
    const beats = setInterval(() => workers.release?.(), 50);
    expect(await ended(id)).toBe('completed');
    clearInterval(beats);
    expect(begun).toEqual(['a of 1', 'b']);
  }, 20_000);

  describe('journals a last step', () => {
    const journal = (id: string) =>
      test.query<{ name: string; result: unknown; inside: boolean }>(
        `select s.name, s.result, s.pos < t.ended_pos as inside from runtime.step s
         join runtime.task t on t.run_id = s.run_id and t.id = s.task_id where s.run_id = $1 order by s.pos`,
        [id],
      );
    const twoSteps = async (turn: Turn, done: string[]): Promise<void> => {
      await turn.step('first', async () => done.push('first'));
      await turn.lastStep('last', async () => done.push('last'));
    };

    it('with the end of its run, before which it has its place', async () => {
      const house = new House();
      await start(house);
      house.activate = async (turn) => {
        await twoSteps(turn, []);
        expect((await journal(turn.runId)).map(({ name }) => name)).toEqual(['first']);
        return { kind: 'done', result: 1 };
      };
      const id = await create();
      expect(await ended(id)).toBe('completed');
      expect(await journal(id)).toEqual([
        { name: 'first', result: 1, inside: true },
        { name: 'last', result: 2, inside: true },
      ]);
    }, 20_000);

    it('before the next step begins', async () => {
      const house = new House();
      await start(house);
      house.activate = async (turn) => {
        await twoSteps(turn, []);
        const before = await turn.step('next', async () => (await journal(turn.runId)).map(({ name }) => name));
        return { kind: 'done', result: before };
      };
      const id = await create();
      expect(await ended(id)).toBe('completed');
      expect((await journal(id)).at(-1)).toMatchObject({ name: 'next', result: ['first', 'last'] });
    }, 20_000);

    it('when its agent fails after it, and does it no second time', async () => {
      const house = new House();
      await start(house);
      const done: string[] = [];
      let activations = 0;
      house.activate = async (turn) => {
        await twoSteps(turn, done);
        if (++activations === 1) throw new Error('a fault');
        return { kind: 'done', result: 1 };
      };
      const id = await create();
      expect(await ended(id)).toBe('completed');
      expect([activations, done]).toEqual([2, ['first', 'last']]);
    }, 20_000);

    it('not at all once its turn is another worker’s', async () => {
      const house = new House();
      await start(house);
      let activations = 0;
      const done: string[] = [];
      house.activate = async (turn) => {
        await twoSteps(turn, done);
        if (++activations === 1) {
          await test.query(`update runtime.turn set epoch = epoch + 1 where run_id = $1`, [turn.runId]);
          setTimeout(
            () =>
              void test.query(`update runtime.turn set state = 'ready', lease_owner = null where run_id = $1`, [
                turn.runId,
              ]),
            50,
          );
        }
        return { kind: 'done', result: 1 };
      };
      const id = await create();
      expect(await ended(id)).toBe('completed');
      expect([activations, done]).toEqual([2, ['first', 'last', 'last']]);
    }, 20_000);
  });

  describe('takes the turn of a run as it is made', () => {
    /** Who is claimed is charged, in a tenant of its own. */
    const isCharged = async (tenantId: string): Promise<boolean> =>
      (await test.query('select from runtime.tenant_share where tenant_id = $1 and pass > 0', [tenantId])).length > 0;
    const hold = async (house: House, slots = 2) => {
      const gate = Promise.withResolvers<void>();
      house.activate = async () => {
        await gate.promise;
        return { kind: 'done', result: 1 };
      };
      await start(house, undefined, slots);
      return gate;
    };
    const taken = async (id: string): Promise<boolean> => {
      const [turn] = await test.query<{ taken: boolean }>(
        `select attempt = 1 and state = 'running' as taken from runtime.turn where run_id = $1`,
        [id],
      );
      return turn!.taken;
    };
    const inOrder = async (id: string): Promise<unknown> =>
      (
        await test.query<{ type: string }>(`select type from runtime.run_event where run_id = $1 order by seq`, [id])
      ).map(({ type }) => type);

    it('without a claim, and the story is the same', async () => {
      const gate = await hold(new House(), 32);
      // While it claims, what is made is left to the claim.
      let run = newTurnRun();
      for (let tries = 0; tries === 0 || (tries < 10 && !(await taken(run.id))); tries++) {
        await sleep(50);
        run = { ...newTurnRun(), tenantId: newId('tenant') };
        await engine.create(run);
      }
      expect([await taken(run.id), await inOrder(run.id)]).toEqual([true, ['run.created', 'run.started']]);
      gate.resolve();
      expect([await ended(run.id), await isCharged(run.tenantId)]).toEqual(['completed', false]);
    }, 20_000);

    it('but not beyond its slots, of a session, when it is slow, or where a bound may keep it out', async () => {
      const gate = await hold(new House(), 4);
      const isClaimed = async (more: Partial<NewRun>): Promise<boolean> => {
        const one = { ...newTurnRun(), ...more };
        await engine.create(one);
        for (let tries = 0; tries < 200; tries++) {
          const [turn] = await test.query<{ state: string }>('select state from runtime.turn where run_id = $1', [
            one.id,
          ]);
          if (turn!.state === 'running') break;
          await sleep(20);
        }
        return isCharged(one.tenantId);
      };
      const bounded = newId('tenant');
      const capped = newId('tenant');
      await test.query('insert into runtime.tenant_share (tenant_id, slots) values ($1, 5)', [bounded]);
      await test.query(`insert into runtime.cap (tenant_id, kind, key, slots) values ($1, 'agent', 'a', 5)`, [capped]);
      expect(await isClaimed({ tenantId: newId('tenant'), session: 'one' })).toBe(true);
      expect(await isClaimed({ tenantId: newId('tenant'), slow: true })).toBe(true);
      expect(await isClaimed({ tenantId: bounded })).toBe(true);
      expect(await isClaimed({ tenantId: capped })).toBe(true);
      const beyond = await create();
      expect(await taken(beyond)).toBe(false);
      gate.resolve();
      expect(await ended(beyond)).toBe('completed');
    }, 30_000);

    it('nor while more wait than it has slots to spare', async () => {
      const waiting = Array.from({ length: 3 }, newTurnRun);
      for (const one of waiting) await createRuns(roles.lanes.autocommit(), [one]);
      const [made] = await createRuns(roles.lanes.autocommit(), [newTurnRun()], room('wrk_none', 3));
      expect(made).toBeUndefined(); // no such worker is enlisted
      await test.query(`insert into runtime.worker (id, lock_key) values ('wrk_room', 1)`);
      const taking = async (spare: number) =>
        (await createRuns(roles.lanes.autocommit(), [newTurnRun()], room('wrk_room', spare))).length;
      expect([await taking(2), await taking(5)]).toEqual([0, 1]);
      await test.query(`delete from runtime.turn; delete from runtime.worker where id = 'wrk_room'`);
    });
  });

  it('gives back a turn that it took as it was made but never heard of; what is sent again is made once', async () => {
    const me = await start(new House());
    const run = newTurnRun();
    const make = () => createRuns(roles.lanes.autocommit(), [run], room(me.id, 100));
    expect([(await make()).length, await make()]).toEqual([1, []]);
    expect(await ended(run.id)).toBe('completed');
    const [turn] = await test.query('select attempt, lost from runtime.turn where run_id = $1', [run.id]);
    expect(turn).toEqual({ attempt: 2, lost: 0 });
    const [story] = await test.query<{ seqs: number[] }>(
      `select array_agg(seq order by seq) as seqs from runtime.run_event where run_id = $1 and type in ('run.created', 'run.started')`,
      [run.id],
    );
    expect(story!.seqs).toEqual([1, 2]);
  }, 20_000);

  it('has room while it claims, and begins nothing that reaches it when it stops', async () => {
    const house = new House();
    let begun = 0;
    house.activate = async () => {
      begun++;
      return { kind: 'done', result: 1 };
    };
    const me = await start(house, undefined, 8);
    expect(me.wake()).toBe(true);
    while (begun < 1) await create(); // what is made now is taken
    const before = begun;
    const late = Array.from({ length: 8 }, create);
    const stopped = me.stop();
    const all = await Promise.all(late);
    await stopped;
    const held = await test.query(`select from runtime.turn where run_id = any($1) and state = 'running'`, [all]);
    expect([held, begun]).toEqual([[], before]);
    await test.query(`delete from runtime.turn where run_id = any($1)`, [all]);
  }, 20_000);

  it('asks for turns when a bell said that there are some, and not for each', async () => {
    const house = new House();
    await start(house, undefined, 32);
    const claims = async (): Promise<number> =>
      (await metrics.claimSeconds.get()).values.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0;
    const before = await claims();
    const all = await Promise.all(Array.from({ length: 200 }, create));
    await Promise.all(all.map(ended));
    expect(await test.query(`select from runtime.run where id = any($1) and state <> 'completed'`, [all])).toEqual([]);
    expect((await claims()) - before).toBeLessThan(100);
  }, 60_000);

  it('tries a faulty agent three times, then lets it give up with the reason', async () => {
    const house = new House();
    let tries = 0;
    house.activate = async () => {
      tries++;
      throw new Error('broken agent');
    };
    await start(house);
    expect(await ended(await create())).toBe('failed');
    expect(tries).toBe(3);
    expect(house.gaveUp).toEqual(['broken agent']);
  }, 20_000);

  it('does a journaled step once over all attempts', async () => {
    const house = new House();
    let effects = 0;
    let tries = 0;
    house.activate = async (turn) => {
      await turn.step('effect', async () => ++effects);
      if (++tries < 3) throw new Error('after the effect');
      return { kind: 'done', result: effects };
    };
    await start(house);
    expect(await ended(await create())).toBe('completed');
    expect({ effects, tries }).toEqual({ effects: 1, tries: 3 });
  }, 20_000);

  it('keeps a verdict although it holds what Postgres cannot store, and acts on it as it was kept', async () => {
    const house = new House();
    const seen: unknown[] = [];
    house.activate = async (turn) => {
      seen.push(await turn.step('judge', async () => ({ vote: 'red', output: 'a\0b\ud800' })));
      await turn.tell('judged', 'seat.judged', { reason: '\0' });
      if (seen.length < 2) throw new Error('the \0 itself is told');
      return { kind: 'done', result: { reason: '\udfff' } };
    };
    await start(house);
    const id = await create();
    expect(await ended(id)).toBe('completed');
    const kept = { vote: 'red', output: 'a\ufffdb\ufffd' };
    expect(seen).toEqual([kept, kept]);
    expect(house.gaveUp).toEqual([]);
    expect(await test.query(`select result from runtime.run where id = $1`, [id])).toEqual([
      { result: { reason: '\ufffd' } },
    ]);
  }, 20_000);

  it('lets an agent give up whose workers keep dying', async () => {
    const house = new House();
    const id = await create();
    await test.query('update runtime.turn set lost = 5 where run_id = $1', [id]);
    await start(house);
    expect(await ended(id)).toBe('failed');
    expect(house.gaveUp).toEqual(['its worker died or froze 5 times']);
  }, 20_000);

  it('waits longer from outage to outage, and counts none of them', async () => {
    const house = new House();
    const tries: number[] = [];
    house.activate = async () => {
      tries.push(performance.now());
      if (tries.length < 6) throw new ConclaveError('service.unavailable');
      return { kind: 'done', result: 1 };
    };
    await start(house);
    expect(await ended(await create())).toBe('completed');
    expect(tries[5]! - tries[4]!).toBeGreaterThan(1_500);
    expect(house.gaveUp).toEqual([]);
  }, 30_000);

  it('keeps track of a turn that it claimed again from itself', async () => {
    const house = new House();
    const signals: AbortSignal[] = [];
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    house.activate = async (turn) => {
      const gate = gates[signals.push(turn.signal) - 1];
      await gate?.promise;
      return { kind: 'done', result: 1 };
    };
    const me = await start(house);
    const id = await create();
    const until = async (begun: number): Promise<void> => {
      while (signals.length < begun) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(1);
    await test.query(`update runtime.turn set state = 'ready', lease_owner = null where run_id = $1`, [id]);
    me.wake();
    await until(2);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    gates[0]!.resolve();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    gates[1]!.resolve();
    expect(await ended(id)).toBe('completed');
    expect(signals).toHaveLength(2);
    expect(signals[1]!.aborted).toBe(false);
    // A run is settled after its end is stored, so the row may be seen first.
    while (house.settledRuns.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(house.settledRuns).toEqual([id]);
  }, 20_000);
});
