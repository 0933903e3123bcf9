import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LEASE_MS, WORKER, actor, openEngineWorld, type EngineWorld } from '../testing/engine-world.js';
import type { ClaimedTurn } from './claimed-turn.js';
import type { NewRun } from './postgres-create.js';

/** A turn as a cap and its session see it. */
interface Turn {
  readonly run: string;
  readonly running: boolean;
  readonly at: string;
  readonly session: string | null;
  readonly counted: readonly string[];
}

const CAPS = ['workspace/w1', 'workspace/w2', 'agent/a', 'agent/b', 'provider/p'] as const;

const turn = fc.record({
  workspaceId: fc.constantFrom('w1', 'w2'),
  agent: fc.constantFrom('a', 'b'),
  provider: fc.constantFrom('p', undefined),
  session: fc.constantFrom(undefined, undefined, 's'),
  slow: fc.constantFrom(false, false, true),
  priority: fc.integer({ min: -2, max: 1 }),
});
const turns = (minLength: number, maxLength: number) => fc.array(turn, { minLength, maxLength });
const act = fc.oneof(
  fc.record({ cap: fc.constantFrom(...CAPS), slots: fc.constantFrom(null, 1, 1, 2, 5) }),
  fc.record({ bound: fc.constantFrom(null, 2, 6) }),
  fc.record({ end: fc.nat(9) }),
  fc.record({ end: fc.nat(9) }),
  fc.record({ create: turns(1, 60) }),
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
        `select run_id as run, state = 'running' as running, sort_at::text as at, session_id as session,
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
    return { mayRun, beyond: free.map(({ name, left }) => [name, Math.min(0, left)]) };
  }

  async function doAct(ctx: ReturnType<typeof actor>, one: Act, held: ClaimedTurn[]): Promise<void> {
    const { tenantId } = ctx;
    const query: typeof world.test.query = (sql, values) => world.test.query(sql, values);
    if ('create' in one) await create(ctx, one.create);
    else if ('end' in one) {
      const [ended] = held.splice(one.end % Math.max(1, held.length), 1);
      if (ended) await world.finish(ended, { kind: 'done', result: 1 });
    } else if ('bound' in one)
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

  const create = (ctx: ReturnType<typeof actor>, runs: readonly Partial<NewRun>[]) =>
    Promise.all(runs.map((run) => world.create(ctx, run)));

  it('give the oldest turn that may run, whatever caps are set, moved and taken away, and lose none', async () => {
    const story = fc.tuple(turns(40, 120), fc.array(act, { minLength: 6, maxLength: 12 }));
    await fc.assert(
      fc.asyncProperty(story, async ([first, acts]) => {
        const ctx = actor();
        const { tenantId } = ctx;
        const held: ClaimedTurn[] = [];
        await create(ctx, first);
        for (const one of acts) {
          await doAct(ctx, one, held);
          for (let time = 0; time < 3; time++) {
            const { mayRun } = await countAll(tenantId);
            const taken = await claim(1);
            const which = mayRun.find(({ run }) => run === taken[0]?.runId);
            expect({ taken: taken.length, at: which?.at }).toEqual({
              ...{ taken: Math.min(1, mayRun.length), at: mayRun[0]?.at },
            });
            held.push(...taken);
          }
        }
        const before = await countAll(tenantId);
        for (let some = await claim(16); some.length > 0; some = await claim(16)) held.push(...some);
        expect(await countAll(tenantId)).toEqual({ mayRun: [], beyond: before.beyond });
        await world.test.query(`update runtime.turn set state = 'superseded' where tenant_id = $1`, [tenantId]);
      }),
      { numRuns: 4 },
    );
  }, 600_000);
});
