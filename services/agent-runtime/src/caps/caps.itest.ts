import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { caps, events, newId, permissions, runs, runtime, type RequestInputOf } from '@conclave/contracts';
import { eventually, refusalOf, refusedWith, testPrincipal, type TestPrincipal } from '@conclave/dev-env/testing';
import type { ClaimedTurn } from '../engine/claimed-turn.js';
import { Engine } from '../engine/engine.js';
import { PostgresWorkers } from '../engine/postgres-workers.js';
import { StartRun } from '../runs/start-run.js';
import { startRuntimeFixture, type RuntimeFixture } from '../testing/runtime-fixture.js';

const WORKER = 'wrk_a';
const LEASE_MS = 60_000;

type Run = Partial<RequestInputOf<typeof runs.createRun>>;
type Limits = Record<string, number>;

/** What is claimed next is what people set and asked for, through the operations they have; the test is the worker. */
describe('which turns run', () => {
  let fixture: RuntimeFixture;
  let me: TestPrincipal;

  beforeAll(async () => {
    fixture = await startRuntimeFixture({ ROLES: 'api', OPENAI_API_KEY: 'never asked' });
  });
  beforeEach(async () => {
    me = testPrincipal();
    await fixture.database.query(
      'truncate runtime.run, runtime.task, runtime.turn, runtime.step, runtime.tenant_share',
    );
    await fixture.service.app.get(PostgresWorkers).enlist(WORKER);
  });
  afterAll(async () => {
    await fixture.service.app.get(PostgresWorkers).resign(WORKER);
    await fixture.stop();
  });

  const app = () => fixture.service.app;
  const claim = async (turns: number): Promise<ClaimedTurn[]> => [
    ...(await app().get(Engine).claim(WORKER, { turns, slow: turns, leaseMs: LEASE_MS })).turns,
  ];
  const agentsOf = async (turns: number): Promise<string[]> => (await claim(turns)).map(({ agent }) => agent).sort();
  const finish = (turn: ClaimedTurn) =>
    app()
      .get(Engine)
      .finish({ turn, activation: { kind: 'done', result: 1 } });
  const human = { agent: 'human', input: { question: '?' } } as const;
  const create = async (run: Run = human, as = me): Promise<string> => (await fixture.call(runs.createRun, run, as)).id;
  const set = (kind: (typeof caps.capKinds)[number], name: string, slots: number | null, as = me) =>
    fixture.call(caps.setCap, { kind, name, slots }, as);
  const listed = async (as = me) => (await fixture.call(caps.listCaps, {}, as)).items;

  describe('under caps', () => {
    it('keeps every one, within a batch and between batches, and lets what it does not concern pass', async () => {
      const elsewhere = { ...me, workspaceId: newId('workspace') };
      const timer = { agent: 'timer', input: { delayMs: 0 } } as const;
      const model = { agent: 'model', input: { prompt: '?' } } as const;
      for (const run of [human, human, human, human]) await create(run);
      for (const run of [timer, timer, timer, model, model, { agent: 'event', input: { key: 'k' } } as const])
        await create(run, elsewhere);
      await Promise.all([set('workspace', me.workspaceId, 2), set('agent', 'timer', 1), set('provider', 'openai', 1)]);
      const first = await claim(32);
      expect(first.map(({ agent }) => agent).sort()).toEqual(['event', 'human', 'human', 'model', 'timer']);
      expect(await claim(32)).toEqual([]);
      expect(await listed()).toEqual([
        { kind: 'agent', name: 'timer', slots: 1, running: 1 },
        { kind: 'provider', name: 'openai', slots: 1, running: 1 },
        { kind: 'workspace', name: me.workspaceId, slots: 2, running: 2 },
      ]);
      await finish(first.find(({ agent }) => agent === 'human')!);
      expect(await agentsOf(32)).toEqual(['human']);
      await set('agent', 'timer', 2);
      expect(await set('provider', 'openai', null)).toMatchObject({ slots: null, running: 1 });
      expect(await agentsOf(32)).toEqual(['model', 'timer']);
    });

    it('takes what none holds back from behind thousands that one does, in its order, and these in theirs', async () => {
      const neighbour = testPrincipal();
      const flood = (): Promise<string[]> => Promise.all(Array.from({ length: 1_000 }, () => create()));
      const first = await create();
      const [running] = await claim(1);
      await flood();
      await set('agent', 'human', 1);
      await flood();
      const timer = (priority: (typeof runtime.priorities)[number]) =>
        create({ agent: 'timer', input: { delayMs: 0 }, priority });
      const [low, normal, urgent] = [await timer('low'), await timer('normal'), await timer('urgent')];
      const theirs = await create(human, neighbour);
      const claimed = await claim(4);
      expect(claimed.map(({ runId }) => runId)).toContain(theirs);
      for (let more = true; more;) {
        const { turns, left } = await app().get(Engine).claim(WORKER, { turns: 4, slow: 4, leaseMs: LEASE_MS });
        claimed.push(...turns);
        more = left.quick || left.slow;
      }
      const mine = claimed.filter(({ tenantId }) => tenantId === me.tenantId);
      expect(mine.map(({ runId }) => runId)).toEqual([urgent, normal, low]);
      expect(await listed()).toEqual([{ kind: 'agent', name: 'human', slots: 1, running: 1 }]);
      const waiting = await fixture.database.query<{ run_id: string }>(
        `select run_id from runtime.turn where state = 'ready' order by sort_at limit 3`,
      );
      const came: string[] = [];
      for (let ended = running; came.length < waiting.length; [ended] = await claim(4), came.push(ended!.runId))
        await finish(ended!);
      expect([running!.runId, came]).toEqual([first, waiting.map(({ run_id }) => run_id)]);
    }, 60_000);

    it('keeps none of another tenant’s, and shows none', async () => {
      const [stranger, workspace] = [testPrincipal(), me.workspaceId];
      await set('agent', 'human', 1);
      await set('workspace', workspace, 1, stranger);
      await Promise.all([create(), create(), create(human, stranger), create(human, stranger)]);
      expect((await claim(9)).map(({ tenantId }) => tenantId).sort()).toEqual(
        [me.tenantId, stranger.tenantId, stranger.tenantId].sort(),
      );
      expect(await listed(stranger)).toEqual([{ kind: 'workspace', name: workspace, slots: 1, running: 0 }]);
    });

    it('tells of each change, and of no other', async () => {
      for (const slots of [3, 3, 4, null, null]) await set('agent', 'model', slots);
      const told = await fixture.emitted(events.capChanged.type, me.tenantId);
      const change = { kind: 'agent', name: 'model' };
      expect(told.map(({ data }) => data)).toEqual([{ ...change, slots: 3 }, { ...change, slots: 4 }, change]);
      expect(told.map(({ actor }) => actor)).toEqual(told.map(() => me.principal.id));
    });

    it.each([
      ['agent', 'modle'],
      ['agent', 'openai'],
      ['provider', 'model'],
      ['workspace', 'default'],
      ['workspace', newId('run')],
    ] as const)('refuses what holds nothing back: %s %s', async (kind, name) => {
      expect(await refusedWith(set(kind, name, 1))).toMatchObject({
        code: 'runtime.cap.unknown-name',
        params: { kind, name },
      });
      expect(await listed()).toEqual([]);
    });

    it.each([0, -1, 1.5, 10_001, '5'])('refuses %j slots', async (slots) => {
      expect(await refusalOf(set('agent', 'model', slots as number))).toBe('request.invalid');
    });

    it('refuses more than there can be, also those who come at once', async () => {
      const many = await Promise.allSettled(
        Array.from({ length: caps.MAX_CAPS + 5 }, () => set('workspace', newId('workspace'), 1)),
      );
      expect(many.filter(({ status }) => status === 'fulfilled')).toHaveLength(caps.MAX_CAPS);
      expect(await refusalOf(set('agent', 'model', 1))).toBe('runtime.cap.too-many');
      const { name } = (await listed())[0]!;
      await set('workspace', name, 2);
      await set('workspace', name, null);
      await set('agent', 'model', 1);
    });

    it('are the owners’: who may all else may not', async () => {
      const as = testPrincipal({ scopes: permissions.filter((permission) => permission !== 'tenant:manage') });
      expect(await refusalOf(set('agent', 'model', 1, as))).toBe('auth.forbidden');
      expect(await refusalOf(listed(as))).toBe('auth.forbidden');
    });
  });

  it('keeps the turns an operator gave a tenant, and shares the rest by weight', async () => {
    const other = testPrincipal();
    const limited = async (limits: Limits): Promise<void> => {
      (await fixture.eventsOf('auth')).emit(events.limitsChanged, me.tenantId, { limits });
      const { runningTurns = null, weight = 1 } = limits;
      await eventually(async () => {
        const shares = 'select slots, weight from runtime.tenant_share where tenant_id = $1';
        expect(await fixture.database.query(shares, [me.tenantId])).toEqual([{ slots: runningTurns, weight }]);
      });
    };
    const mine = async (turns: number): Promise<number> =>
      (await claim(turns)).filter(({ tenantId }) => tenantId === me.tenantId).length;
    await limited({ weight: 3, members: 9 });
    for (let n = 0; n < 24; n++) await Promise.all([create(), create(human, other)]);
    expect(await mine(16)).toBe(12);
    await limited({ weight: 3, runningTurns: 13 });
    expect(await mine(16)).toBe(1);
    await limited({ members: 9 });
    expect(await mine(32)).toBe(11);
  });

  describe('of a tenant', () => {
    it('come by their priority, and those of one as they came', async () => {
      const created: string[] = [];
      for (const priority of [...runtime.priorities, ...runtime.priorities].reverse())
        created.push(await create({ ...human, priority }));
      const [low, normal, high, urgent, low2, normal2, high2, urgent2] = created;
      const order = (await claim(8)).map(({ runId }) => runId);
      expect(order).toEqual([urgent, urgent2, high, high2, normal, normal2, low, low2]);
    });

    it.each([
      ['urgent', 14, 16],
      ['high', 9, 11],
      ['normal', 4, 6],
    ] as const)('overtake newer %s ones when they are low and old enough', async (priority, before, after) => {
      for (const [minutes, first] of [
        [before, false],
        [after, true],
      ] as const) {
        const old = await create({ ...human, priority: 'low' });
        await fixture.database.query(
          `with r as (update runtime.run set created_at = created_at - $2 * interval '1 min' where id = $1)
           update runtime.turn set ready_at = ready_at - $2 * interval '1 min', sort_at = sort_at - $2 * interval '1 min'
           where run_id = $1`,
          [old, minutes],
        );
        const fresh = await create({ ...human, priority });
        const order = (await claim(2)).map(({ runId }) => runId);
        expect(order).toEqual(first ? [old, fresh] : [fresh, old]);
      }
    });

    it('have the priority of the run that started theirs', async () => {
      const tasks = [{ id: 'a', ...human }];
      await create({ agent: 'run', input: { tasks }, priority: 'urgent' });
      const [turn] = await claim(1);
      const child = newId('run');
      const plain = await create();
      await app().get(StartRun).startChild(turn!, child, { tasks });
      expect(await fixture.call(runtime.getRun, { id: child }, me)).toMatchObject({ priority: 'urgent' });
      expect((await claim(2)).map(({ runId }) => runId)).toEqual([child, plain]);
    });

    it('start none when theirs is over', async () => {
      const tasks = [{ id: 'a', ...human }];
      const id = await create({ agent: 'run', input: { tasks } });
      const [turn] = await claim(1);
      await fixture.call(runtime.cancelRun, { id }, me);
      const child = newId('run');
      const starting = app().get(StartRun).startChild(turn!, child, { tasks });
      expect(await refusalOf(starting)).toBe('runtime.run.finished');
      expect(await refusalOf(fixture.call(runtime.getRun, { id: child }, me))).toBe('runtime.run.not-found');
    });
  });
});
