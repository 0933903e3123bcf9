import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, events, invitations, scim, secrets, tenants, type ReplyOf } from '@conclave/contracts';
import { refusalOf, refusedWith, type TestPrincipal } from '@conclave/dev-env/testing';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

type Limits = ReplyOf<typeof tenants.getLimits>['limits'];

const SCIM_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const MISSING = 'ten_01jc8xq3v9e601s0m7t4n2k5r9';

describe('what a tenant may have at most', () => {
  let fixture: AuthFixture;
  let operator: TestPrincipal;
  let a: TestTenant;
  let owner: TestPrincipal;

  beforeAll(async () => {
    fixture = await startAuth();
    operator = (await fixture.createTenant({ operators: true })).principal;
  });
  beforeEach(async () => {
    a = await fixture.createTenant();
    owner = a.principal;
  });
  afterAll(() => fixture.stop());

  const limit = (limits: Limits, id = owner.tenantId) => fixture.call(tenants.setLimits, { id, limits }, operator);
  const add = () => fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'viewer' }, owner);

  const makers: readonly (readonly [keyof Limits, () => Promise<unknown>])[] = [
    ['workspaces', () => fixture.call(auth.createWorkspace, { name: 'more' }, owner)],
    ['members', add],
    ['members', () => fixture.call(invitations.createInvitation, { name: 'Cy', role: 'viewer' }, owner)],
    ['apiKeys', () => fixture.call(auth.createApiKey, { name: 'more' }, owner)],
    ['secrets', () => fixture.call(secrets.createSecret, { name: 'MORE', value: 'x' }, owner)],
  ];

  it.each(makers)('is refused beyond: %s', async (name, make) => {
    const most = name === 'secrets' ? 0 : 1;
    await limit({ [name]: most });
    expect(await refusedWith(make())).toMatchObject({ code: 'auth.limit.reached', params: { limit: name, most } });
    await limit({ [name]: most + 1 });
    await expect(make()).resolves.toBeDefined();
  });

  it('is refused beyond also of whom a directory begins again', async () => {
    const ask = (method: 'POST' | 'PUT', path: string, active: boolean) =>
      fixture.call(
        scim.scimRequest,
        { ...{ method, path, base: '/scim/v2', query: {} }, body: { schemas: [SCIM_USER], userName: 'di', active } },
        owner,
      );
    const made = await ask('POST', 'Users', true);
    const path = `Users/${(made.body as { id: string }).id}`;
    await ask('PUT', path, false);
    await limit({ members: 2 });
    await add();
    expect(await ask('PUT', path, true)).toMatchObject({ status: 409, body: { code: 'auth.limit.reached' } });
    await limit({ members: 3 });
    expect(await ask('PUT', path, true)).toMatchObject({ status: 200, body: { active: true } });
  });

  it('is set by operators, seen by owners, and told of', async () => {
    const limits = { members: 2, requestsPerMinute: 600, runningTurns: 40, weight: 3 };
    const view = await limit(limits);
    expect(view).toEqual({ limits, used: { workspaces: 1, members: 1, apiKeys: 1, secrets: 0 } });
    expect(await fixture.call(tenants.getOwnLimits, {}, owner)).toEqual(view);
    expect(await fixture.call(tenants.getLimits, { id: owner.tenantId }, operator)).toEqual(view);
    const exchanged = await fixture.call(auth.exchangeCredential, { kind: 'api-key', secret: a.key }, edge);
    expect(exchanged.requestsPerMinute).toBe(600);
    const told = await fixture.emitted(events.limitsChanged.type, owner.tenantId);
    expect(told.map(({ data }) => data)).toEqual([{ limits }]);
    expect(await refusalOf(fixture.call(tenants.setLimits, { id: owner.tenantId, limits: {} }, owner))).toBe(
      'auth.forbidden',
    );
    for (const code of await Promise.all(
      [limit({}, MISSING), fixture.call(tenants.getLimits, { id: MISSING }, operator)].map(refusalOf),
    ))
      expect(code).toBe('auth.tenant.not-found');
  });

  it.each([{ runningTurns: 0 }, { runningTurns: 1.5 }, { weight: 0 }, { weight: 1_001 }, { members: -1 }])(
    'cannot be %j',
    async (limits) => {
      expect(await refusalOf(limit(limits))).toBe('request.invalid');
    },
  );

  it('is not passed by those who come at once', async () => {
    await limit({ members: 3 });
    const made = await Promise.allSettled(Array.from({ length: 6 }, add));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  });
});
