import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { Egress } from '@conclave/nest-kit/egress';
import { ModelAgent } from '../agents/model.js';
import type { RuntimeConfig } from '../config.js';
import { activationOf } from '../engine/effects.js';
import type { AgentPort } from '../engine/agent-port.js';
import { recordOf } from '../engine/postgres-record.js';
import { expireWaits } from '../engine/postgres-waits.js';
import { replay } from '../engine/replay.js';
import { turnOf } from '../engine/turn-of.js';
import { ModelCalls, type ModelCall, type Way } from '../models/model-calls.js';
import { ModelFallbacks } from '../models/postgres-model-fallbacks.js';
import { ModelError } from '../models/model-port.js';
import { ModelRests } from '../models/model-rests.js';
import { ModelRoutes } from '../models/model-routes.js';
import { WorkspaceModels } from '../models/workspace-models.js';
import { KnownSecrets } from '../secrets/known-secrets.js';
import { PriceTable } from '../models/price-table.js';
import { actor, openEngineWorld, type EngineWorld } from '../testing/engine-world.js';
import { startFakeProviders } from '../testing/fake-providers.js';
import type { Grant, Refusal } from './account.js';
import { Budgets } from './budgets.js';

describe('a task whose call does not fit', () => {
  let world: EngineWorld;
  let budgets: Budgets;
  let calls: ModelCalls;
  let agent: AgentPort;
  const ctx = actor();

  beforeAll(async () => {
    world = await openEngineWorld();
    await world.reset();
    budgets = new Budgets(world.roles, world.db);
    calls = new ModelCalls(budgets, { prices: PriceTable.of(undefined) }, new ModelRests());
    const usage = { inputTokens: 1, outputTokens: 1, costMicros: 10 };
    const ways = [{ id: 'm', family: 'm', boundMicros: 80 }] as const;
    const call = { name: 'ask', ways, timeoutMs: 1_000 } as const;
    agent = {
      name: 'a',
      activate: async (turn) => {
        await calls.make(turn, call, async () => ({ usage }));
        return { kind: 'done', result: 'made' };
      },
      giveUp: async () => ({ kind: 'failed', code: 'x', message: 'x' }),
    };
  });
  afterAll(() => world.close());

  /** Claims the next turn, and activates and finishes it as a worker would. */
  const work = async (by: AgentPort = agent) => {
    const claimed = await world.claimOne();
    const live = { changed: () => undefined, say: () => undefined };
    const turn = turnOf(claimed, new AbortController().signal, {
      ...{ engine: world.engine, db: world.db, live, mustHold: () => undefined },
    });
    const activation = await activationOf(by, turn, undefined);
    await world.finish(claimed, activation);
    return activation;
  };
  const expire = async (run: string): Promise<void> => {
    await world.test.query(`update runtime.wait set expires_at = now() where run_id = $1 and state = 'open'`, [run]);
    await expireWaits(world.db);
  };
  const budgetOf = async (place: string, action = 'park', scope = 'run'): Promise<string> => {
    const id = newId('budget');
    await world.test.query(
      `insert into runtime.budget (tenant_id, id, scope, scope_id, period, action, limit_micros) values ($1, $2, $5, $3, 'total', $4, 50)`,
      [ctx.tenantId, id, place, action, scope],
    );
    return id;
  };
  const limit = (id: string, micros: number) =>
    world.test.query('update runtime.budget set limit_micros = $2 where id = $1', [id, micros]);

  it('parks, costs no turn while there is no room, and goes on when the limit is raised', async () => {
    const run = await world.create(ctx);
    const id = await budgetOf(run);
    expect(await work()).toMatchObject({ kind: 'parked', wait: { kind: 'budget', key: id } });
    expect(await world.stateOf(run)).toBe('parked');
    await budgets.sweep();
    await limit(id, 79);
    expect(await budgets.sweep()).toBe(0);
    await limit(id, 80);
    expect(await budgets.sweep()).toBe(1);
    expect(await work()).toEqual({ kind: 'done', result: 'made' });
    const [row] = await world.test.query(
      'select spent_micros::int as spent, reserved_micros::int as held from runtime.budget where id = $1',
      [id],
    );
    expect(row).toEqual({ spent: 10, held: 0 });
  });

  it('goes on when another call gives its room back, or the budget is removed', async () => {
    const run = await world.create(ctx);
    const id = await budgetOf(run);
    await limit(id, 100);
    const other = { tenantId: ctx.tenantId, runId: run, callId: 'other' };
    const grant = (await budgets.reserve(other, 60, 60_000)) as Grant;
    await work();
    expect(await budgets.sweep()).toBe(0);
    await budgets.release(other, grant);
    expect(await budgets.sweep()).toBe(1);
    await budgets.reserve(other, 60, 60_000);
    await work();
    await world.test.query('delete from runtime.budget where id = $1', [id]);
    expect(await budgets.sweep()).toBe(1);
    expect(await work()).toMatchObject({ kind: 'done' });
  });

  it('is woken when there is room for the least that tasks which wait need, whoever else was refused', async () => {
    const id = await budgetOf(ctx.tenantId, 'park', 'tenant');
    /** A task whose call was refused. @returns what parks it */
    const refused = async (micros: number) => {
      const runId = await world.create(ctx);
      const claimed = await world.claimOne();
      const call = { tenantId: ctx.tenantId, runId, callId: 'c' };
      const { neededMicros } = (await budgets.reserve(call, micros, 60_000)) as Refusal;
      const about = { neededMicros: neededMicros! };
      const wait = { kind: 'budget', key: id, expiresInMs: 60_000, defaultAnswer: null, about } as const;
      return () => world.finish(claimed, { kind: 'parked', wait });
    };
    const [dear, cheap] = [await refused(80), await refused(60)];
    await dear();
    await limit(id, 60);
    expect(await budgets.sweep()).toBe(0);
    await cheap();
    expect(await budgets.sweep()).toBe(2);
    await world.test.query('delete from runtime.budget where id = $1', [id]);
    for (const _ of [dear, cheap]) expect(await work()).toMatchObject({ kind: 'done' });
  });

  it.each([
    ['is booked at its bound when nobody tells what it used', { kind: 'done', result: { text: 'Yes.' } }],
    ['fails when nobody made room in time', { kind: 'failed', code: 'budget.exhausted' }],
  ])('does not wait for its provider again when it has waited for money, and %s', async (_, ending) => {
    const fakes = await startFakeProviders();
    const env = { OPENAI_COMPATIBLE_BASE_URL: `${fakes.url}/compatible/v1`, OPENAI_COMPATIBLE_MODEL: 'gpt-5-mini' };
    const routes = new ModelRoutes(env as RuntimeConfig, new Egress(['127.0.0.0/8']));
    const nothingLent = { valueOf: () => Promise.reject(new Error('nobody has a key of their own')) };
    const models = new WorkspaceModels(routes, new KnownSecrets(world.db), nothingLent);
    const model = new ModelAgent(
      models,
      new ModelFallbacks(world.db, models),
      new ModelCalls(budgets, routes, new ModelRests()),
      world.db,
    );
    // The SDK asks twice before it is a fault.
    fakes.answer({ status: 503 }, { status: 503 }, { text: 'Yes.', untold: true });
    const run = await world.create(ctx, { agent: 'model', rootInput: { prompt: 'there?', maxOutputTokens: 100 } });
    expect(await work(model)).toMatchObject({ wait: { kind: 'rate' } });
    const id = await budgetOf(run);
    await expire(run);
    const { wait } = (await work(model)) as unknown as { wait: { kind: string; about: { neededMicros: number } } };
    expect(wait.kind).toBe('budget');
    const { neededMicros } = wait.about;
    if (ending.kind === 'done') {
      await limit(id, neededMicros);
      expect(await budgets.sweep()).toBe(1);
    } else await expire(run);
    expect(await work(model)).toMatchObject(ending);
    await fakes.stop();
    const booked = 'select spent_micros::int as spent, reserved_micros::int as held from runtime.budget where id = $1';
    expect(await world.test.query(booked, [id])).toEqual([
      { spent: ending.kind === 'done' ? neededMicros : 0, held: 0 },
    ]);
    const record = await recordOf(world.db.autocommit(ctx), { tenantId: ctx.tenantId, id: run });
    expect(record.waits.map(({ kind }) => kind)).toEqual(['rate', 'budget']);
    const replayed = await replay(new Map([[model.name, model]]), record);
    expect(replayed).toEqual({ turns: 3, steps: record.steps.length });
  });

  describe('on two ways', () => {
    const used = { inputTokens: 1, outputTokens: 1 };
    const ways: ModelCall<Way>['ways'] = [
      { id: 'a', family: 'm', boundMicros: 80 },
      { id: 'b', family: 'm', boundMicros: 60 },
    ];
    const call = { name: 'ask', ways, timeoutMs: 1_000 };
    const answer = { usage: { ...used, costMicros: 10 } };
    const unused = { inputTokens: 0, outputTokens: 0, costMicros: 0 };
    const out = (costMicros: number) => new ModelError('out', true, costMicros > 0 ? { ...used, costMicros } : unused);
    const standOf = async (run: string, id: string) => {
      const [row] = await world.test.query<{ spent: number; held: number }>(
        'select spent_micros::int as spent, reserved_micros::int as held from runtime.budget where id = $1',
        [id],
      );
      const ledger = 'select model from runtime.usage_ledger where run_id = $1 order by model';
      const booked = await world.test.query<{ model: string }>(ledger, [run]);
      return { ...row, booked: booked.map(({ model }) => model) };
    };

    it.each([
      [30, 'and the answer of who stands in', { made: 'b' }, 40, ['a', 'b']],
      [50, 'and asks nobody else where there is no room for it', { fault: 'out' }, 50, ['a']],
    ])('books what a fault has cost: %d of 100, %s', async (costMicros, _, result, spent, booked) => {
      const run = await world.create(ctx);
      const id = await budgetOf(run);
      await limit(id, 100);
      const activate: AgentPort['activate'] = async (turn) => {
        const ended = await calls
          .make(turn, call, async (way) => (way.id === 'a' ? Promise.reject(out(costMicros)) : answer))
          .then(
            ({ way }) => ({ made: way.id }),
            (error: ModelError) => ({ fault: error.message }),
          );
        return { kind: 'done', result: ended };
      };
      expect(await work({ ...agent, activate })).toEqual({ kind: 'done', result });
      expect(await standOf(run, id)).toEqual({ spent, held: 0, booked });
    });

    it('keeps its hold when its worker dies while another stands in, and books the answer once', async () => {
      const run = await world.create(ctx);
      const id = await budgetOf(run);
      await limit(id, 80);
      const activate: AgentPort['activate'] = async (turn) => {
        const askedFirst = Promise.withResolvers<void>();
        const asks = (second: () => Promise<typeof answer>) =>
          calls.make(turn, call, async (way) => (way.id === 'a' ? Promise.reject(out(0)) : second()));
        // Nothing of it happens any more: its process is gone.
        void asks(() => {
          askedFirst.resolve();
          return new Promise(() => undefined);
        });
        await askedFirst.promise;
        expect(await standOf(run, id)).toEqual({ spent: 0, held: 80, booked: [] });
        return { kind: 'done', result: (await asks(async () => answer)).way.id };
      };
      expect(await work({ ...agent, activate })).toEqual({ kind: 'done', result: 'b' });
      expect(await standOf(run, id)).toEqual({ spent: 10, held: 0, booked: ['b'] });
    });
  });

  it('fails as exhausted when nobody made room in time, and at once where the budget refuses', async () => {
    const run = await world.create(ctx);
    await budgetOf(run);
    await work();
    await expire(run);
    expect(await work()).toMatchObject({ kind: 'failed', code: 'budget.exhausted' });
    await budgetOf(await world.create(ctx), 'refuse');
    expect(await work()).toMatchObject({ kind: 'failed', code: 'budget.exhausted' });
  });
});
