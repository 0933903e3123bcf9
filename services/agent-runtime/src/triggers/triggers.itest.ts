import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  events,
  newId,
  runs,
  runtime,
  sessions,
  triggers,
  type ErrorCode,
  type Fired,
  type RequestInputOf,
  type Trigger,
} from '@conclave/contracts';
import { eventually, refusalOf, testPrincipal, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { someoneWaits, startRuntimeFixture, type RuntimeFixture } from '../testing/runtime-fixture.js';
import { CronTriggers } from './cron-triggers.js';

type On = RequestInputOf<typeof triggers.createTrigger>['on'];
type Template = RequestInputOf<typeof triggers.createTrigger>['run'];

const ECHO: Template = { agent: 'compose', input: { value: { $from: 'trigger', path: '/body' } } };
/** Its child is completed, and itself it is not. */
const PARENT: Template = {
  tasks: [
    { id: 'a', agent: 'run', input: { tasks: [{ id: 'b', agent: 'compose', input: { value: 1 } }] } },
    { id: 'c', agent: 'compose', input: { value: { $from: 'a', path: '/no' } }, dependsOn: ['a'] },
  ],
};
const ASK: Template = { agent: 'human', input: { question: '?' } };
const MINUTE_MS = 60_000;

describe('triggers', () => {
  const me = testPrincipal();
  let fixture: RuntimeFixture;

  beforeAll(async () => {
    fixture = await startRuntimeFixture({ WORKER_SLOTS: '16' });
  });
  afterAll(async () => {
    await fixture.stop();
  });

  const create = (on: On, run: Template = ECHO, as: TestPrincipal = me, more: object = {}) =>
    fixture.call(triggers.createTrigger, { title: 'a trigger', on, run, ...more }, as);
  const get = (id: string, as = me): Promise<Trigger> => fixture.call(triggers.getTrigger, { id }, as);
  const fire = (id: string, body?: object, as = me): Promise<Fired> =>
    fixture.call(triggers.fireTrigger, { id, ...(body && { body: body as never }) }, as);
  const failuresOf = async (id: string, as = me) =>
    (await fixture.call(triggers.listTriggerFailures, { id, limit: 100 }, as)).items;
  const runsOf = (trigger: string) =>
    fixture.database.query<{ id: string; state: string; actor: string; result: unknown; input: { trigger: object } }>(
      `select id, state, actor, result, input from runtime.run where input #>> '{trigger,trigger}' = $1 order by created_at`,
      [trigger],
    );
  const resultOf = (id: string) =>
    eventually(async () => (await fixture.call(runtime.getRunResult, { id }, me)) as { result: unknown });

  const deliver = (request: RequestInputOf<typeof triggers.deliverHook>): Promise<Fired> =>
    fixture.call(triggers.deliverHook, request, { claims: {}, from: 'gateway' });
  const signed = (
    hook: { id: string; secret?: string | undefined },
    body: string,
    message: string = newId('event'),
    ageS = 0,
  ) => {
    const timestamp = String(Math.floor(Date.now() / 1_000) - ageS);
    const key = Buffer.from(hook.secret!.slice('whsec_'.length), 'base64');
    const signature = `v1,${createHmac('sha256', key).update(`${message}.${timestamp}.${body}`).digest('base64')}`;
    return { id: hook.id, message, timestamp, signature, body: Buffer.from(body).toString('base64') };
  };

  it('are made, read, changed, fired by hand and removed', async () => {
    const made = await create({ kind: 'cron', expression: '0 9 * * 1-5', timeZone: 'Europe/Berlin' });
    expect(made).toMatchObject({
      enabled: true,
      owner: me.principal.id,
      on: { overlap: 'skip' },
      nextAt: expect.any(String),
    });
    expect(made.secret).toBeUndefined();
    const { run } = await fire(made.id, { x: 1 });
    expect(await resultOf(run!)).toEqual({ result: { x: 1 } });
    expect(await get(made.id)).toMatchObject({ lastRun: run, firedAt: expect.any(String) });
    expect((await fixture.call(triggers.listTriggers, {}, me)).items.map(({ id }) => id)).toContain(made.id);
    const change = (to: object) => fixture.call(triggers.changeTrigger, { id: made.id, ...to }, me);
    expect((await change({ enabled: false, title: 'off' })).nextAt).toBeUndefined();
    expect(await refusalOf(fire(made.id))).toBe('runtime.trigger.disabled');
    expect((await change({ enabled: true })).nextAt).toBe(made.nextAt);
    expect(await refusalOf(change({ on: { kind: 'webhook' } }))).toBe('runtime.trigger.malformed');
    await fixture.call(triggers.deleteTrigger, { id: made.id }, me);
    expect(await refusalOf(get(made.id))).toBe('runtime.trigger.not-found');
  });

  it('of another tenant or workspace are not there', async () => {
    const { id } = await create({ kind: 'webhook' });
    const stranger = testPrincipal();
    const neighbour = testPrincipal({ tenantId: me.tenantId });
    for (const who of [stranger, neighbour]) {
      for (const contract of [
        triggers.getTrigger,
        triggers.deleteTrigger,
        triggers.fireTrigger,
        triggers.changeTrigger,
        triggers.listTriggerFailures,
      ])
        expect(await refusalOf(fixture.call(contract, { id }, who))).toBe('runtime.trigger.not-found');
      expect((await fixture.call(triggers.listTriggers, {}, who)).items).toEqual([]);
    }
  });

  it('that could never start anything are refused', async () => {
    const refused = (on: On, run?: Template): Promise<ErrorCode> => refusalOf(create(on, run));
    expect(await refused({ kind: 'cron', expression: '99 * * * *' })).toBe('runtime.trigger.malformed');
    expect(await refused({ kind: 'cron', expression: '0 0 30 2 *' })).toBe('runtime.trigger.malformed');
    expect(await refused({ kind: 'cron', expression: '* * * * *', timeZone: 'No/Where' })).toBe(
      'runtime.trigger.malformed',
    );
    expect(await refused({ kind: 'webhook' }, { agent: 'model', input: { prompt: 'p' } })).toBe(
      'runtime.agent.unavailable',
    );
    expect(await refused({ kind: 'webhook' }, { ...ECHO, session: newId('session') })).toBe(
      'runtime.session.not-found',
    );
    const cyclic: Template = { tasks: [{ id: 'a', agent: 'compose', input: { value: 1 }, dependsOn: ['a'] }] };
    expect(await refused({ kind: 'webhook' }, cyclic)).toBe('runtime.graph.invalid');
    const long: Template = { agent: 'compose', input: { value: 'x'.repeat(900_000) } };
    expect(await refused({ kind: 'webhook' }, long)).toBe('request.too-large');
    const crowd = testPrincipal();
    await create({ kind: 'webhook' }, ECHO, crowd);
    await fixture.database.query(
      `insert into runtime.trigger (tenant_id, id, workspace_id, title, owner, enabled, kind, source, template)
       select tenant_id, id || n, workspace_id, title, owner, enabled, kind, source, template
       from runtime.trigger, generate_series(1, 199) n where tenant_id = $1`,
      [crowd.tenantId],
    );
    expect(await refusalOf(create({ kind: 'webhook' }, ECHO, crowd))).toBe('runtime.trigger.too-many');
  });

  describe('by a schedule', () => {
    const minutely: On = { kind: 'cron', expression: '* * * * *', overlap: 'allow' };
    const cron = () => fixture.service.app.get(CronTriggers);
    const atOf = async (id: string) => (await runsOf(id)).map(({ input }) => (input.trigger as { at: string }).at);

    it('fire when it is due, by the control role alone', async () => {
      const { id } = await create(minutely);
      await fixture.database.query(`update runtime.trigger set next_at = date_trunc('minute', now()) where id = $1`, [
        id,
      ]);
      const [run] = await eventually(async () => {
        const found = await runsOf(id);
        expect(found).toHaveLength(1);
        return found;
      });
      expect(run).toMatchObject({
        actor: me.principal.id,
        input: { trigger: { kind: 'cron', at: expect.stringMatching(/:00\.000Z$/) } },
      });
      await fixture.call(triggers.deleteTrigger, { id }, me);
    });

    it('hold up no wait while one is stuck', async () => {
      const { id } = await create(minutely);
      const database = fixture.service.app.get(Database);
      await database.tx({ tenantId: me.tenantId, actor: 'service:runtime' }, async (tx) => {
        // Where a firing is buried that is refused.
        await tx.query('lock table trigger_failure in share mode');
        const refused = 'update runtime.trigger set owner_disabled = true, next_at = now() where id = $1';
        await fixture.database.query(refused, [id]);
        await someoneWaits(fixture);
        const run = { agent: 'timer', input: { delayMs: 10 }, waitMs: 20_000 } as const;
        expect(await fixture.call(runs.createRun, run, me)).toMatchObject({ state: 'completed' });
      });
      await fixture.call(triggers.deleteTrigger, { id }, me);
    });

    it('fire once for all that was missed, and neither lose nor double one when clocks jump by ten minutes', async () => {
      // Days from now, so that the platform's own ticks find nothing due.
      const { id } = await create(minutely);
      const start = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS + 7 * 86_400_000;
      const clock = (minutes: number): Date => new Date(start + minutes * MINUTE_MS);
      await fixture.database.query(`update runtime.trigger set next_at = $2 where id = $1`, [id, clock(0)]);
      const ticks = [0, 0, 1, 11, 11, 2, 1, 5, 11, 12, 12, 13];
      for (const minutes of ticks) await Promise.all([cron().fireDue(clock(minutes)), cron().fireDue(clock(minutes))]);
      expect(await atOf(id)).toEqual([0, 1, 11, 12, 13].map((minutes) => clock(minutes).toISOString()));
      await fixture.call(triggers.deleteTrigger, { id }, me);
    });

    it('do not fire while their last run goes on, unless they may', async () => {
      const [skips, allows] = [await create({ ...minutely, overlap: 'skip' }, ASK), await create(minutely, ASK)];
      const start = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS + 14 * 86_400_000;
      await fixture.database.query(`update runtime.trigger set next_at = $2 where id = any($1)`, [
        [skips.id, allows.id],
        new Date(start),
      ]);
      for (const minutes of [0, 1, 2]) await cron().fireDue(new Date(start + minutes * MINUTE_MS));
      expect(await runsOf(allows.id)).toHaveLength(3);
      const [first, ...others] = await runsOf(skips.id);
      expect(others).toEqual([]);
      expect(await fire(skips.id)).toEqual({ skipped: 'overlap' });
      await fixture.call(runtime.cancelRun, { id: first!.id }, me);
      expect((await fire(skips.id)).run).toBeDefined();
      for (const { id } of [skips, allows]) await fixture.call(triggers.deleteTrigger, { id }, me);
    });
  });

  describe('by an event', () => {
    it('fire for what was sent to their workspace and fits', async () => {
      const wanted = await create({ kind: 'event', key: 'pushed', where: { '/branch': 'main', '/n/0': 1 } });
      const other = await create({ kind: 'event', key: 'pushed' }, ECHO, testPrincipal({ tenantId: me.tenantId }));
      const send = (data: object) => fixture.call(runs.sendEvent, { key: 'pushed', data: data as never }, me);
      await send({ branch: 'side', n: [1] });
      await send({ branch: 'main', n: [] });
      expect(await runsOf(wanted.id)).toEqual([]);
      await send({ branch: 'main', n: [1], x: 'y' });
      const [run] = await runsOf(wanted.id);
      expect(await resultOf(run!.id)).toEqual({ result: { branch: 'main', n: [1], x: 'y' } });
      expect(await runsOf(other.id)).toEqual([]);
    });

    it('fire for sealed decisions, once however often it is told', async () => {
      const decision = newId('decision');
      const { id } = await create({ kind: 'event', event: 'decision.sealed', where: { '/decision': decision } });
      const consensus = await fixture.eventsOf('consensus');
      const tell = () =>
        consensus.emit(events.decisionSealed, me.tenantId, {
          ...{ decision, phase: 'sealed', outcome: { status: 'decided', winners: ['approved'], reason: '' } },
          ...{ payloadSha256: '0'.repeat(64), openedAt: new Date().toISOString(), sealedAt: new Date().toISOString() },
        });
      const sealed = tell();
      await eventually(async () => expect(await runsOf(id)).toHaveLength(1));
      consensus.ring(sealed);
      // Of the same lane, so it is heard after what was told again.
      tell();
      await eventually(async () => expect(await runsOf(id)).toHaveLength(2));
    });

    it.each([
      ['their runs', ECHO],
      ['children of their runs', PARENT],
    ])('fire for the ends of runs, and stop when %s fire each other', async (_, template) => {
      const owner = testPrincipal();
      const { id } = await create({ kind: 'event', event: 'run.completed' }, template, owner);
      await fixture.call(runs.createRun, { agent: 'compose', input: { value: 1 }, waitMs: 20_000 }, owner);
      const dead = await eventually(async () => {
        const found = await failuresOf(id, owner);
        expect(found).toHaveLength(1);
        return found;
      }, 30_000);
      expect(dead).toMatchObject([{ code: 'trigger.loop', attempts: 1, firing: { event: 'run.completed' } }]);
      expect(await runsOf(id)).toHaveLength(6);
    });

    it('that cannot be heard for a fault of ours are buried with their event', async () => {
      const owner = testPrincipal();
      const { id } = await create({ kind: 'event', event: 'run.completed' }, ECHO, owner);
      await fixture.database.query(`update runtime.trigger set source = source - 'where' where id = $1`, [id]);
      const run = await fixture.call(runs.createRun, { agent: 'compose', input: { value: 1 }, waitMs: 20_000 }, owner);
      const [letter] = await eventually(async () => {
        const found = await fixture.database.query(
          'select producer, type, event, reason from runtime.dead_letter where tenant_id = $1',
          [owner.tenantId],
        );
        expect(found).toHaveLength(1);
        return found;
      });
      expect(letter).toMatchObject({
        ...{ producer: 'runtime', type: 'run.completed', event: { data: { run: run.id } } },
        reason: expect.stringContaining('null'),
      });
    });

    it('of runs are few in a workspace: they fire each other', async () => {
      const owner = testPrincipal();
      const onRuns: On = { kind: 'event', event: 'run.failed' };
      for (let n = 0; n < 2; n++) await create(onRuns, ECHO, owner);
      const [third, other] = [
        await create(onRuns, ECHO, owner),
        await create({ kind: 'event', key: 'k' }, ECHO, owner),
      ];
      const change = (id: string) =>
        fixture.call(triggers.changeTrigger, { id, on: { kind: 'event', event: 'run.completed' } }, owner);
      expect(await refusalOf(create(onRuns, ECHO, owner))).toBe('runtime.trigger.too-many');
      expect(await refusalOf(change(other.id))).toBe('runtime.trigger.too-many');
      expect(await change(third.id)).toMatchObject({ on: { event: 'run.completed' } });
    });

    it('start nothing for who is no member any more, until somebody takes them over', async () => {
      const { id } = await create({ kind: 'event', key: 'orphan' });
      const auth = await fixture.eventsOf('auth');
      const gone = { principal: me.principal.id, workspace: me.workspaceId, role: 'developer' };
      auth.emit(events.memberDisabled, me.tenantId, gone);
      await eventually(async () => expect(await refusalOf(fire(id))).toBe('runtime.trigger.owner-disabled'));
      await fixture.call(runs.sendEvent, { key: 'orphan', data: 1 }, me);
      expect(await failuresOf(id)).toMatchObject([{ code: 'runtime.trigger.owner-disabled' }]);
      const heir = testPrincipal({ tenantId: me.tenantId, workspaceId: me.workspaceId });
      expect(await fixture.call(triggers.changeTrigger, { id }, heir)).toMatchObject({ owner: heir.principal.id });
      expect((await fire(id)).run).toBeDefined();
      const late = await create({ kind: 'event', key: 'late' });
      expect(await refusalOf(fire(late.id))).toBe('runtime.trigger.owner-disabled');
      auth.emit(events.memberAdded, me.tenantId, gone);
      await eventually(async () => {
        await fixture.call(triggers.changeTrigger, { id: late.id }, me);
        expect((await fire(late.id)).run).toBeDefined();
      });
    });
  });

  it('are turned off when what they were made with is distrusted, and what they started ends', async () => {
    const owner = testPrincipal();
    const leaked = { ...owner, rootCredentialId: newId('apiKey') };
    const planted = await create({ kind: 'event', key: 'planted' }, ASK, leaked);
    const schedule = await create({ kind: 'cron', expression: '0 0 1 1 *' }, ASK, leaked);
    const own = await create({ kind: 'event', key: 'planted' }, ASK, owner);
    await fixture.call(runs.sendEvent, { key: 'planted', data: 1 }, owner);
    const byHand = await fire(own.id, {}, leaked);
    (await fixture.eventsOf('auth')).emit(events.credentialDistrusted, owner.tenantId, {
      credential: leaked.rootCredentialId,
    });
    await eventually(async () => expect(await runsOf(planted.id)).toMatchObject([{ state: 'canceled' }]));
    await eventually(async () =>
      expect(await runsOf(own.id)).toMatchObject([{ state: 'parked' }, { id: byHand.run, state: 'canceled' }]),
    );
    expect(await get(own.id, owner)).toMatchObject({ enabled: true });
    expect((await get(schedule.id, owner)).nextAt).toBeUndefined();
    expect(await refusalOf(fire(planted.id, {}, owner))).toBe('runtime.trigger.disabled');
    const [told] = await fixture.emitted(events.runsStopped.type, owner.tenantId);
    expect(told?.data).toMatchObject({ runs: 2, triggers: [planted.id, schedule.id].sort() });
    // One that was on its way, and one that somebody takes over.
    const late = await create({ kind: 'cron', expression: '0 0 1 1 *' }, ASK, leaked);
    expect([late.enabled, late.nextAt]).toEqual([false, undefined]);
    const on = (as: TestPrincipal) => fixture.call(triggers.changeTrigger, { id: late.id, enabled: true }, as);
    expect(await on(leaked)).toMatchObject({ enabled: false });
    expect(await on(owner)).toMatchObject({ enabled: true, nextAt: expect.any(String) });
  });

  describe('by a delivery', () => {
    it('start a run for each, once, and tell their secret once', async () => {
      const hook = await create({ kind: 'webhook' });
      expect(hook).toMatchObject({ path: `/v1/hooks/${hook.id}`, secret: expect.stringMatching(/^whsec_/) });
      expect(JSON.stringify(await get(hook.id))).not.toContain('whsec_');
      const delivery = signed(hook, '{"x":[1]}', 'msg_1');
      const first = await deliver(delivery);
      expect(await Promise.all([deliver(delivery), deliver(signed(hook, '{"x":[1]}', 'msg_1', 5))])).toEqual([
        first,
        first,
      ]);
      expect(await resultOf(first.run!)).toEqual({ result: { x: [1] } });
      expect((await deliver(signed(hook, '{"x":[1]}'))).run).not.toBe(first.run);
      const { run } = await deliver(signed(hook, String.raw`{"\u0000":1,"\ud800":2}`));
      expect(await resultOf(run!)).toEqual({ result: { '\ufffd': 2 } });
    });

    it('are refused while the tenant is suspended', async () => {
      const hook = await create({ kind: 'webhook' });
      const hold = (since: string) =>
        fixture.database.query(
          `insert into runtime.tenant_share (tenant_id, held_since) values ($1, ${since})
           on conflict (tenant_id) do update set held_since = ${since}`,
          [me.tenantId],
        );
      await hold('now()');
      expect(await refusalOf(deliver(signed(hook, '{}')))).toBe('auth.tenant.suspended');
      await hold('null');
      expect((await deliver(signed(hook, '{}'))).run).toBeDefined();
    });

    it('say the secret again to the same idempotent request, and keep it sealed', async () => {
      const request = { title: 't', on: { kind: 'webhook' as const }, run: ECHO };
      const ask = () => fixture.call(triggers.createTrigger, request, { claims: me, idempotencyKey: 'hook-1' });
      const made = await ask();
      expect(await ask()).toEqual(made);
      const kept = await fixture.database.query(
        `select t::text as row from runtime.trigger t where id = $1 union all select response::text from runtime.idempotency where key = 'hook-1'`,
        [made.id],
      );
      expect(JSON.stringify(kept)).not.toContain(made.secret!);
    });

    it('of a thousand malformed ones nothing comes, and the good one after them is taken', async () => {
      const hook = await create({ kind: 'webhook' });
      const other = await create({ kind: 'webhook' });
      const good = signed(hook, '{}');
      const bad: [object, ErrorCode][] = [
        [{ signature: 'v1,AAAA' }, 'runtime.trigger.signature'],
        [{ signature: '' }, 'runtime.trigger.signature'],
        [{ signature: good.signature.replace('v1,', 'v2,') }, 'runtime.trigger.signature'],
        [{ message: 'another' }, 'runtime.trigger.signature'],
        [{ message: '' }, 'runtime.trigger.signature'],
        [{ timestamp: 'now' }, 'runtime.trigger.signature'],
        [{ body: Buffer.from('{"a":1}').toString('base64') }, 'runtime.trigger.signature'],
        [signed(hook, '{}', 'old', 301), 'runtime.trigger.signature'],
        [signed(hook, '{}', 'young', -900), 'runtime.trigger.signature'],
        [{ ...signed(other, '{}'), id: hook.id }, 'runtime.trigger.signature'],
        [{ id: newId('trigger') }, 'runtime.trigger.signature'],
        [signed(hook, '{"a":'), 'request.malformed'],
        [signed(hook, '['.repeat(100) + ']'.repeat(100)), 'request.malformed'],
        [{ id: 'nobody' }, 'request.invalid'],
        [{ body: 'A'.repeat(400_000) }, 'request.invalid'],
      ];
      for (let sent = 0; sent < 1_000; sent += 50) {
        const batch = Array.from({ length: 50 }, (_, i) => bad[(sent + i) % bad.length]!);
        const codes = await Promise.all(batch.map(([change]) => refusalOf(deliver({ ...good, ...change }))));
        expect(codes).toEqual(batch.map(([, code]) => code));
      }
      expect(await runsOf(hook.id)).toEqual([]);
      expect(await failuresOf(hook.id)).toEqual([]);
      expect((await deliver(good)).run).toBeDefined();
    }, 60_000);

    it('that start no run are dead letters with the reason, and their neighbours go on', async () => {
      const session = await fixture.call(sessions.createSession, { title: 's', agent: { agent: 'compose' } }, me);
      const [broken, sound] = [
        await create({ kind: 'webhook' }, { ...ECHO, session: session.id }),
        await create({ kind: 'webhook' }),
      ];
      await fixture.call(sessions.archiveSession, { id: session.id }, me);
      const delivery = signed(broken, '{"n":1}', 'msg_dead');
      for (let attempt = 0; attempt < 2; attempt++)
        expect(await refusalOf(deliver(delivery))).toBe('runtime.session.not-found');
      expect(await failuresOf(broken.id)).toMatchObject([
        { key: 'webhook/msg_dead', code: 'runtime.session.not-found', attempts: 2, firing: { body: { n: 1 } } },
      ]);
      expect((await deliver(signed(sound, '{}'))).run).toBeDefined();
      await fixture.call(triggers.changeTrigger, { id: broken.id, run: ECHO }, me);
      expect((await deliver(delivery)).run).toBeDefined();
    });
  });
});
