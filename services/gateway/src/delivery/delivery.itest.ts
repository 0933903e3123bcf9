import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { delivery, events, newId } from '@conclave/contracts';
import {
  eventually,
  refusalOf,
  refusedWith,
  startServiceFixture,
  testPrincipal,
  type EventSource,
  type ServiceFixture,
  type TestPrincipal,
} from '@conclave/dev-env/testing';
import { bootstrapService } from '@conclave/nest-kit';
import { Database, postgres } from '@conclave/postgres-kit';
import { Webhook } from 'standardwebhooks';
import { deliveryEnvironment } from './config.js';
import { AttemptDelivery } from './deliveries/attempt-delivery.js';
import { recordOutcome, sweepDeliveries } from './deliveries/postgres-deliveries.js';
import { sending } from './deliveries/sender.js';
import { DeliveryModule, entities } from './delivery.module.js';
import { Receiver, type Received } from './testing/receiver.js';

const spec = {
  name: 'delivery' as const,
  module: DeliveryModule,
  environment: deliveryEnvironment,
  resources: [postgres({ entities }), sending],
};

describe('delivery', () => {
  let fixture: ServiceFixture;
  let receiver: Receiver;
  let consensus: EventSource;
  let runtime: EventSource;

  beforeAll(async () => {
    receiver = await Receiver.start();
    fixture = await startServiceFixture(spec, {
      DELIVERY_KEK: randomBytes(32).toString('base64'),
      EGRESS_ALLOW: '127.0.0.0/8',
    });
    consensus = await fixture.eventsOf('consensus');
    runtime = await fixture.eventsOf('runtime');
  });
  afterAll(async () => {
    await fixture.stop();
    receiver.stop();
  });

  type EventType = (typeof delivery.webhookEventTypes)[number];
  let paths = 0;
  /** A webhook of the tenant at a path of its own. */
  async function hook(as: TestPrincipal, types: EventType[] = ['decision.sealed'], path = `/hook-${++paths}`) {
    const made = await fixture.call(delivery.createWebhook, { url: receiver.url(path), events: types }, as);
    return { ...made, path };
  }
  const deliveriesOf = async (as: TestPrincipal, id: string) =>
    (await fixture.call(delivery.listDeliveries, { id, limit: 100 }, as)).items;
  const arrived = (path: string, count = 1): Promise<Received[]> =>
    eventually(() => {
      expect(receiver.at(path).length).toBeGreaterThanOrEqual(count);
      return receiver.at(path);
    });
  const sealed = (tenantId: string) => consensus.emit(events.decisionSealed, tenantId, sealedData());
  const makeDue = (id: string, set = '') =>
    fixture.database.query(
      `update delivery.delivery set next_attempt_at = now()${set} where webhook_id = $1 and state = 'pending'`,
      [id],
    );

  describe('webhooks', () => {
    it('are made with a secret that is shown once and kept sealed', async () => {
      const as = testPrincipal();
      const made = await hook(as, ['decision.sealed', 'run.failed', 'decision.sealed']);
      expect(made).toMatchObject({ url: receiver.url(made.path), events: ['decision.sealed', 'run.failed'] });
      expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      const { secret: _, path: __, ...view } = made;
      expect((await fixture.call(delivery.listWebhooks, {}, as)).items).toEqual([view]);
      expect(await everythingStored()).not.toContain(made.secret.slice(6));
      expect(await fixture.emitted(events.webhookCreated.type, as.tenantId)).toMatchObject([
        { actor: as.principal.id, data: { webhook: made.id } },
      ]);
    });

    it('are made once per Idempotency-Key, with the same secret, which the stored answer does not tell', async () => {
      const claims = testPrincipal();
      const request = { url: receiver.url('/idem'), events: ['run.failed' as const] };
      const as = { claims, idempotencyKey: 'k1' };
      const first = await fixture.call(delivery.createWebhook, request, as);
      expect(await fixture.call(delivery.createWebhook, request, as)).toEqual(first);
      expect((await fixture.call(delivery.listWebhooks, {}, claims)).items).toHaveLength(1);
      const other = fixture.call(delivery.createWebhook, { ...request, events: ['run.completed'] }, as);
      expect(await refusalOf(other)).toBe('request.idempotency-mismatch');
      expect(await everythingStored()).not.toContain(first.secret.slice(6));
    });

    it('can want the entries of the audit log, and get what audit reads for them once, in order', async () => {
      const as = testPrincipal();
      const url = receiver.url('/entries');
      const entries = { format: 'cef' as const, from: 3 };
      const made = await fixture.call(delivery.createWebhook, { url, entries }, as);
      expect(made).toMatchObject({ events: [], entries });
      expect(await fixture.emitted(events.webhookCreated.type, as.tenantId)).toMatchObject([
        { data: { webhook: made.id, entries } },
      ]);
      const audit = await fixture.eventsOf('audit');
      const batch = (first: number, webhook = made.id) =>
        audit.emit(events.entriesStreamed, as.tenantId, {
          ...{ webhook, format: 'cef', first, last: first + 1 },
          lines: [`a ${first}`, `b ${first}`],
        });
      batch(1, newId('webhook'));
      const told = [batch(3), batch(5)];
      audit.ring(...told);
      const seen = await arrived('/entries', 2);
      const bodies = seen.map(({ body }) => JSON.parse(body) as { type: string; data: { first: number } });
      expect(bodies.map(({ type, data }) => [type, data.first])).toEqual([
        ['audit.entries', 3],
        ['audit.entries', 5],
      ]);
      await eventually(async () =>
        expect((await deliveriesOf(as, made.id)).map(({ type, state }) => [type, state])).toEqual(
          Array.from({ length: 2 }, () => ['audit.entries', 'delivered']),
        ),
      );
      expect(await fixture.emitted(events.entriesSettled.type, as.tenantId)).toHaveLength(2);
      receiver.answer('/entries', 410);
      batch(7);
      await eventually(async () => expect(await disabledAt(as)).toBeDefined());
      const disabled = await fixture.emitted(events.webhookDisabled.type, as.tenantId);
      expect(disabled.map(({ data }) => data)).toEqual([{ webhook: made.id }]);
      expect(await fixture.emitted(events.entriesSettled.type, as.tenantId)).toHaveLength(3);
      batch(9);
      batch(1, (await hook(as)).id);
      await eventually(async () =>
        expect(
          await fixture.database.query('select from delivery.delivery where tenant_id = $1', [as.tenantId]),
        ).toHaveLength(4),
      );
      expect(await deliveriesOf(as, made.id)).toHaveLength(3);
      expect(await fixture.database.query('select from delivery.dead_letter')).toEqual([]);
      const nothing = fixture.call(delivery.createWebhook, { url, events: [] }, as);
      expect(await refusalOf(nothing)).toBe('request.invalid');
    });

    it.each([
      'https://10.0.0.1/hook',
      'https://169.254.169.254/latest/meta-data/',
      'https://[::1]/hook',
      'https://user:password@example.com/',
      'http://[2606:4700::1111]/hook',
      'https://no-such-name.invalid/',
    ])('are refused at %s', async (url) => {
      const as = testPrincipal();
      const refused = await refusedWith(fixture.call(delivery.createWebhook, { url, events: ['run.failed'] }, as));
      expect(refused).toMatchObject({ code: 'delivery.webhook.address', params: { reason: expect.any(String) } });
      expect((await fixture.call(delivery.listWebhooks, {}, as)).items).toEqual([]);
    });

    it('are their tenant’s alone', async () => {
      const [owner, stranger] = [testPrincipal(), testPrincipal()];
      const { id } = await hook(owner);
      expect((await fixture.call(delivery.listWebhooks, {}, stranger)).items).toEqual([]);
      expect(await refusalOf(fixture.call(delivery.deleteWebhook, { id }, stranger))).toBe(
        'delivery.webhook.not-found',
      );
      expect(await refusalOf(fixture.call(delivery.listDeliveries, { id }, stranger))).toBe(
        'delivery.webhook.not-found',
      );
      expect((await fixture.call(delivery.listWebhooks, {}, owner)).items).toHaveLength(1);
    });

    it('go with everything on its way to them', async () => {
      const as = testPrincipal();
      const { id, path } = await hook(as);
      receiver.answer(path, 500);
      sealed(as.tenantId);
      await arrived(path);
      const { secret: _, ...view } = { secret: '', ...(await fixture.call(delivery.deleteWebhook, { id }, as)) };
      expect(view.id).toBe(id);
      expect(await refusalOf(fixture.call(delivery.deleteWebhook, { id }, as))).toBe('delivery.webhook.not-found');
      expect(await refusalOf(fixture.call(delivery.listDeliveries, { id }, as))).toBe('delivery.webhook.not-found');
      expect(await fixture.database.query('select from delivery.delivery where webhook_id = $1', [id])).toEqual([]);
      expect(await fixture.emitted(events.webhookDeleted.type, as.tenantId)).toMatchObject([{ data: { webhook: id } }]);
    });

    it('are listed newest first, a page at a time', async () => {
      const as = testPrincipal();
      const made = [await hook(as), await hook(as), await hook(as)].map(({ id }) => id);
      const first = await fixture.call(delivery.listWebhooks, { limit: 2 }, as);
      const second = await fixture.call(delivery.listWebhooks, { limit: 2, after: first.next! }, as);
      expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(made.reverse());
      expect(second.next).toBeUndefined();
    });

    it('are fifty per tenant at most', async () => {
      const as = testPrincipal();
      await fixture.database.query(
        `insert into delivery.webhook (tenant_id, id, url, events, secret_sealed, created_at)
         select $1, 'whk_' || n, 'https://example.com/', '{run.failed}', '', now() from generate_series(1, 48) n`,
        [as.tenantId],
      );
      const made = await Promise.all(
        Array.from({ length: 4 }, () =>
          hook(as).then(
            () => 'made',
            ({ code }: { code: string }) => code,
          ),
        ),
      );
      expect(made.sort()).toEqual(['delivery.webhook.too-many', 'delivery.webhook.too-many', 'made', 'made']);
      await expect(hook(testPrincipal())).resolves.toBeDefined();
    });

    it('are for those who may manage them', async () => {
      const reader = testPrincipal({ scopes: ['run:read', 'decision:read'] });
      const id = newId('webhook');
      const calls = [
        fixture.call(delivery.createWebhook, { url: receiver.url('/x'), events: ['run.failed'] }, reader),
        fixture.call(delivery.listWebhooks, {}, reader),
        fixture.call(delivery.deleteWebhook, { id }, reader),
        fixture.call(delivery.listDeliveries, { id }, reader),
      ];
      expect(await Promise.all(calls.map(refusalOf))).toEqual(calls.map(() => 'auth.forbidden'));
      const blind = testPrincipal({ scopes: ['webhook:manage'] });
      const entries = { format: 'jsonl' as const, from: 0 };
      const all = fixture.call(delivery.createWebhook, { url: receiver.url('/x'), entries }, blind);
      expect(await refusalOf(all)).toBe('auth.forbidden');
    });

    it('are not made when the announcement fails', async () => {
      const as = testPrincipal();
      await fixture.database.query(
        `alter table delivery.outbound_event add constraint refuse check (type <> 'webhook.created') not valid`,
      );
      expect(await refusalOf(hook(as))).toBe('service.internal');
      await fixture.database.query('alter table delivery.outbound_event drop constraint refuse');
      expect((await fixture.call(delivery.listWebhooks, {}, as)).items).toEqual([]);
      expect(await fixture.emitted(undefined, as.tenantId)).toEqual([]);
    });
  });

  describe('an event', () => {
    it('arrives signed, as the reference library verifies it', async () => {
      const as = testPrincipal();
      const types: EventType[] = ['decision.sealed', 'run.completed', 'run.failed', 'budget.threshold'];
      const { id, path, secret } = await hook(as, types);
      const placed = [
        sealed(as.tenantId),
        runtime.emit(events.runFailed, as.tenantId, { run: newId('run'), code: 'x', message: 'y "quoted" — ü' }),
        runtime.emit(events.runCompleted, as.tenantId, completedData()),
        runtime.emit(events.budgetThreshold, as.tenantId, {
          ...{ budget: newId('budget'), scope: 'tenant', scopeId: as.tenantId, period: 'total', percent: 80 },
          ...{ limitMicros: 10, spentMicros: 8, reservedMicros: 0 },
        }),
      ];
      const received = await arrived(path, placed.length);
      const bodies = received.map(({ body, headers }) =>
        new Webhook(secret).verify(body, headers as Record<string, string>),
      );
      for (const event of placed)
        expect(bodies).toContainEqual({ type: event.type, timestamp: event.at, data: event.data });
      expect(received[0]!.headers['content-type']).toBe('application/json');
      const listed = await eventually(async () => {
        const all = await deliveriesOf(as, id);
        expect(all.every(({ state }) => state === 'delivered')).toBe(true);
        return all;
      });
      expect(listed.map(({ event }) => event).sort()).toEqual(placed.map((event) => event.id).sort());
      expect(listed[0]).toMatchObject({ attempts: 1, lastStatus: 204 });
      expect(listed.map((d) => d.id).sort()).toEqual(received.map(({ headers }) => headers['webhook-id']).sort());
    });

    it('goes to webhooks that want its type, of its own tenant, each once', async () => {
      const [a, b] = [testPrincipal(), testPrincipal()];
      const [wants, wantsToo, other, stranger] = [
        await hook(a),
        await hook(a, ['decision.sealed', 'run.failed']),
        await hook(a, ['run.failed']),
        await hook(b),
      ];
      sealed(a.tenantId);
      await arrived(wants.path);
      await arrived(wantsToo.path);
      sealed(b.tenantId);
      await arrived(stranger.path);
      expect([wants, wantsToo, other, stranger].map(({ path }) => receiver.at(path).length)).toEqual([1, 1, 0, 1]);
    });

    it('of a suspended tenant waits until it goes on, and the webhook has not failed meanwhile', async () => {
      const [as, another] = [testPrincipal(), testPrincipal()];
      const { tenantId } = as;
      const [held, free] = [await hook(as), await hook(another)];
      const auth = await fixture.eventsOf('auth');
      auth.emit(events.tenantSuspended, tenantId, { tenant: tenantId, reason: 'unpaid' });
      const holds = () => fixture.database.query('select from delivery.held_tenant where tenant_id = $1', [tenantId]);
      await eventually(async () => expect(await holds()).toHaveLength(1));
      sealed(tenantId);
      await eventually(async () => expect(await deliveriesOf(as, held.id)).toHaveLength(1));
      sealed(another.tenantId);
      await arrived(free.path);
      expect(receiver.at(held.path)).toEqual([]);
      await fixture.database.query(
        `with h as (update delivery.held_tenant set since = now() - interval '10 days' where tenant_id = $1)
         update delivery.webhook set failing_since = now() - interval '10 days 1 hour' where tenant_id = $1`,
        [tenantId],
      );
      receiver.answer(held.path, 503);
      auth.emit(events.tenantResumed, tenantId, { tenant: tenantId });
      await arrived(held.path);
      await eventually(async () =>
        expect(await deliveriesOf(as, held.id)).toMatchObject([{ state: 'pending', attempts: 1, lastStatus: 503 }]),
      );
      expect(await disabledAt(as)).toBeUndefined();
      receiver.answer(held.path, 204);
      await makeDue(held.id);
      await eventually(async () => expect(await deliveriesOf(as, held.id)).toMatchObject([{ state: 'delivered' }]));
    });

    it('about whom was erased is kept, sent again and heard of later without what is personal', async () => {
      const as = testPrincipal();
      const [taken, refused] = [await hook(as, ['run.failed']), await hook(as, ['run.failed'])];
      receiver.answer(refused.path, 503);
      const data = { run: newId('run'), code: 'x', message: 'Ada was here' };
      const of = runtime.emit(events.runFailed, as.tenantId, data);
      runtime.emit(events.runFailed, as.tenantId, { ...data, run: newId('run') });
      const bodies = async () =>
        (
          await fixture.database.query<{ body: string }>('select body from delivery.delivery where tenant_id = $1', [
            as.tenantId,
          ])
        ).filter(({ body }) => body.includes(data.run));
      await arrived(taken.path, 2);
      await arrived(refused.path, 2);
      const audit = await fixture.eventsOf('audit');
      audit.emit(events.subjectErased, as.tenantId, { erasure: newId('erasure'), subject: data.run });
      await eventually(async () => expect(JSON.stringify(await bodies())).not.toContain('Ada'));
      expect((await arrived(taken.path, 2)).filter(({ body }) => body.includes('Ada'))).toHaveLength(2);
      receiver.answer(refused.path, 200);
      await makeDue(refused.id);
      runtime.ring(Object.assign(runtime.append(events.runFailed, as.tenantId, data), { at: of.at }));
      const later = (await arrived(refused.path, 5)).slice(2).map(({ body }) => JSON.parse(body) as { data: object });
      const told = later.filter(({ data: { run } }: { data: { run?: string } }) => run === data.run);
      expect(told.map((one) => one.data)).toEqual([1, 2].map(() => ({ ...data, message: 'erased' })));
      expect(await bodies()).toHaveLength(4);
    });

    it('that is rung or read again is not sent again', async () => {
      const as = testPrincipal();
      const { id, path } = await hook(as);
      const placed = sealed(as.tenantId);
      await arrived(path);
      consensus.ring(placed, placed);
      await fixture.database.query(`update delivery.event_cursor set pos = 0 where producer = 'consensus'`);
      consensus.beat();
      sealed(as.tenantId);
      await arrived(path, 2);
      await sleep(300);
      expect(receiver.at(path)).toHaveLength(2);
      expect(await deliveriesOf(as, id)).toHaveLength(2);
      const buried = await fixture.database.query('select from delivery.dead_letter where id = $1', [placed.id]);
      expect(buried).toEqual([]);
    });

    it('that was missed while nobody listened is caught up with', async () => {
      const as = testPrincipal();
      const { path } = await hook(as);
      const missed = consensus.append(events.decisionSealed, as.tenantId, sealedData());
      sealed(as.tenantId);
      // Side by side: which of them arrives first nobody says.
      const received = await arrived(path, 2);
      const decisions = received.map(({ body }) => (JSON.parse(body) as { data: { decision: string } }).data.decision);
      expect(decisions).toContain(missed.data['decision']);
    });

    it('is sent by the commit, not by the clock', async () => {
      const as = testPrincipal();
      const { id, path } = await hook(as);
      const waits: number[] = [];
      for (let i = 0; i < 15; i++) {
        const from = Date.now();
        sealed(as.tenantId);
        waits.push((await arrived(path, i + 1))[i]!.at - from);
        // The end of an attempt wakes the sender, too: it must not be what finds the next event.
        await eventually(async () =>
          expect((await deliveriesOf(as, id)).every(({ state }) => state === 'delivered')).toBe(true),
        );
      }
      // The clock ticks every second, and each wait begins just after a delivery: by the clock none would be short.
      expect(waits.sort((a, b) => a - b)[2]).toBeLessThan(250);
    }, 60_000);

    it('leaves neither delivery nor cursor behind when its transaction fails', async () => {
      const as = testPrincipal();
      const { id } = await hook(as);
      await fixture.database.query(
        `alter table delivery.delivery add constraint refuse check (webhook_id <> '${id}') not valid`,
      );
      const placed = sealed(as.tenantId);
      const letter = await eventually(async () => {
        const rows = await fixture.database.query<{ reason: string }>(
          'select reason from delivery.dead_letter where id = $1',
          [placed.id],
        );
        expect(rows).toHaveLength(1);
        return rows[0]!;
      });
      await fixture.database.query('alter table delivery.delivery drop constraint refuse');
      expect(letter.reason).toContain('refuse');
      expect(await deliveriesOf(as, id)).toEqual([]);
    });
  });

  describe('a failed attempt', () => {
    it('is repeated later under the same id and text, and forgotten after a success', async () => {
      const as = testPrincipal();
      const { id, path, secret } = await hook(as);
      receiver.answer(path, 503);
      sealed(as.tenantId);
      const [waiting] = await eventually(async () => {
        const all = await deliveriesOf(as, id);
        expect(all[0]).toMatchObject({ state: 'pending', attempts: 1, lastStatus: 503 });
        return all;
      });
      expect(waiting!.lastError).toContain('503');
      const waitMs = Date.parse(waiting!.nextAttemptAt!) - Date.parse(waiting!.createdAt);
      expect(waitMs).toBeGreaterThanOrEqual(5_000);
      expect(waitMs).toBeLessThan(60_000);
      expect(await failingSince(id)).not.toBeNull();
      receiver.answer(path, 200);
      await makeDue(id);
      const [first, second] = await arrived(path, 2);
      expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
      expect(second!.body).toBe(first!.body);
      expect(() => new Webhook(secret).verify(second!.body, second!.headers as Record<string, string>)).not.toThrow();
      await eventually(async () =>
        expect((await deliveriesOf(as, id))[0]).toMatchObject({ state: 'delivered', attempts: 2, lastStatus: 200 }),
      );
      expect((await deliveriesOf(as, id))[0]).not.toHaveProperty('lastError');
      expect(await failingSince(id)).toBeNull();
    });

    it('is the last after the tenth', async () => {
      const as = testPrincipal();
      const { id, path } = await hook(as);
      receiver.answer(path, 500);
      sealed(as.tenantId);
      await arrived(path);
      await makeDue(id, ', attempts = 9, failures = 9');
      await eventually(async () =>
        expect((await deliveriesOf(as, id))[0]).toMatchObject({ state: 'failed', attempts: 10 }),
      );
      expect((await fixture.call(delivery.listWebhooks, {}, as)).items[0]).not.toHaveProperty('disabledAt');
    });

    it('after five days of nothing else disables the webhook and ends what waits for it', async () => {
      const as = testPrincipal();
      const { id, path } = await hook(as);
      receiver.answer(path, 500);
      for (let i = 0; i < 3; i++) sealed(as.tenantId);
      await eventually(async () => {
        const tried = await deliveriesOf(as, id);
        expect(tried.map(({ lastStatus }) => lastStatus)).toEqual([500, 500, 500]);
      });
      await fixture.database.query(
        `update delivery.webhook set failing_since = now() - interval '5 days' where id = $1`,
        [id],
      );
      await makeDue(id);
      await eventually(async () => expect(await disabledAt(as)).toBeDefined());
      const all = await deliveriesOf(as, id);
      expect(all.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed']);
      sealed(as.tenantId);
      await sleep(400);
      expect(await deliveriesOf(as, id)).toHaveLength(3);
    });

    it('with 410 disables the webhook at once', async () => {
      const as = testPrincipal();
      const { id, path } = await hook(as);
      receiver.answer(path, 410);
      sealed(as.tenantId);
      await eventually(async () => expect(await disabledAt(as)).toBeDefined());
      expect((await deliveriesOf(as, id))[0]).toMatchObject({ state: 'failed', lastStatus: 410 });
    });

    it('whose sender died is made again when its lease ends', async () => {
      const as = testPrincipal();
      const { id, path } = await hook(as);
      sealed(as.tenantId);
      await arrived(path);
      await eventually(async () => expect((await deliveriesOf(as, id))[0]).toMatchObject({ state: 'delivered' }));
      await fixture.database.query(
        `update delivery.delivery set state = 'pending', next_attempt_at = now() where webhook_id = $1`,
        [id],
      );
      const [first, second] = await arrived(path, 2);
      expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    });

    it('of a claim that was lost meanwhile neither sends nor writes', async () => {
      const as = testPrincipal();
      const { id: webhookId, path } = await hook(as);
      receiver.answer(path, 500);
      sealed(as.tenantId);
      const [before] = await eventually(async () => {
        const all = await deliveriesOf(as, webhookId);
        expect(all[0]).toMatchObject({ attempts: 1, lastStatus: 500 });
        return all;
      });
      const claim = { tenantId: as.tenantId, id: before!.id, webhookId };
      await fixture.service.app.get(AttemptDelivery).run({ ...claim, attempt: 0 });
      expect(receiver.at(path)).toHaveLength(1);
      await fixture.service.app
        .get(Database)
        .tx({ ...claim, actor: 'test' }, (tx) =>
          recordOutcome(tx, { ...claim, attempt: 0 }, { state: 'delivered', status: 200 }),
        );
      expect(await deliveriesOf(as, webhookId)).toEqual([before]);
    });

    it('never goes to an address that is private by now', async () => {
      const as = testPrincipal();
      const { id, path } = await hook(as);
      await fixture.database.query(`update delivery.webhook set url = 'https://10.0.0.1/' where id = $1`, [id]);
      sealed(as.tenantId);
      await eventually(async () => {
        const [waiting] = await deliveriesOf(as, id);
        expect(waiting).toMatchObject({ state: 'pending', attempts: 1, lastError: 'the host has no public address' });
      });
      expect(receiver.at(path)).toEqual([]);
    });

    it('for a fault of ours is not held against the webhook', async () => {
      const as = testPrincipal();
      const [{ id, path }, other] = [await hook(as), await hook(testPrincipal())];
      await fixture.database.query(
        `update delivery.webhook set secret_sealed = (select secret_sealed from delivery.webhook where id = $2) where id = $1`,
        [id, other.id],
      );
      sealed(as.tenantId);
      const attempted = await eventually(async () => {
        const [waiting] = await deliveriesOf(as, id);
        expect(waiting).toMatchObject({ state: 'pending', attempts: 1 });
        return waiting;
      });
      await sleep(200);
      expect(attempted).not.toHaveProperty('lastError');
      expect(await failingSince(id)).toBeNull();
      expect(receiver.at(path)).toEqual([]);
    });

    it('for a fault of ours uses up no retry', async () => {
      const as = testPrincipal();
      const { id, path } = await hook(as);
      receiver.answer(path, 500);
      sealed(as.tenantId);
      await arrived(path);
      await makeDue(id, ', attempts = 20');
      await arrived(path, 2);
      await eventually(async () =>
        expect((await deliveriesOf(as, id))[0]).toMatchObject({ state: 'pending', attempts: 21, lastStatus: 500 }),
      );
    });

    it('is not made for a webhook that was disabled meanwhile: the delivery has failed', async () => {
      const as = testPrincipal();
      const { id, path } = await hook(as);
      receiver.answer(path, 500);
      sealed(as.tenantId);
      await eventually(async () => expect((await deliveriesOf(as, id))[0]).toMatchObject({ lastStatus: 500 }));
      await fixture.database.query('update delivery.webhook set disabled_at = now() where id = $1', [id]);
      await makeDue(id);
      await eventually(async () =>
        expect((await deliveriesOf(as, id))[0]).toMatchObject({
          state: 'failed',
          lastError: 'the webhook was disabled',
        }),
      );
      expect(receiver.at(path)).toHaveLength(1);
    });

    it('of a receiver that hangs ends after five seconds and holds nobody else up', async () => {
      const as = testPrincipal();
      const silent = await hook(as, ['decision.sealed'], '/silent');
      const quick = await hook(as);
      const from = Date.now();
      for (let i = 0; i < 4; i++) sealed(as.tenantId);
      expect((await arrived(quick.path, 4))[3]!.at - from).toBeLessThan(5_000);
      await eventually(async () => {
        const tried = (await deliveriesOf(as, silent.id)).filter(({ attempts }) => attempts > 0);
        expect(tried.at(-1)).toMatchObject({ attempts: 1, lastError: 'no answer within 5000 ms' });
      });
      await fixture.call(delivery.deleteWebhook, { id: silent.id }, as);
      expect(Date.now() - from).toBeGreaterThanOrEqual(5_000);
      const [first, second] = receiver.at(silent.path).map(({ at }) => at);
      expect((second ?? Infinity) - first!).toBeGreaterThan(2_500); // late at the receiver, maybe, but one after the other
    });
  });

  it('leaves slots for other tenants, however many receivers of one are silent', async () => {
    const [greedy, other] = [testPrincipal(), testPrincipal()];
    const silent = Array.from({ length: 12 }, (_, n) => `/silent/${n}`);
    for (const path of silent) await hook(greedy, ['decision.sealed'], path);
    const { path } = await hook(other);
    sealed(greedy.tenantId);
    await arrived(silent[0]!);
    sealed(other.tenantId);
    await arrived(path);
    const asked = () => silent.flatMap((one) => receiver.at(one).map(({ at }) => at)).sort((x, y) => x - y);
    await eventually(() => expect(asked().length).toBeGreaterThanOrEqual(8));
    await sleep(300);
    // A ninth is sent only when one of the eight was given up.
    expect((asked()[8] ?? Infinity) - asked()[0]!).toBeGreaterThan(2_500);
    for (const { id } of (await fixture.call(delivery.listWebhooks, { limit: 100 }, greedy)).items)
      await fixture.call(delivery.deleteWebhook, { id }, greedy);
  });

  it('forgets deliveries a month after they ended, and none that is still on its way', async () => {
    const as = testPrincipal();
    const [done, waiting, recent] = [await hook(as), await hook(as), await hook(as)];
    receiver.answer(waiting.path, 500);
    sealed(as.tenantId);
    const left = async () =>
      Promise.all(
        [done, waiting, recent].map(async ({ id }) => (await deliveriesOf(as, id)).map(({ state }) => state)),
      );
    await eventually(async () => {
      expect(await left()).toEqual([['delivered'], ['pending'], ['delivered']]);
      expect((await deliveriesOf(as, waiting.id))[0]).toMatchObject({ lastStatus: 500 });
    });
    await fixture.database.query(
      `update delivery.delivery set created_at = now() - interval '31 days' where webhook_id = any($1)`,
      [[done.id, waiting.id]],
    );
    await sweepDeliveries(fixture.service.app.get(Database));
    expect(await left()).toEqual([[], ['pending'], ['delivered']]);
  });

  it('sends each event once with two replicas at work, and loses none over a restart', async () => {
    const second = await bootstrapService(spec, fixture.environment);
    const as = testPrincipal();
    const made = await Promise.all([hook(as), hook(as), hook(as)]);
    for (let i = 0; i < 20; i++) sealed(as.tenantId);
    await fixture.restart();
    for (let i = 0; i < 20; i++) sealed(as.tenantId);
    for (const { path } of made) await arrived(path, 40);
    await second.stop();
    await sleep(300);
    for (const { path } of made) {
      const ids = receiver.at(path).map(({ headers }) => headers['webhook-id']);
      expect([ids.length, new Set(ids).size]).toEqual([40, 40]);
    }
  });

  it('counts attempts by what became of them', async () => {
    const as = testPrincipal();
    await hook(as);
    sealed(as.tenantId);
    await eventually(async () => {
      const text = await (await fetch(`${fixture.service.url}/metrics`)).text();
      expect(text).toMatch(/conclave_delivery_attempts_total\{state="delivered",service="delivery"\} \d+/);
    });
  });

  async function everythingStored(): Promise<string> {
    const [row] = await fixture.database.query<{ all: string }>(
      `select concat((select string_agg(w::text, ' ') from delivery.webhook w),
                     (select string_agg(i::text, ' ') from delivery.idempotency i),
                     (select string_agg(e::text, ' ') from delivery.outbound_event e)) as all`,
    );
    return row!.all;
  }
  async function failingSince(id: string): Promise<Date | null> {
    const sql = 'select failing_since from delivery.webhook where id = $1';
    return (await fixture.database.query<{ failing_since: Date | null }>(sql, [id]))[0]!.failing_since;
  }
  const disabledAt = async (as: TestPrincipal): Promise<string | undefined> =>
    (await fixture.call(delivery.listWebhooks, {}, as)).items[0]!.disabledAt;
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function sealedData() {
  const at = new Date().toISOString();
  return {
    decision: newId('decision'),
    phase: 'sealed',
    outcome: { status: 'approved', winners: ['yes'], reason: 'unanimous' },
    payloadSha256: sha256('payload'),
    openedAt: at,
    sealedAt: at,
    subject: { repository: 'example', base: 'a'.repeat(40), head: 'b'.repeat(40), tree: 'c'.repeat(40) },
  };
}

function completedData() {
  return {
    run: newId('run'),
    decision: newId('decision'),
    outcome: 'approved',
    durationMs: 12,
    usage: { inputTokens: 0, outputTokens: 0, costMicros: 0 },
  };
}
