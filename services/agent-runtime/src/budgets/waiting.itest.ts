import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { activationOf } from '../engine/effects.js';
import type { AgentPort, Turn } from '../engine/agent-port.js';
import { expireWaits } from '../engine/postgres-waits.js';
import { ModelCalls } from '../models/model-calls.js';
import { PriceTable } from '../models/price-table.js';
import { actor, openEngineWorld, type EngineWorld } from '../testing/engine-world.js';
import { Budgets } from './budgets.js';

describe('a task whose call does not fit', () => {
  let world: EngineWorld;
  let budgets: Budgets;
  let agent: AgentPort;
  const ctx = actor();

  beforeAll(async () => {
    world = await openEngineWorld();
    await world.reset();
    budgets = new Budgets(world.roles, world.db);
    const calls = new ModelCalls(budgets, { prices: PriceTable.of(undefined) });
    const usage = { inputTokens: 1, outputTokens: 1, costMicros: 10 };
    const call = { name: 'ask', route: { id: 'm' }, boundMicros: 80, timeoutMs: 1_000 };
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
  const work = async () => {
    const claimed = await world.claimOne();
    const turn = { ...claimed, signal: new AbortController().signal } as unknown as Turn;
    const activation = await activationOf(agent, turn, undefined);
    await world.finish(claimed, activation);
    return activation;
  };
  const budgetOf = async (run: string, action = 'park'): Promise<string> => {
    const id = newId('budget');
    await world.test.query(
      `insert into runtime.budget (tenant_id, id, scope, scope_id, period, action, limit_micros) values ($1, $2, 'run', $3, 'total', $4, 50)`,
      [ctx.tenantId, id, run, action],
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
    await budgets.reserve(other, 60, 60_000);
    await work();
    expect(await budgets.sweep()).toBe(0);
    await budgets.release(other);
    expect(await budgets.sweep()).toBe(1);
    await budgets.reserve(other, 60, 60_000);
    await work();
    await world.test.query('delete from runtime.budget where id = $1', [id]);
    expect(await budgets.sweep()).toBe(1);
    expect(await work()).toMatchObject({ kind: 'done' });
  });

  it('fails as exhausted when nobody made room in time, and at once where the budget refuses', async () => {
    const run = await world.create(ctx);
    await budgetOf(run);
    await work();
    await world.test.query(`update runtime.wait set expires_at = now() where run_id = $1`, [run]);
    await expireWaits(world.db);
    expect(await work()).toMatchObject({ kind: 'failed', code: 'budget.exhausted' });
    await budgetOf(await world.create(ctx), 'refuse');
    expect(await work()).toMatchObject({ kind: 'failed', code: 'budget.exhausted' });
  });
});
