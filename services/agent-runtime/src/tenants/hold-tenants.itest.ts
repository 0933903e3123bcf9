import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { events, type EventContract } from '@conclave/contracts';
import type { PlacedEvent } from '@conclave/postgres-kit';
import { Bells } from '../engine/bells.js';
import { expireRuns } from '../engine/postgres-control.js';
import { giveBack } from '../engine/postgres-turns.js';
import { expireWaits } from '../engine/postgres-waits.js';
import { actor, openEngineWorld, waitFor, WORKER, type EngineWorld } from '../testing/engine-world.js';
import { HoldTenants, isHeld } from './hold-tenants.js';

describe('a tenant that is suspended', () => {
  let world: EngineWorld;
  const holder = new HoldTenants(new Bells());
  const [ctx, other] = [actor(), actor()];

  beforeAll(async () => {
    world = await openEngineWorld();
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const told = (event: EventContract) => {
    const heard = { tenantId: ctx.tenantId } as PlacedEvent;
    return world.db.tx(ctx, (tx) =>
      event === events.tenantSuspended ? holder.hold(tx, heard) : holder.goOn(tx, heard),
    );
  };
  const leftMs = async (): Promise<number> => {
    const [row] = await world.test.query<{ left: number }>(
      `select (extract(epoch from min(at) - now()) * 1000)::float8 as left from (select due_at as at from runtime.run
         where tenant_id = $1 union all select expires_at from runtime.wait where tenant_id = $1) t`,
      [ctx.tenantId],
    );
    return row!.left;
  };

  it('has its turns stop at the next step, and taken again with their journal when it goes on', async () => {
    const run = await world.create(ctx);
    const turn = await world.claimOne();
    expect(await world.step(turn, 'first', 1)).toBe(false);
    await told(events.tenantSuspended);
    expect(await world.db.tx(ctx, (tx) => isHeld(tx, ctx.tenantId))).toBe(true);
    expect(await world.step(turn, 'second', 2)).toBe(true);
    await world.db.system((tx) => giveBack(tx, turn, 0));
    const others = await world.create(other);
    await world.create(ctx);
    expect((await world.claim(WORKER, 5)).map(({ runId }) => runId)).toEqual([others]);
    await told(events.tenantSuspended);
    await told(events.tenantResumed);
    const again = await world.claim(WORKER, 5);
    expect(again).toHaveLength(2);
    expect([...again.find(({ runId }) => runId === run)!.journal]).toEqual([
      ['first', 1],
      ['second', 2],
    ]);
    await told(events.tenantResumed);
  });

  it('loses no run and no wait to time that passes', async () => {
    const run = await world.create(ctx, { deadlineMs: 60_000 });
    await world.finish(await world.claimOne(), { kind: 'parked', wait: waitFor('word') });
    await told(events.tenantSuspended);
    await world.test.query(
      `with w as (update runtime.wait set expires_at = expires_at - interval '1 hour' where tenant_id = $1),
         r as (update runtime.run set due_at = due_at - interval '1 hour' where tenant_id = $1)
       update runtime.tenant_share set held_since = held_since - interval '1 hour' where tenant_id = $1`,
      [ctx.tenantId],
    );
    expect([await expireWaits(world.db), await expireRuns(world.db)]).toEqual([0, []]);
    await told(events.tenantResumed);
    expect(await world.stateOf(run)).toBe('parked');
    const left = await leftMs();
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_000);
  });
});
