import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { budgets, newId, permissions, type Budget, type RequestInputOf } from '@conclave/contracts';
import { eventually, refusalOf, testPrincipal, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import fc from 'fast-check';
import { ENGINE_ROLES, Engine } from '../engine/engine.js';
import type { EngineRoles } from '../engine/engine-roles.js';
import { startRuntimeFixture, type RuntimeFixture } from '../testing/runtime-fixture.js';
import type { Call, Entry, Grant } from './account.js';
import { Budgets } from './budgets.js';

const HOLD_MS = 600_000;
const GRANTED = { until: expect.any(String) as unknown };
const entry = (costMicros: number, model = 'm'): Entry => ({
  ...{ model, inputTokens: 100, cachedTokens: 10, outputTokens: 20 },
  ...{ costMicros, priceVersion: '2026-11' },
});

describe('budgets', () => {
  let fixture: RuntimeFixture;
  /** Two lanes that know nothing of each other, as of two processes. */
  let money: readonly [Budgets, Budgets];

  beforeAll(async () => {
    fixture = await startRuntimeFixture({ ROLES: 'api' });
    const { app } = fixture.service;
    money = [app.get(Budgets), new Budgets(app.get<EngineRoles>(ENGINE_ROLES), app.get(Database))];
  });
  afterAll(async () => {
    await fixture.stop();
  });

  const createRun = async (me: TestPrincipal, more: { parent?: string; forked?: string } = {}): Promise<string> => {
    const id = newId('run');
    const { tenantId, workspaceId } = me;
    const plain = { kind: 'agent', title: 't', actor: 'a', agent: 'a', input: {} };
    const parent = more.parent === undefined ? {} : { parent: more.parent };
    await fixture.service.app.get(Engine).create({ tenantId, workspaceId, id, ...plain, ...parent });
    if (more.forked)
      await fixture.database.query('update runtime.run set forked_from = $2 where id = $1', [id, more.forked]);
    return id;
  };
  const set = (me: TestPrincipal, request: RequestInputOf<typeof budgets.setBudget>): Promise<Budget> =>
    fixture.call(budgets.setBudget, request, me);
  const get = (me: TestPrincipal, id: string): Promise<Budget> => fixture.call(budgets.getBudget, { id }, me);
  const callOf = (me: TestPrincipal, runId: string, callId: string): Call => ({ tenantId: me.tenantId, runId, callId });
  const told = async (id: string): Promise<unknown[]> =>
    (await fixture.emitted('budget.threshold'))
      .filter(({ data }) => data['budget'] === id)
      .map(({ data }) => data['percent']);

  describe('refuse', () => {
    it.each([0, -1, 1.5, 2 ** 53, 1e300, '5', null])('a limit of %j', async (limitMicros) => {
      const bad = { scope: 'tenant', limitMicros: limitMicros as number } as const;
      expect(await refusalOf(set(testPrincipal(), bad))).toBe('request.invalid');
    });

    it('an unknown scope, period, action or day', async () => {
      const me = testPrincipal();
      for (const more of [{ scope: 'planet' }, { period: 'week' }, { action: 'explode' }, { scopeId: 'x' }])
        expect(await refusalOf(set(me, { scope: 'tenant', limitMicros: 1, ...(more as object) }))).toBe(
          'request.invalid',
        );
      for (const from of ['1969-12-31', '2026-02-30', 'now'])
        expect(await refusalOf(fixture.call(budgets.getUsage, { from }, me))).toBe('request.invalid');
    });

    it('a run of nobody, of another tenant or of another workspace, and another’s tenant or workspace', async () => {
      const [me, stranger] = [testPrincipal(), testPrincipal()];
      const neighbour = { ...me, workspaceId: newId('workspace') };
      const theirs = [await createRun(stranger), await createRun(neighbour), newId('run'), undefined];
      for (const scopeId of theirs)
        expect(await refusalOf(set(me, { scope: 'run', limitMicros: 1, ...(scopeId ? { scopeId } : {}) }))).toBe(
          'runtime.budget.scope-not-found',
        );
      for (const [scope, scopeId] of [
        ['tenant', stranger.tenantId],
        ['workspace', neighbour.workspaceId],
        ['workspace', me.tenantId],
        ['tenant', await createRun(me)],
      ] as const)
        expect(await refusalOf(set(me, { scope, scopeId, limitMicros: 1 }))).toBe('runtime.budget.scope-not-found');
    });

    it('to show or remove what is not there, another tenant’s, or another workspace’s', async () => {
      const me = testPrincipal();
      const { id } = await set(me, { scope: 'workspace', limitMicros: 1 });
      const strangers = [testPrincipal(), { ...me, workspaceId: newId('workspace') }];
      for (const contract of [budgets.getBudget, budgets.deleteBudget] as const) {
        for (const stranger of strangers)
          expect(await refusalOf(fixture.call(contract, { id }, stranger))).toBe('runtime.budget.not-found');
        expect(await refusalOf(fixture.call(contract, { id: newId('budget') }, me))).toBe('runtime.budget.not-found');
      }
      expect((await fixture.call(budgets.listBudgets, {}, strangers[1]!)).items).toEqual([]);
    });

    it('to be managed by who may only read', async () => {
      const scopes = permissions.filter((permission) => permission !== 'budget:manage');
      const me = testPrincipal({ scopes });
      expect(await refusalOf(set(me, { scope: 'tenant', limitMicros: 1 }))).toBe('auth.forbidden');
      expect((await fixture.call(budgets.listBudgets, {}, me)).items).toEqual([]);
    });

    it('the role of requests and that of the engine to change a ledger entry', async () => {
      const { service } = fixture;
      const db = service.app.get(Database);
      const me = testPrincipal();
      await money[0].settle(callOf(me, await createRun(me), 'c'), entry(1));
      const ctx = { tenantId: me.tenantId, actor: 'a' };
      for (const change of ['update usage_ledger set cost_micros = 0', 'delete from usage_ledger']) {
        await expect(db.tx(ctx, (tx) => tx.query(change))).rejects.toThrow(/permission denied/);
        await expect(db.system((tx) => tx.query(change))).rejects.toThrow(/permission denied/);
      }
    });
  });

  it('count what a run, its children and its forks spend, from before they were set on', async () => {
    const me = testPrincipal();
    const root = await createRun(me);
    const child = await createRun(me, { parent: root });
    const fork = await createRun(me, { forked: child });
    const other = await createRun(me);
    await money[0].settle(callOf(me, fork, 'early'), entry(7));
    expect(await money[0].reserve(callOf(me, fork, 'open'), 20, HOLD_MS)).toEqual(GRANTED);
    const ofRoot = await set(me, { scope: 'run', scopeId: root, limitMicros: 100 });
    const ofOther = await set(me, { scope: 'run', scopeId: other, limitMicros: 100 });
    expect(ofRoot).toMatchObject({ spentMicros: 7, reservedMicros: 20, percent: 7, action: 'park', period: 'total' });
    await money[1].settle(callOf(me, fork, 'open'), entry(11));
    await money[1].settle(callOf(me, child, 'c'), entry(2));
    expect(await get(me, ofRoot.id)).toMatchObject({ spentMicros: 20, reservedMicros: 0 });
    expect(await get(me, ofOther.id)).toMatchObject({ spentMicros: 0 });
    expect(await set(me, { scope: 'run', scopeId: root, limitMicros: 40, action: 'refuse' })).toMatchObject({
      ...{ id: ofRoot.id, percent: 50, action: 'refuse' },
    });
    const refusal = await money[0].reserve(callOf(me, child, 'd'), 21, HOLD_MS);
    expect(refusal).toMatchObject({ budget: { id: ofRoot.id, action: 'refuse' }, neededMicros: 21 });
    const listed = await fixture.call(budgets.listBudgets, { limit: 1 }, me);
    expect(listed).toMatchObject({ items: [{ id: ofOther.id }], next: ofOther.id });
    expect((await fixture.call(budgets.listBudgets, { after: listed.next }, me)).items.map(({ id }) => id)).toEqual([
      ofRoot.id,
    ]);
    await fixture.call(budgets.deleteBudget, { id: ofRoot.id }, me);
    expect(await money[0].reserve(callOf(me, child, 'd'), 21, HOLD_MS)).toEqual(GRANTED);
  });

  it('keep a call’s hold when it is made again, and book it once', async () => {
    const me = testPrincipal();
    const call = callOf(me, await createRun(me), 'c');
    const { id } = await set(me, { scope: 'workspace', limitMicros: 100 });
    for (const lane of money) expect(await lane.reserve(call, 60, HOLD_MS)).toEqual(GRANTED);
    expect(await get(me, id)).toMatchObject({ reservedMicros: 60 });
    expect(await money[0].reserve(call, 101, HOLD_MS)).toMatchObject({ neededMicros: 41 });
    await Promise.all(money.map((lane) => lane.settle(call, entry(30))));
    expect(await get(me, id)).toMatchObject({ reservedMicros: 0, spentMicros: 30 });
  });

  it('leave a call’s hold to whoever makes it again, when the first gives up late: its room is nobody else’s', async () => {
    const me = testPrincipal();
    const call = callOf(me, await createRun(me), 'c');
    const { id } = await set(me, { scope: 'workspace', limitMicros: 100 });
    const frozen = (await money[0].reserve(call, 60, HOLD_MS)) as Grant;
    const again = (await money[1].reserve(call, 60, HOLD_MS)) as Grant;
    await money[0].release(call, frozen);
    expect(await money[0].reserve({ ...call, callId: 'd' }, 60, HOLD_MS)).toMatchObject({ neededMicros: 60 });
    await money[1].settle(call, entry(60));
    expect(await get(me, id)).toMatchObject({ reservedMicros: 0, spentMicros: 60 });
    const next = (await money[0].reserve({ ...call, callId: 'e' }, 40, HOLD_MS)) as Grant;
    await Promise.all([again, next].map((grant) => money[0].release({ ...call, callId: 'e' }, grant)));
    expect(await get(me, id)).toMatchObject({ reservedMicros: 0, spentMicros: 60 });
  });

  it('book the truth of a call that comes after its hold was released, and say what stands above the limit', async () => {
    const me = testPrincipal();
    const run = await createRun(me);
    const { id } = await set(me, { scope: 'tenant', limitMicros: 100 });
    await money[0].reserve(callOf(me, run, 'late'), 60, 0);
    await eventually(async () => {
      await money[0].sweep();
      expect(await get(me, id)).toMatchObject({ reservedMicros: 0 });
    });
    expect(await money[1].reserve(callOf(me, run, 'next'), 90, HOLD_MS)).toEqual(GRANTED);
    await money[0].settle(callOf(me, run, 'late'), entry(60));
    expect(await get(me, id)).toMatchObject({ spentMicros: 60, reservedMicros: 90 });
    await money[1].settle(callOf(me, run, 'next'), entry(90));
    expect(await get(me, id)).toMatchObject({ spentMicros: 150, percent: 150 });
    expect(await money[1].reserve(callOf(me, run, 'free'), 0, HOLD_MS)).toEqual(GRANTED);
  });

  it('admit no call of unknown price, and any where there is no budget', async () => {
    const me = testPrincipal();
    const run = await createRun(me);
    expect(await money[0].reserve(callOf(me, run, 'a'), undefined, HOLD_MS)).toEqual(GRANTED);
    await set(me, { scope: 'tenant', limitMicros: 2 ** 53 - 1 });
    expect(await money[0].reserve(callOf(me, run, 'b'), undefined, HOLD_MS)).toMatchObject({ neededMicros: undefined });
  });

  it('tell each threshold once a period, with the change that crosses it, and begin each period anew', async () => {
    const me = testPrincipal();
    const run = await createRun(me);
    const { id, startsAt } = await set(me, { scope: 'workspace', period: 'day', limitMicros: 100 });
    expect(startsAt).toMatch(/T00:00:00/);
    await money[0].settle(callOf(me, run, 'a'), entry(49));
    expect(await told(id)).toEqual([]);
    await money[0].settle(callOf(me, run, 'b'), entry(40));
    expect(await told(id)).toEqual([50, 80]);
    for (const again of ['c', 'd']) await money[1].reserve(callOf(me, run, again), 50, HOLD_MS);
    expect(await told(id)).toEqual([50, 80, 100]);
    const past = `update runtime.budget set starts_at = starts_at - interval '1 day', ends_at = ends_at - interval '1 day' where id = $1`;
    await fixture.database.query(past, [id]);
    expect(await get(me, id)).toMatchObject({ spentMicros: 0, startsAt });
    expect(await money[1].reserve(callOf(me, run, 'c'), 50, HOLD_MS)).toEqual(GRANTED);
    await money[1].settle(callOf(me, run, 'c'), entry(50));
    expect(await get(me, id)).toMatchObject({ spentMicros: 50, reservedMicros: 0 });
    expect(await told(id)).toEqual([50, 80, 100, 50]);
  });

  it('answer what was used, by day, model, run and workspace, in pages with the sum of all', async () => {
    const me = testPrincipal();
    const runs = [await createRun(me), await createRun(me)];
    await money[0].settle(callOf(me, runs[0]!, 'a'), entry(3, 'x'));
    await money[0].settle(callOf(me, runs[0]!, 'b'), entry(4, 'y'));
    await money[0].settle(callOf(me, runs[1]!, 'a'), entry(5, 'y'));
    const usage = (request: RequestInputOf<typeof budgets.getUsage>) => fixture.call(budgets.getUsage, request, me);
    const total = { calls: 3, inputTokens: 300, cachedTokens: 30, outputTokens: 60, costMicros: 12 };
    const first = await usage({ by: 'model', limit: 1 });
    expect(first).toMatchObject({ items: [{ key: 'y', calls: 2, costMicros: 9 }], next: 'y', total });
    expect(await usage({ by: 'model', limit: 1, after: first.next })).toEqual({
      items: [{ key: 'x', calls: 1, inputTokens: 100, cachedTokens: 10, outputTokens: 20, costMicros: 3 }],
      total,
    });
    expect((await usage({ by: 'run' })).items.map(({ key }) => key)).toEqual([...runs].reverse());
    expect((await usage({ by: 'workspace' })).items).toEqual([{ key: me.workspaceId, ...total }]);
    expect((await usage({})).items).toEqual([{ key: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), ...total }]);
    expect((await usage({ to: '2020-01-01' })).total.calls).toBe(0);
    expect((await fixture.call(budgets.getUsage, {}, testPrincipal())).items).toEqual([]);
  });

  /**
   * The experiment of docs/budgets.md. Callers of two lanes in one process work on a random tree at once; some abandon
   * their hold and are never heard of again, some make their call again, some tell its end twice.
   */
  it('are never overspent, whatever calls, abandoned holds and repeats come at once', async () => {
    const fate = fc.constantFrom('settle', 'settle', 'settle', 'twice', 'abandon', 'redo', 'release');
    const calls = fc.array(fc.record({ run: fc.nat(7), bound: fc.nat(400), part: fc.nat(100), fate }), {
      ...{ minLength: 20, maxLength: 60 },
    });
    const tree = fc.array(fc.record({ up: fc.nat(6), fork: fc.boolean(), alone: fc.boolean() }), {
      minLength: 8,
      maxLength: 8,
    });
    const limits = fc.array(
      fc.record({ run: fc.nat(7), limit: fc.integer({ min: 100, max: 3_000 }), late: fc.boolean() }),
      { minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(tree, limits, calls, async (shape, caps, plan) => {
        const me = testPrincipal();
        const runs: string[] = [];
        for (const { up, fork, alone } of shape) {
          const above = alone ? undefined : runs[up % Math.max(1, runs.length)];
          runs.push(await createRun(me, above === undefined ? {} : fork ? { forked: above } : { parent: above }));
        }
        const cap = ({ run, limit }: (typeof caps)[number]) =>
          set(me, { scope: 'run', scopeId: runs[run]!, limitMicros: limit });
        await set(me, { scope: 'tenant', limitMicros: 4_000 });
        await set(me, { scope: 'workspace', period: 'month', limitMicros: 3_500 });
        for (const one of caps.filter(({ late }) => !late)) await cap(one);

        const late = caps.flatMap(({ late, run }) => (late ? [runs[run]!] : []));
        let working = true;
        const watching = (async () => {
          while (working) expect(await overspent(me, late)).toEqual([]);
        })();
        const act = async ({ run, bound, part, fate }: (typeof plan)[number], at: number): Promise<void> => {
          const [mine, other] = at % 2 === 0 ? money : ([money[1], money[0]] as const);
          const call = callOf(me, runs[run]!, `call-${at}`);
          const cost = entry(Math.floor((bound * part) / 100));
          const grant = await mine.reserve(call, bound, HOLD_MS);
          if ('budget' in grant || fate === 'abandon') return;
          if (fate === 'redo') expect(await other.reserve(call, bound, HOLD_MS)).toEqual(GRANTED);
          if (fate === 'twice') await other.settle(call, cost);
          await (fate === 'release' ? mine.release(call, grant) : mine.settle(call, cost));
        };
        const work = plan.map(act);
        for (const one of caps.filter(({ late }) => late)) await cap(one);
        await Promise.all(work).finally(() => (working = false));
        await watching;

        await fixture.database.query(`update runtime.budget_hold set expires_at = now() where tenant_id = $1`, [
          me.tenantId,
        ]);
        await eventually(async () => {
          await money[0].sweep();
          expect(
            await fixture.database.query('select from runtime.budget_hold where tenant_id = $1', [me.tenantId]),
          ).toEqual([]);
        });
        expect(await overspent(me, late)).toEqual([]);
        const lines = await fixture.database.query<{ run: string; cost: number }>(
          'select run_id as run, cost_micros::int as cost from runtime.usage_ledger where tenant_id = $1',
          [me.tenantId],
        );
        const isBelow = (at: number, top: number): boolean => {
          if (at === top) return true;
          return at > 0 && !shape[at]!.alone && isBelow(shape[at]!.up % at, top);
        };
        for (const budget of (await fixture.call(budgets.listBudgets, { limit: 100 }, me)).items) {
          const top = runs.indexOf(budget.scopeId);
          const inside = lines.filter(({ run }) => top === -1 || isBelow(runs.indexOf(run), top));
          expect(budget).toMatchObject({
            reservedMicros: 0,
            spentMicros: inside.reduce((sum, { cost }) => sum + cost, 0),
          });
        }
      }),
      { numRuns: 8 },
    );
  }, 120_000);

  /**
   * Budgets with more spent and held than their limit, but for those of runs `late` in being given one, which may have
   * found more there; and tenants' budgets that hold something else than what calls hold. Of one moment.
   */
  const overspent = (me: TestPrincipal, late: readonly string[]): Promise<unknown[]> =>
    fixture.database.query(
      `select id, spent_micros, reserved_micros, limit_micros from runtime.budget b
       where tenant_id = $1 and (scope_id <> all($2) and excess_micros > 0
         or scope = 'tenant' and reserved_micros <> (
           select coalesce(sum(micros), 0) from runtime.budget_hold h where h.tenant_id = b.tenant_id))`,
      [me.tenantId, late],
    );
});
