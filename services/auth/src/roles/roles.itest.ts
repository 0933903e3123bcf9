import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, connections, events, permissions, roles, tenantRoles, type Permission } from '@conclave/contracts';
import { refusalOf, refusedWith, type TestPrincipal } from '@conclave/dev-env/testing';
import { startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

describe('roles of a tenant’s own', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let admin: TestPrincipal;

  beforeAll(async () => {
    fixture = await startAuth();
  });
  beforeEach(async () => {
    a = await fixture.createTenant();
    admin = a.principal;
  });
  afterAll(() => fixture.stop());

  const releasing: Permission[] = ['self:read', 'run:read', 'run:create'];
  const create = (granted = releasing, as = admin, name = 'release-manager') =>
    fixture.call(tenantRoles.createRole, { name, permissions: granted }, as);
  const change = (granted: Permission[], as = admin, name = 'release-manager') =>
    fixture.call(tenantRoles.changeRole, { name, permissions: granted }, as);
  const remove = (as = admin, name = 'release-manager') => fixture.call(tenantRoles.deleteRole, { name }, as);
  const add = (role = 'release-manager', as = admin) =>
    fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role }, as);
  const keyOf = (principal: string, as = admin) => fixture.call(auth.createApiKey, { name: 'theirs', principal }, as);
  const withScopes = (...scopes: Permission[]): TestPrincipal => ({ ...admin, scopes });
  const told = async (type: string) => (await fixture.emitted(type, admin.tenantId)).map(({ data }) => data);

  it('are listed after the built-in ones, made, held, and permit what they name', async () => {
    expect(await create()).toEqual({ name: 'release-manager', permissions: releasing, builtIn: false });
    const { items, bundle } = await fixture.call(tenantRoles.listRoles, {}, admin);
    expect(bundle).toMatch(/^1\+[0-9a-f]{8}$/);
    expect(items.map(({ name, builtIn }) => [name, builtIn])).toEqual([
      ...Object.keys(roles).map((name) => [name, true]),
      ['release-manager', false],
    ]);
    const { principal, role } = await add();
    expect(role).toBe('release-manager');
    const context = await fixture.exchange((await keyOf(principal.id)).key);
    expect([...context.scopes!].sort()).toEqual([...releasing].sort());
    expect(await fixture.call(auth.getMe, {}, context)).toMatchObject({ role: 'release-manager' });
    expect(context.basis).toEqual({ bundle, by: 'custom-role:release-manager' });
    expect(await told(events.roleCreated.type)).toEqual([{ role: 'release-manager', permissions: releasing, bundle }]);
  });

  it('change for everybody who holds them, keys and sign-ins that are there included', async () => {
    await create();
    const { principal } = await add();
    const { key } = await keyOf(principal.id);
    await change(['self:read', 'decision:open']);
    expect((await fixture.exchange(key)).scopes).toEqual(['self:read']);
    await change(['self:read', 'run:read']);
    expect([...(await fixture.exchange(key)).scopes!].sort()).toEqual(['run:read', 'self:read']);
    expect(await told(events.roleChanged.type)).toHaveLength(2);
  });

  it('are deleted when nobody holds them', async () => {
    await create();
    const { principal } = await add();
    expect(await refusalOf(remove())).toBe('auth.role.in-use');
    await fixture.call(auth.changeMember, { id: principal.id, role: 'viewer' }, admin);
    expect(await remove()).toMatchObject({ name: 'release-manager' });
    for (const call of [() => remove(), () => change(releasing), () => add()])
      expect(await refusalOf(call())).toBe('auth.role.not-found');
    expect(await told(events.roleDeleted.type)).toEqual([
      { role: 'release-manager', bundle: expect.stringMatching(/^2\+/) as unknown },
    ]);
  });

  it('are in use while a connection gives them to newcomers', async () => {
    await create();
    const client = { clientId: 'conclave', clientSecret: 'a secret of the client' };
    const settings = { kind: 'oidc' as const, issuer: 'https://issuer.example.com', ...client };
    const provisioning = { mode: 'just-in-time' as const, role: 'release-manager', workspace: admin.workspaceId };
    const made = await fixture.call(
      connections.createConnection,
      { name: 'hub', settings, provisioning, emailDomains: ['example.com'] },
      admin,
    );
    expect(await refusalOf(remove())).toBe('auth.role.in-use');
    await fixture.call(connections.deleteConnection, { id: made.id }, admin);
    expect(await remove()).toMatchObject({ name: 'release-manager' });
  });

  it('of a member who was disabled can be deleted, and permit nothing then', async () => {
    await create();
    const { principal } = await add();
    await fixture.call(auth.disableMember, { id: principal.id }, admin);
    await remove();
    expect((await fixture.call(auth.listMembers, {}, admin)).items[0]).toMatchObject({ role: 'release-manager' });
    expect(await fixture.call(auth.disableMember, { id: principal.id }, admin)).toMatchObject({ principal });
  });

  it('are never made, changed, deleted, given or taken by who holds less', async () => {
    await create();
    const { principal } = await add();
    const narrow = withScopes('role:manage', 'member:manage', 'run:read', 'self:read');
    const missing = ['run:create'];
    const tries = [
      () => create(releasing, narrow, 'other'),
      () => change(['self:read'], narrow),
      () => remove(narrow),
      () => add('release-manager', narrow),
      () => fixture.call(auth.changeMember, { id: principal.id, role: 'auditor' }, narrow),
    ];
    for (const call of tries) expect((await refusedWith(call())).code).toBe('auth.role.too-wide');
    expect(await refusedWith(create(releasing, narrow, 'other'))).toMatchObject({ params: { role: 'other', missing } });
    await create(['run:read'], narrow, 'reader');
    expect(await refusedWith(change(['run:read', 'run:create'], narrow, 'reader'))).toMatchObject({
      params: { missing },
    });
  });

  it('do not let their holder open a workspace, and be administrator there', async () => {
    await create(['workspace:manage']);
    const { principal } = await add();
    const holder = await fixture.exchange((await keyOf(principal.id)).key);
    const call = fixture.call(auth.createWorkspace, { name: 'mine' }, holder);
    expect(await refusalOf(call)).toBe('auth.role.too-wide');
  });

  it('are not what the built-in ones are called', async () => {
    for (const name of Object.keys(roles)) {
      expect(await refusalOf(create(releasing, admin, name))).toBe('auth.role.exists');
      expect(await refusalOf(change(releasing, admin, name))).toBe('auth.role.built-in');
      expect(await refusalOf(remove(admin, name))).toBe('auth.role.built-in');
    }
    for (const name of ['constructor', 'to-string', 'values']) await create(releasing, admin, name);
    await create();
    expect(await refusalOf(create())).toBe('auth.role.exists');
    for (const name of ['', 'Admin', 'a b', '__proto__', 'a--b', '-a', 'x'.repeat(61), 'ａdmin'])
      expect(await refusalOf(create(releasing, admin, name))).toBe('request.invalid');
  });

  it('are at most a hundred', async () => {
    await fixture.database.query(
      `insert into auth.role select $1, 'r' || n, '{run:read}', now() from generate_series(1, 100) n`,
      [admin.tenantId],
    );
    expect(await refusedWith(create())).toMatchObject({ code: 'auth.role.too-many', params: { limit: 100 } });
  });

  it('of another tenant do not exist', async () => {
    await create();
    const { principal: stranger } = await fixture.createTenant();
    expect(await refusalOf(change(releasing, stranger))).toBe('auth.role.not-found');
    expect(await refusalOf(remove(stranger))).toBe('auth.role.not-found');
    expect(await refusalOf(add('release-manager', stranger))).toBe('auth.role.not-found');
    expect((await fixture.call(tenantRoles.listRoles, {}, stranger)).items).toHaveLength(Object.keys(roles).length);
  });

  it('are for who may manage them', async () => {
    const others = withScopes(...permissions.filter((permission) => permission !== 'role:manage'));
    for (const call of [() => create(releasing, others), () => change(releasing, others), () => remove(others)])
      expect(await refusalOf(call())).toBe('auth.forbidden');
  });
});
