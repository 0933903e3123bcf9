import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, events, newId, roles, type Permission, type Role } from '@conclave/contracts';
import { refusalOf, refusedWith, type TestPrincipal } from '@conclave/dev-env/testing';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

describe('managing members', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let b: TestTenant;
  let admin: TestPrincipal;

  beforeAll(async () => {
    fixture = await startAuth();
    b = await fixture.createTenant();
  });
  beforeEach(async () => {
    a = await fixture.createTenant();
    admin = a.principal;
  });
  afterAll(() => fixture.stop());

  const add = (role: Role, as = admin, name = 'Bo') => fixture.call(auth.addMember, { name, kind: 'user', role }, as);
  const change = (id: string, role: Role, as = admin) => fixture.call(auth.changeMember, { id, role }, as);
  const disable = (id: string, as = admin) => fixture.call(auth.disableMember, { id }, as);
  const keyFor = (principal: string, as = admin) => fixture.call(auth.createApiKey, { name: 'theirs', principal }, as);
  const told = async (type: string) => (await fixture.emitted(type, admin.tenantId)).map(({ data }) => data);
  const withScopes = (...scopes: Permission[]): TestPrincipal => ({ ...admin, scopes });

  it.each(['service-account', 'agent'] as const)(
    'adds a member (%s), who gets a key for what the role permits, and says so in the log',
    async (kind) => {
      const member = await fixture.call(auth.addMember, { name: 'Build', kind, role: 'developer' }, admin);
      expect(member).toMatchObject({ principal: { kind, name: 'Build' }, role: 'developer' });
      expect((await fixture.call(auth.listMembers, {}, admin)).items[0]).toEqual(member);
      const { id } = member.principal;
      const key = await keyFor(id);
      expect(key.principal).toBe(id);
      const context = await fixture.exchange(key.key);
      expect(context).toMatchObject({ principal: member.principal, workspaceId: admin.workspaceId });
      expect([...context.scopes!].sort()).toEqual([...roles.developer].sort());
      const where = { principal: id, workspace: admin.workspaceId };
      expect(await told(events.memberAdded.type)).toEqual([{ ...where, role: 'developer' }]);
      expect((await told(events.apiKeyCreated.type)).at(-1)).toMatchObject({ apiKey: key.id, ...where });
    },
  );

  it('adds once per Idempotency-Key', async () => {
    const as = { claims: admin, idempotencyKey: 'add' };
    const request = { name: 'Bo', kind: 'user' as const, role: 'viewer' as const };
    const first = await fixture.call(auth.addMember, request, as);
    expect(await fixture.call(auth.addMember, request, as)).toEqual(first);
    expect((await fixture.call(auth.listMembers, {}, admin)).items).toHaveLength(2);
  });

  it('changes a role, and with it what the keys permit', async () => {
    const { principal } = await add('developer');
    const { key } = await keyFor(principal.id);
    expect(await change(principal.id, 'viewer')).toMatchObject({ principal, role: 'viewer' });
    const { scopes } = await fixture.exchange(key);
    expect(scopes).toContain('run:read');
    expect(scopes).not.toContain('run:create');
    expect(await told(events.memberChanged.type)).toEqual([
      { principal: principal.id, workspace: admin.workspaceId, role: 'viewer' },
    ]);
  });

  it('disables a member: keys and sign-ins are over at once and announced, and stay so', async () => {
    const { principal } = await add('developer');
    const { key, id: keyId } = await keyFor(principal.id);
    const signIn = await fixture.call(auth.createSignIn, { apiKey: key }, edge);
    const context = await fixture.exchange(key);
    const disabled = await disable(principal.id);
    expect(disabled).toMatchObject({ principal, disabledAt: expect.any(String) });
    expect(await disable(principal.id)).toEqual(disabled);
    expect((await fixture.call(auth.listMembers, {}, admin)).items[0]).toEqual(disabled);
    expect(await refusalOf(fixture.exchange(key))).toBe('auth.unauthenticated');
    expect(await refusalOf(fixture.exchange(signIn.secret, 'sign-in'))).toBe('auth.unauthenticated');
    expect((await told(events.credentialRevoked.type)).map(({ credentialId }) => credentialId)).toEqual([
      keyId,
      signIn.id,
    ]);
    expect(await told(events.memberDisabled.type)).toHaveLength(1);
    expect(await refusalOf(fixture.call(auth.getMe, {}, context))).toBe('auth.unauthenticated');
    expect((await fixture.call(auth.listWorkspaces, {}, context)).items).toEqual([]);
    expect(await refusalOf(keyFor(principal.id))).toBe('auth.member.not-found');
    expect(await refusalOf(change(principal.id, 'viewer'))).toBe('auth.member.not-found');
  });

  it('leaves a workspace its last administrator', async () => {
    const me = admin.principal.id;
    expect(await refusalOf(disable(me))).toBe('auth.member.last-administrator');
    expect(await refusalOf(change(me, 'viewer'))).toBe('auth.member.last-administrator');
    expect(await change(me, 'administrator')).toMatchObject({ role: 'administrator' });
    const { principal } = await add('administrator');
    expect(await change(me, 'viewer')).toMatchObject({ role: 'viewer' });
    expect(await refusalOf(disable(principal.id))).toBe('auth.member.last-administrator');
  });

  it('leaves one also when two administrators disable each other at once', async () => {
    const { principal } = await add('administrator');
    const outcomes = await Promise.allSettled([disable(principal.id), disable(admin.principal.id)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('gives, takes and ends no role wider than the credential at hand', async () => {
    const narrow = withScopes('member:manage', 'api-key:manage', ...roles.viewer);
    const [other, viewer] = [await add('administrator'), await add('viewer')];
    const refusals = [
      add('developer', narrow),
      add('administrator', narrow),
      change(viewer.principal.id, 'developer', narrow),
      change(other.principal.id, 'viewer', narrow),
      disable(other.principal.id, narrow),
    ];
    expect(await Promise.all(refusals.map(refusalOf))).toEqual(refusals.map(() => 'auth.role.too-wide'));
    expect(await refusedWith(add('developer', withScopes('member:manage', ...roles.viewer)))).toMatchObject({
      params: { role: 'developer', missing: expect.arrayContaining(['run:create']) },
    });
    await expect(disable(viewer.principal.id, narrow)).resolves.toBeDefined();
  });

  it('makes no key for others that is wider than the maker, and none without leave to manage members', async () => {
    const kind = 'service-account' as const;
    const { principal } = await fixture.call(auth.addMember, { name: 'CI', kind, role: 'administrator' }, admin);
    const narrow = withScopes('member:manage', 'api-key:manage', 'run:read');
    expect((await keyFor(principal.id, narrow)).scopes.sort()).toEqual([...narrow.scopes!].sort());
    const wide = { name: 'x', principal: principal.id, scopes: ['run:create' as const] };
    expect(await refusalOf(fixture.call(auth.createApiKey, wide, narrow))).toBe('auth.scope.too-wide');
    const keysOnly = withScopes('api-key:manage', 'run:read');
    expect(await refusalOf(keyFor(principal.id, keysOnly))).toBe('auth.forbidden');
    expect(await refusalOf(keyFor(newId('principal')))).toBe('auth.member.not-found');
  });

  it('opens a workspace that was just made, to those who administer it only', async () => {
    const workspace = await fixture.call(auth.createWorkspace, { name: 'fresh' }, admin);
    const made = await fixture.call(auth.createApiKey, { name: 'there', workspace: workspace.id }, admin);
    const there = await fixture.exchange(made.key);
    expect(there).toMatchObject({ workspaceId: workspace.id, principal: admin.principal });
    const guest = await add('viewer', there, 'Cy');
    expect((await fixture.call(auth.listMembers, {}, admin)).items.map(({ principal }) => principal.name)).toEqual([
      'Ada',
    ]);
    const colleague = await fixture.exchange((await keyFor((await add('administrator')).principal.id)).key);
    const intoIt = { name: 'x', workspace: workspace.id };
    for (const [who, request] of [
      [colleague, intoIt],
      [colleague, { ...intoIt, principal: guest.principal.id }],
      [admin, { name: 'x', workspace: b.principal.workspaceId }],
      [admin, { name: 'x', workspace: newId('workspace') }],
    ] as const)
      expect(await refusalOf(fixture.call(auth.createApiKey, request, who))).toBe('auth.workspace.not-found');
    const demoted = change(admin.principal.id, 'viewer', there);
    expect(await refusalOf(demoted)).toBe('auth.member.last-administrator');
  });

  it('knows nobody of another tenant or workspace', async () => {
    const foreign = b.principal.principal.id;
    const workspace = await fixture.call(auth.createWorkspace, { name: 'elsewhere' }, admin);
    const { key } = await fixture.call(auth.createApiKey, { name: 'k', workspace: workspace.id }, admin);
    const elsewhere = await fixture.exchange(key);
    const { principal } = await add('viewer');
    for (const call of [
      disable(foreign),
      change(foreign, 'viewer'),
      keyFor(foreign),
      disable(principal.id, elsewhere),
      change(principal.id, 'viewer', elsewhere),
      keyFor(principal.id, elsewhere),
      disable(principal.id, { ...b.principal, workspaceId: admin.workspaceId }),
    ])
      expect(await refusalOf(call)).toBe('auth.member.not-found');
    expect((await fixture.call(auth.listMembers, {}, b.principal)).items).toHaveLength(1);
  });

  it('is for those who may', async () => {
    const as = withScopes(...roles.developer, 'api-key:manage', 'workspace:manage');
    const calls = [add('viewer', as), change(admin.principal.id, 'viewer', as), disable(admin.principal.id, as)];
    expect(await Promise.all(calls.map(refusalOf))).toEqual(calls.map(() => 'auth.forbidden'));
  });
});
