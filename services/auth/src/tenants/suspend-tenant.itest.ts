import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, connections, events, invitations, tenants } from '@conclave/contracts';
import { refusalOf, type TestPrincipal } from '@conclave/dev-env/testing';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

const MISSING = 'ten_01jc8xq3v9e601s0m7t4n2k5r9';

describe('a tenant that operators', () => {
  let fixture: AuthFixture;
  let operator: TestPrincipal;
  let a: TestTenant;
  let id: string;

  beforeAll(async () => {
    fixture = await startAuth();
    operator = (await fixture.createTenant({ operators: true })).principal;
  });
  beforeEach(async () => {
    a = await fixture.createTenant();
    id = a.principal.tenantId;
  });
  afterAll(() => fixture.stop());

  const suspend = (tenant = id) => fixture.call(tenants.suspendTenant, { id: tenant, reason: 'unpaid' }, operator);
  const resume = (tenant = id) => fixture.call(tenants.resumeTenant, { id: tenant }, operator);
  const erase = (name = a.name, tenant = id) =>
    fixture.call(tenants.eraseTenant, { id: tenant, name, reason: 'asked to' }, operator);
  const keep = () => fixture.call(tenants.cancelErasure, { id }, operator);
  const told = async (type: string, tenant = id) => (await fixture.emitted(type, tenant)).map(({ data }) => data);

  it('suspend is told so at every door, and lost nothing when it goes on', async () => {
    const signIn = await fixture.call(auth.createSignIn, { apiKey: a.key }, edge);
    expect(await suspend()).toMatchObject({ id, state: 'suspended', suspendedFor: 'unpaid' });
    const doors = () => [
      fixture.exchange(a.key),
      fixture.exchange(signIn.secret, 'sign-in'),
      fixture.call(auth.createSignIn, { apiKey: a.key }, edge),
      fixture.call(invitations.openLink, { link: a.welcome.split('#')[1]! }, edge),
    ];
    for (const code of await Promise.all(doors().map(refusalOf))) expect(code).toBe('auth.tenant.suspended');
    expect(await refusalOf(fixture.exchange(`${a.key.slice(0, -1)}x`))).toBe('auth.unauthenticated');
    expect(await suspend()).toMatchObject({ state: 'suspended' });
    expect(await told(events.tenantSuspended.type)).toEqual([{ tenant: id, reason: 'unpaid' }]);
    expect(await resume()).toMatchObject({ state: 'active' });
    for (const door of doors()) await expect(door).resolves.toBeDefined();
    expect(await told(events.tenantResumed.type)).toEqual([{ tenant: id }]);
    const acts = (await told(events.tenantOperated.type, operator.tenantId)) as { tenant: string; act: string }[];
    expect(acts.filter(({ tenant }) => tenant === id).map(({ act }) => act)).toEqual(['suspend', 'suspend', 'resume']);
  });

  it('want gone is there until its time of grace is over, and can be kept', async () => {
    expect(await refusalOf(erase())).toBe('auth.tenant.not-suspended');
    await suspend();
    expect(await refusalOf(erase('another'))).toBe('auth.tenant.name-mismatch');
    expect(await refusalOf(keep())).toBe('auth.tenant.not-erasing');
    expect(await refusalOf(fixture.call(tenants.getErasure, { id }, operator))).toBe('auth.tenant.not-erasing');
    const asked = await erase();
    expect(new Date(asked.erasesAt).getTime() - new Date(asked.requestedAt).getTime()).toBe(168 * 3_600_000);
    expect(asked).toMatchObject({ tenant: id, requestedBy: operator.principal.id, answers: [] });
    expect(asked.waitingFor).toHaveLength(7);
    expect(await erase()).toEqual(asked);
    for (const act of [resume, suspend]) expect(await refusalOf(act())).toBe('auth.tenant.erasing');
    expect(await fixture.call(tenants.getErasure, { id }, operator)).toEqual(asked);
    expect(await keep()).toMatchObject({ state: 'suspended' });
    expect(await refusalOf(fixture.call(tenants.getErasure, { id }, operator))).toBe('auth.tenant.not-erasing');
    expect(await resume()).toMatchObject({ state: 'active' });
  });

  it('want gone has its whole time of grace again, whatever a crash left of an erasure that was canceled', async () => {
    await suspend();
    await erase();
    // The tenant is kept, and what was asked for before is still on record: the two are commits of their own.
    await fixture.database.query('update auth.tenant set erase_at = null where tenant_id = $1', [id]);
    await fixture.database.query(
      `update auth.tenant_erasure set requested_at = now() - interval '10 days', erase_at = now() - interval '3 days'
       where erased = $1`,
      [id],
    );
    const { requestedAt, erasesAt } = await erase();
    expect(Date.parse(erasesAt) - Date.parse(requestedAt)).toBe(168 * 3_600_000);
    expect(Date.now() - Date.parse(requestedAt)).toBeLessThan(60_000);
    expect(await keep()).toMatchObject({ state: 'suspended' });
  });

  it('see is never their own, nor one that is not there, nor another operator’s', async () => {
    const own = operator.tenantId;
    expect(await refusalOf(suspend(own))).toBe('auth.tenant.protected');
    for (const code of await Promise.all([suspend(MISSING), resume(MISSING), erase('x', MISSING)].map(refusalOf)))
      expect(code).toBe('auth.tenant.not-found');
    const refused = [
      fixture.call(tenants.suspendTenant, { id: own, reason: 'x' }, a.principal),
      fixture.call(tenants.eraseTenant, { id, name: a.name, reason: 'x' }, a.principal),
      fixture.call(connections.listConnections, {}, { ...operator, scopes: ['platform:operate'] }),
    ];
    for (const code of await Promise.all(refused.map(refusalOf))) expect(code).toBe('auth.forbidden');
  });
});
