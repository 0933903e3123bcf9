import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { events, newId } from '@conclave/contracts';
import { createTestDatabase, type TestDatabase } from '@conclave/dev-env/testing';
import { createLogger, type Kit } from '@conclave/nest-kit';
import { Database, pgConnections, type Actor } from '@conclave/postgres-kit';
import { Registry } from 'prom-client';
import { LiveRuns } from '../runs/live-runs.js';
import { AgentHouse, type Ending } from './agent-house.js';
import type { Activation, AgentPort, Turn } from './agent-port.js';
import type { TurnKey } from './claimed-turn.js';
import { PostgresEngine } from './postgres-engine.js';
import { PostgresWorkers } from './postgres-workers.js';
import { Worker } from './worker.js';

/** One agent, whose activation is the test's. */
class House extends AgentHouse {
  activate: (turn: Turn) => Promise<Activation> = async () => ({ kind: 'done', result: 1 });
  gaveUp: string[] = [];
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

  async endingOf(): Promise<Ending> {
    return { event: events.runFailed, data: { run: newId('run'), code: 'x', message: 'y' } };
  }
}

/** Answers each beat only when the test lets it, with what it saw when it was asked. */
class HeldBeats extends PostgresWorkers {
  release: (() => void) | undefined;
  seen = 0;

  override async beat(worker: string): Promise<TurnKey[] | undefined> {
    const turns = await super.beat(worker);
    this.seen++;
    await new Promise<void>((resolve) => (this.release = resolve));
    return turns;
  }
}

describe('worker', () => {
  let test: TestDatabase;
  let db: Database;
  let engine: PostgresEngine;
  let worker: Worker | undefined;
  const log = createLogger('runtime', 'fatal');
  const ctx: Actor = { tenantId: newId('tenant'), actor: 'service:runtime' };

  beforeAll(async () => {
    test = await createTestDatabase(['runtime']);
    const env = test.environmentOf('runtime');
    const pool = (url: string) =>
      pgConnections({ url, schema: 'runtime', size: 8, applicationName: 'test' }, () => undefined);
    db = new Database(pool(env.DATABASE_URL), pool(env.DATABASE_SYSTEM_URL));
    engine = new PostgresEngine(db);
  });
  afterEach(() => worker?.stop());
  afterAll(async () => {
    await db.close();
    await test.drop();
  });

  const start = async (
    house: House,
    workers = new PostgresWorkers(db, test.environmentOf('runtime'), log),
  ): Promise<Worker> => {
    worker = new Worker(engine, workers, house, new LiveRuns(), { log, metrics: new Registry() } as unknown as Kit);
    await worker.start(2);
    return worker;
  };
  const create = async (): Promise<string> => {
    const id = newId('run');
    await db.tx(ctx, (tx) =>
      engine.createRun(tx, ctx, {
        id,
        workspaceId: newId('workspace'),
        kind: 'review',
        title: 't',
        agent: 'a',
        input: {},
      }),
    );
    worker?.wake();
    return id;
  };
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
    const workers = new HeldBeats(db, test.environmentOf('runtime'), log);
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
    await db.tx(ctx, (tx) =>
      engine.createRun(tx, ctx, {
        id,
        workspaceId: newId('workspace'),
        kind: 'review',
        title: 't',
        agent: 'a',
        input: {},
      }),
    );
    const lost = await engine.claim(me.id, 1);
    expect(lost.length).toBeLessThanOrEqual(1);
    expect(await ended(id)).toBe('completed');
  }, 20_000);

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
});
