import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LEASE_MS, WORKER, actor, openEngineWorld, type EngineWorld } from '../testing/engine-world.js';
import type { ClaimedTurn } from './claimed-turn.js';
import type { NewRun } from './postgres-create.js';

/** A turn as a cap and its session see it. */
interface Turn {
  readonly run: string;
  readonly running: boolean;
  readonly slow: boolean;
  readonly at: string;
  readonly session: string | null;
  readonly counted: readonly string[];
}

const CAPS = ['workspace/w1', 'workspace/w2', 'agent/a', 'agent/b', 'provider/p'] as const;

/** Turns that are alike, one after the other: what holds back one of them holds back many in a row. */
const alike = fc.record({
  count: fc.integer({ min: 1, max: 60 }),
  run: fc.record({
    workspaceId: fc.constantFrom('w1', 'w2'),
    agent: fc.constantFrom('a', 'b'),
    provider: fc.constantFrom('p', undefined),
    session: fc.constantFrom(undefined, undefined, undefined, 's'),
    slow: fc.constantFrom(false, false, true),
    priority: fc.constantFrom(0, 0, 0, -1, 1),
  }),
});
const act = fc.oneof(
  fc.record({ cap: fc.constantFrom(...CAPS), slots: fc.constantFrom(null, 1, 1, 2, 5) }),
  fc.record({ cap: fc.constantFrom(...CAPS), slots: fc.constantFrom(null, 1, 1, 2, 5) }),
  fc.record({ bound: fc.constantFrom(null, 3, 8) }),
  fc.record({ end: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ create: alike }),
);
type Act = typeof act extends fc.Arbitrary<infer One> ? One : never;

describe('lines of ready turns', () => {
  let world: EngineWorld;
  beforeAll(async () => {
    world = await openEngineWorld();
    await world.reset();
  });
  afterAll(() => world.close());

  /** Claims until something is taken or nothing more may be ready. */
  const claim = async (turns: number): Promise<readonly ClaimedTurn[]> => {
    await world.test.query('update runtime.worker set beat_at = clock_timestamp()');
    for (;;) {
      const claimed = await world.engine.claim(WORKER, { turns, slow: turns, leaseMs: LEASE_MS * 60 });
      if (claimed.turns.length > 0 || !(claimed.left.quick || claimed.left.slow)) return claimed.turns;
    }
  };

  /** What may run now, oldest first, and what runs beyond each cap: from what caps count, without a look at lines. */
  async function countAll(tenant: string) {
    const [turns, caps, [share]] = await Promise.all([
      world.test.query<Turn>(
        `select run_id as run, state = 'running' as running, slow, sort_at::text as at, session_id as session,
           array['workspace/' || workspace_id, 'agent/' || agent, 'provider/' || provider] as counted
         from runtime.turn where tenant_id = $1 and state in ('ready', 'running') order by sort_at`,
        [tenant],
      ),
      world.test.query<{ name: string; slots: number }>(
        `select kind || '/' || key as name, slots from runtime.cap where tenant_id = $1 order by 1`,
        [tenant],
      ),
      world.test.query<{ slots: number | null }>('select slots from runtime.tenant_share where tenant_id = $1', [
        tenant,
      ]),
    ]);
    const running = turns.filter((turn) => turn.running);
    const free = caps.map(({ name, slots }) => ({
      name,
      left: slots - running.filter(({ counted }) => counted.includes(name)).length,
    }));
    const full = free.filter(({ left }) => left <= 0).map(({ name }) => name);
    const busy = new Set(running.map(({ session }) => session));
    const mayRun = turns.filter(
      (turn) =>
        running.length < (share?.slots ?? Infinity) &&
        !turn.running &&
        !turn.counted.some((name) => full.includes(name)) &&
        (turn.session === null || !busy.has(turn.session)),
    );
    const own = { name: 'tenant', left: (share?.slots ?? Infinity) - running.length };
    return { mayRun, beyond: [...free, own].map(({ name, left }) => [name, Math.min(0, left)]) };
  }

  async function doAct(ctx: ReturnType<typeof actor>, one: Act, held: ClaimedTurn[]): Promise<void> {
    const { tenantId } = ctx;
    const query: typeof world.test.query = (sql, values) => world.test.query(sql, values);
    if ('create' in one) await create(ctx, [one.create]);
    else if ('end' in one)
      for (const turn of held.splice(0, one.end)) await world.finish(turn, { kind: 'done', result: 1 });
    else if ('bound' in one)
      await query(
        `insert into runtime.tenant_share (tenant_id, slots) values ($1, $2)
         on conflict (tenant_id) do update set slots = excluded.slots`,
        [tenantId, one.bound],
      );
    else if (one.slots === null)
      await query('delete from runtime.cap where tenant_id = $1 and line = $2', [tenantId, one.cap]);
    else
      await query(
        `insert into runtime.cap (tenant_id, kind, key, slots) values ($1, split_part($2, '/', 1), split_part($2, '/', 2), $3)
         on conflict (tenant_id, kind, key) do update set slots = excluded.slots`,
        [tenantId, one.cap, one.slots],
      );
  }

  const create = async (ctx: ReturnType<typeof actor>, many: readonly { count: number; run: Partial<NewRun> }[]) => {
    for (const { count, run } of many)
      await Promise.all(Array.from({ length: count }, () => world.create(ctx, { ...run })));
  };

  it('give the oldest turn of its kind that may run, whatever caps are set, moved and taken away, and lose none', async () => {
    const story = fc.tuple(
      fc.array(alike, { minLength: 2, maxLength: 5 }),
      fc.array(fc.tuple(act, fc.constantFrom(1, 1, 9)), { minLength: 8, maxLength: 14 }),
    );
    await fc.assert(
      fc.asyncProperty(story, async ([first, acts]) => {
        const ctx = actor();
        const { tenantId } = ctx;
        const held: ClaimedTurn[] = [];
        // What the story before left waits no longer.
        await world.test.query(`update runtime.turn set state = 'superseded' where state in ('ready', 'running')`);
        await create(ctx, first);
        for (const [one, turns] of acts) {
          await doAct(ctx, one, held);
          const { mayRun, beyond } = await countAll(tenantId);
          const taken = await claim(turns);
          held.push(...taken);
          if (turns > 1) expect((await countAll(tenantId)).beyond).toEqual(beyond);
          // Of several one is the oldest of its kind; which others go with it depends on it. Quick and slow ones are looked
          // at apart: where a look has not got to an older one of the other kind, that comes next.
          const oldest = [false, true].map((slow) => mayRun.find((turn) => turn.slow === slow));
          const isOldest = ({ runId }: ClaimedTurn): boolean => oldest.some((turn) => turn?.run === runId);
          expect(taken.some(isOldest)).toBe(mayRun.length > 0);
        }
        const { beyond } = await countAll(tenantId);
        for (let some = await claim(16); some.length > 0; some = await claim(16)) held.push(...some);
        expect(await countAll(tenantId)).toEqual({ mayRun: [], beyond });
      }),
      { numRuns: 8 },
    );
  }, 120_000);
});
