import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auth, newId, roles } from '@conclave/contracts';
import { refusalOf, testPrincipal } from '@conclave/dev-env/testing';
import { startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

describe('members and workspaces', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let b: TestTenant;

  beforeAll(async () => {
    fixture = await startAuth();
    [a, b] = [await fixture.createTenant(), await fixture.createTenant()];
  });
  afterAll(() => fixture.stop());

  it('tell a credential who it is', async () => {
    const scopes = ['self:read', 'run:read'] as const;
    expect(await fixture.call(auth.getMe, {}, { ...a.principal, scopes })).toEqual({
      principal: { id: a.principal.principal.id, kind: 'user', name: 'Ada' },
      tenant: { id: a.principal.tenantId, name: a.name },
      workspace: { id: a.principal.workspaceId, name: 'default' },
      role: 'administrator',
      owner: true,
      scopes,
    });
  });

  it('know nobody who is not a member', async () => {
    const strangers = [
      testPrincipal(),
      { ...a.principal, tenantId: b.principal.tenantId },
      { ...a.principal, workspaceId: b.principal.workspaceId },
      { ...a.principal, principal: b.principal.principal },
    ];
    for (const stranger of strangers)
      expect(await refusalOf(fixture.call(auth.getMe, {}, stranger))).toBe('auth.unauthenticated');
    expect(await refusalOf(fixture.call(auth.getMe, {}, { claims: { tenantId: a.principal.tenantId } }))).toBe(
      'auth.forbidden',
    );
  });

  it('are listed for the caller’s workspace only, a page at a time', async () => {
    for (const name of ['Bo', 'Cy'])
      await fixture.call(auth.addMember, { name, kind: 'agent', role: 'developer' }, a.principal);
    const first = await fixture.call(auth.listMembers, { limit: 2 }, a.principal);
    expect(first.items.map(({ principal, role }) => [principal.name, principal.kind, role])).toEqual([
      ['Cy', 'agent', 'developer'],
      ['Bo', 'agent', 'developer'],
    ]);
    const second = await fixture.call(auth.listMembers, { limit: 2, after: first.next! }, a.principal);
    expect(second).toMatchObject({ items: [{ principal: { name: 'Ada' }, role: 'administrator' }] });
    expect(second.next).toBeUndefined();
    const { items } = await fixture.call(auth.listMembers, {}, { ...a.principal, tenantId: b.principal.tenantId });
    expect(items).toEqual([]);
  });

  it('share workspace names within a tenant, not between tenants', async () => {
    const made = await fixture.call(auth.createWorkspace, { name: 'platform' }, a.principal);
    expect(await refusalOf(fixture.call(auth.createWorkspace, { name: 'platform' }, a.principal))).toBe(
      'auth.workspace.exists',
    );
    await expect(fixture.call(auth.createWorkspace, { name: 'platform' }, b.principal)).resolves.toBeDefined();
    const { items } = await fixture.call(auth.listWorkspaces, {}, a.principal);
    expect(items[0]).toEqual(made);
    expect(items.map(({ name }) => name)).toEqual(['platform', 'default']);
  });

  it('open a workspace once per Idempotency-Key', async () => {
    const as = { claims: a.principal, idempotencyKey: 'ws-1' };
    const first = await fixture.call(auth.createWorkspace, { name: 'again' }, as);
    expect(await fixture.call(auth.createWorkspace, { name: 'again' }, as)).toEqual(first);
  });

  it('list only workspaces one belongs to, a page at a time', async () => {
    const page = await fixture.call(auth.listWorkspaces, { limit: 1 }, a.principal);
    expect(page.items).toHaveLength(1);
    const rest = await fixture.call(auth.listWorkspaces, { after: page.next! }, a.principal);
    expect(rest.items.map(({ id }) => id)).not.toContain(page.items[0]!.id);
    const outsider = { ...a.principal, principal: { ...a.principal.principal, id: newId('principal') } };
    expect((await fixture.call(auth.listWorkspaces, {}, outsider)).items).toEqual([]);
  });

  it('need the permission their route names', async () => {
    const nobody = { ...a.principal, scopes: [] };
    const calls = [
      fixture.call(auth.getMe, {}, nobody),
      fixture.call(auth.listMembers, {}, { ...a.principal, scopes: roles.auditor }),
      fixture.call(auth.listWorkspaces, {}, nobody),
      fixture.call(auth.createWorkspace, { name: 'x' }, { ...a.principal, scopes: roles.developer }),
    ];
    expect(await Promise.all(calls.map(refusalOf))).toEqual(calls.map(() => 'auth.forbidden'));
  });
});
