import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { events, secrets, tenants, type EventContract, type EventProducer } from '@conclave/contracts';
import { EventSource, eventually, refusalOf, type TestPrincipal } from '@conclave/dev-env/testing';
import { startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

type Answer = typeof events.tenantErasedByRuntime;

const answers: Readonly<Partial<Record<EventProducer, Answer>>> = {
  runtime: events.tenantErasedByRuntime,
  consensus: events.tenantErasedByConsensus,
  audit: events.tenantErasedByAudit,
  metrics: events.tenantErasedByMetrics,
  marketplace: events.tenantErasedByMarketplace,
  delivery: events.tenantErasedByDelivery,
};

describe('the erasure of a tenant', () => {
  let fixture: AuthFixture;
  let operator: TestPrincipal;
  let a: TestTenant;
  let id: string;
  const sources = new Map<EventProducer, EventSource>();

  beforeAll(async () => {
    fixture = await startAuth({ TENANT_ERASURE_GRACE_HOURS: '0' });
    operator = (await fixture.createTenant({ operators: true })).principal;
    a = await fixture.createTenant();
    id = a.principal.tenantId;
    for (const producer of Object.keys(answers) as EventProducer[])
      sources.set(producer, new EventSource(producer, await fixture.bus.as(producer)));
  });
  afterAll(() => fixture.stop());

  const answer = (producer: EventProducer, rows = 3) =>
    sources.get(producer)!.emit(answers[producer] as EventContract, operator.tenantId, {
      ...{ tenant: id, rows, detail: producer === 'audit' ? { checkpoint: 'a signed head' } : {} },
    });
  const progress = () => fixture.call(tenants.getErasure, { id }, operator);
  const asked = async () => (await fixture.emitted(events.tenantErasing.type, operator.tenantId)).length;

  it('asks everybody, asks again who is silent, and ends with keys destroyed and a proof', async () => {
    await fixture.call(secrets.createSecret, { name: 'TOKEN', value: 'canary' }, a.principal);
    await fixture.call(tenants.suspendTenant, { id, reason: 'they leave' }, operator);
    await fixture.call(tenants.eraseTenant, { id, name: a.name, reason: 'they left' }, operator);
    await eventually(async () => expect(await asked()).toBe(1));
    for (const act of [tenants.cancelErasure, tenants.resumeTenant])
      expect(await refusalOf(fixture.call(act, { id }, operator))).toBe('auth.tenant.erasing');

    for (const producer of ['runtime', 'consensus', 'audit', 'metrics', 'marketplace'] as const) answer(producer);
    await eventually(async () => expect((await progress()).waitingFor).toEqual(['delivery', 'auth']));
    await fixture.database.query(`update auth.tenant_erasure set asked_at = asked_at - interval '11 minutes'`);
    await eventually(async () => expect(await asked()).toBe(2));
    answer('runtime', 4);
    answer('delivery');

    await eventually(async () => expect((await progress()).finishedAt).toBeDefined());
    const proof = await progress();
    expect(proof).toMatchObject({ dataKeys: 1, waitingFor: [], requestedBy: operator.principal.id });
    expect(proof.answers).toHaveLength(7);
    expect(proof.answers).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ service: 'runtime', rows: 4 }),
        expect.objectContaining({ service: 'audit', detail: { checkpoint: 'a signed head' } }),
      ]),
    );
    const [told] = await fixture.emitted(events.tenantErased.type, operator.tenantId);
    expect(told!.data).toEqual({ tenant: id, dataKeys: 1, answers: proof.answers });
    expect(await refusalOf(fixture.exchange(a.key))).toBe('auth.unauthenticated');
    expect(await refusalOf(fixture.call(tenants.getTenant, { id }, operator))).toBe('auth.tenant.not-found');
    await expect(fixture.createTenant()).resolves.toBeDefined();
  }, 60_000);
});
