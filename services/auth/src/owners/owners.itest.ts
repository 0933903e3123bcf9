import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  auth,
  events,
  invitations,
  ownerPermissions,
  roles,
  tenantRoles,
  tenants,
  type Permission,
} from '@conclave/contracts';
import { refusalOf, refusedWith, type TestPrincipal } from '@conclave/dev-env/testing';
import { startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

const MISSING = 'prn_01jc8xq3v9e603s0m7t4n2k5r9';

describe('owners of a tenant', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let owner: TestPrincipal;

  beforeAll(async () => {
    fixture = await startAuth();
  });
  beforeEach(async () => {
    a = await fixture.createTenant();
    owner = a.principal;
  });
  afterAll(() => fixture.stop());

  const add = (id: string, as = owner) => fixture.call(tenants.addOwner, { id }, as);
  const remove = (id: string, as = owner) => fixture.call(tenants.removeOwner, { id }, as);
  const member = async (role = 'administrator', kind: 'user' | 'service-account' = 'user') =>
    (await fixture.call(auth.addMember, { name: 'Bo', kind, role }, owner)).principal.id;
  const keyOf = async (principal: string) =>
    (await fixture.call(auth.createApiKey, { name: 'theirs', principal }, owner)).key;
  const without = (...scopes: Permission[]): TestPrincipal => ({
    ...owner,
    scopes: ownerPermissions.filter((scope) => !scopes.includes(scope)),
  });
  const disable = (id: string, as = owner) => fixture.call(auth.disableMember, { id }, as);

  it('is the first administrator, who may everything but operate the platform', async () => {
    expect([...owner.scopes!].sort()).toEqual([...ownerPermissions].sort());
    const { items } = await fixture.call(tenants.listOwners, {}, owner);
    expect(items).toEqual([{ principal: { ...owner.principal, name: 'Ada' }, since: expect.any(String) }]);
    expect(await fixture.call(auth.getMe, {}, owner)).toMatchObject({ role: 'administrator', owner: true });
  });

  it('alone do what concerns every workspace', async () => {
    const id = await member();
    const key = await keyOf(id);
    expect([...(await fixture.exchange(key)).scopes!].sort()).toEqual([...roles.administrator].sort());
    await add(id);
    const { key: wide } = await fixture.call(auth.createApiKey, { name: 'wide', principal: id }, owner);
    expect([...(await fixture.exchange(wide)).scopes!].sort()).toEqual([...ownerPermissions].sort());
    await remove(id);
    expect([...(await fixture.exchange(wide)).scopes!].sort()).toEqual([...roles.administrator].sort());
    const told = await Promise.all(
      [events.ownerAdded, events.ownerRemoved].map(({ type }) => fixture.emitted(type, owner.tenantId)),
    );
    expect(told.flat().map(({ data }) => data)).toEqual([{ principal: id }, { principal: id }]);
  });

  it('are owners in whatever role, and no role makes one', async () => {
    const id = await member('viewer');
    await add(id);
    expect((await fixture.exchange(await keyOf(id))).scopes).toContain('connection:manage');
    for (const permission of ['connection:manage', 'tenant:manage', 'platform:operate'] as const)
      expect(
        await refusalOf(
          fixture.call(tenantRoles.createRole, { name: 'mighty', permissions: [permission] as never }, owner),
        ),
      ).toBe('request.invalid');
    expect(
      await refusalOf(fixture.call(tenantRoles.createRole, { name: 'owner', permissions: ['run:read'] }, owner)),
    ).toBe('auth.role.exists');
  });

  it('give and take only what their credential permits', async () => {
    const id = await member();
    const narrow = without('secret:manage');
    expect(await refusedWith(add(id, narrow))).toMatchObject({
      code: 'auth.role.too-wide',
      params: { role: 'owner', missing: ['secret:manage'] },
    });
    await add(id);
    expect(await refusalOf(remove(id, narrow))).toBe('auth.role.too-wide');
    for (const code of await Promise.all(
      [
        disable(id, without('tenant:manage')),
        fixture.call(auth.changeMember, { id, role: 'viewer' }, without('tenant:manage')),
        fixture.call(invitations.createRecovery, { id }, without('tenant:manage')),
      ].map(refusalOf),
    ))
      expect(code).toBe('auth.role.too-wide');
    expect(await refusalOf(add(MISSING))).toBe('auth.member.not-found');
    expect(await refusalOf(remove(await member()))).toBe('auth.member.not-found');
  });

  it('are never none: the last person stays', async () => {
    const robot = await member('administrator', 'service-account');
    await add(robot);
    const last = owner.principal.id;
    expect(await refusalOf(remove(last))).toBe('auth.owner.last');
    await member();
    expect(await refusalOf(disable(last))).toBe('auth.owner.last');
    const heir = await member();
    await add(heir);
    await disable(last);
    const { items } = await fixture.call(tenants.listOwners, {}, owner);
    expect(items.map(({ principal }) => principal.id)).toEqual([robot, heir]);
    expect(await refusalOf(remove(heir))).toBe('auth.owner.last');
  });

  it('stay one of two who take it from each other at once', async () => {
    const heir = await member();
    await add(heir);
    const both = await Promise.allSettled([remove(heir), remove(owner.principal.id)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('became of those who administered every workspace, or else the first', async () => {
    const sql = await readFile(join(import.meta.dirname, '../../../../migrations/auth/0070-owners.sql'), 'utf8');
    const updates = sql.match(/^update principal p[^;]+;/gm)!;
    const b = await fixture.createTenant();
    await member();
    await fixture.call(auth.createWorkspace, { name: 'elsewhere' }, owner);
    const alone = await fixture.exchange(b.key);
    await fixture.database.query(
      `insert into auth.workspace values ($1, 'wsp_zzzzzzzzzzzzzzzzzzzzzzzzzz', 'of nobody here', now())`,
      [alone.tenantId],
    );
    await fixture.database.query(
      `set search_path = auth; update principal set owner_since = null; ${updates.join('')} reset search_path`,
    );
    const owners = async (tenant: string) =>
      (
        await fixture.database.query<{ id: string }>(
          'select id from auth.principal where tenant_id = $1 and owner_since is not null',
          [tenant],
        )
      ).map(({ id }) => id);
    expect(await owners(owner.tenantId)).toEqual([owner.principal.id]);
    expect(await owners(alone.tenantId)).toEqual([alone.principal.id]);
  });

  it('are a hundred at most', async () => {
    await fixture.database.query(
      `with p as (insert into auth.principal (tenant_id, id, kind, name, created_at, owner_since)
         select $1, 'prn_' || lpad(n::text, 26, '0'), 'user', 'n', now(), now() from generate_series(1, 99) n returning id)
       insert into auth.membership (tenant_id, workspace_id, principal_id, role, created_at) select $1, $2, id, 'viewer', now() from p`,
      [owner.tenantId, owner.workspaceId],
    );
    expect(await refusedWith(add(await member()))).toMatchObject({
      code: 'auth.owner.too-many',
      params: { limit: 100 },
    });
  });
});
