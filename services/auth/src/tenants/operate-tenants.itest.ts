import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auth, contracts, events, invitations, ownerPermissions, tenants } from '@conclave/contracts';
import { refusalOf, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { tenantNamed } from './postgres-tenants.js';

const MISSING = 'ten_01jc8xq3v9e601s0m7t4n2k5r9';

describe('operators', () => {
  let fixture: AuthFixture;
  let operator: TestPrincipal;
  let customer: TestTenant;

  beforeAll(async () => {
    fixture = await startAuth();
    operator = (await fixture.createTenant({ operators: true })).principal;
    customer = await fixture.createTenant();
  });
  afterAll(() => fixture.stop());

  const create = (name: string, as: TestPrincipal | { claims: TestPrincipal; idempotencyKey: string } = operator) =>
    fixture.call(tenants.createTenant, { name }, as);

  it('hold what nobody of another tenant can', async () => {
    expect([...operator.scopes!].sort()).toEqual([...ownerPermissions, 'platform:operate'].sort());
    await fixture.database.query(`update auth.api_key set scopes = scopes || '{platform:operate}' where id = $1`, [
      customer.keyId,
    ]);
    expect((await fixture.exchange(customer.key)).scopes).not.toContain('platform:operate');
    expect(await refusalOf(fixture.call(tenants.listTenants, {}, customer.principal))).toBe('auth.forbidden');
  });

  it('are the administrators of their tenant; viewers there operate nothing', async () => {
    const add = async (role: string) => {
      const { principal } = await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role }, operator);
      const { key } = await fixture.call(auth.createApiKey, { name: 'theirs', principal: principal.id }, operator);
      return (await fixture.exchange(key)).scopes;
    };
    expect(await add('administrator')).toContain('platform:operate');
    expect(await add('developer')).not.toContain('platform:operate');
    const narrow = { ...operator, scopes: ownerPermissions };
    const request = { name: 'Bo', kind: 'user', role: 'administrator' } as const;
    expect(await refusalOf(fixture.call(auth.addMember, request, narrow))).toBe('auth.role.too-wide');
  });

  it('have one tenant', async () => {
    await expect(fixture.createTenant({ operators: true })).rejects.toMatchObject({ code: 'auth.tenant.exists' });
  });

  it('create tenants, whose first owner gets in by a link', async () => {
    const made = await create('Acme');
    expect(made).toMatchObject({ name: 'Acme', state: 'active', link: expect.stringContaining('/welcome#') });
    const opened = await fixture.call(invitations.openLink, { link: made.link.split('#')[1]! }, edge);
    expect(opened).toMatchObject({ purpose: 'bootstrap', tenant: 'Acme', name: 'Owner', role: 'administrator' });
    for (const same of ['Acme', 'aCME']) expect(await refusalOf(create(same))).toBe('auth.tenant.exists');
    const [told] = await fixture.emitted(events.tenantCreated.type, made.id);
    expect(told).toMatchObject({ actor: operator.principal.id, data: { tenant: made.id } });
    const again = { claims: operator, idempotencyKey: 'twice' };
    const first = await create('Beta', again);
    expect(await create('Beta', again)).toEqual(first);
  });

  it('find each by its name, also those that differed in case alone before names were told apart without it', async () => {
    const sql = await readFile(join(import.meta.dirname, '../../../../migrations/auth/0161-tenant-names.sql'), 'utf8');
    const statements = sql.match(/^(update tenant t|create unique index)[^;]+;/gm)!;
    expect(statements).toHaveLength(2);
    await fixture.database.query(
      `drop index auth.tenant_name_in_lower_case;
       insert into auth.tenant (tenant_id, name, created_at) values ('ten_1', 'Twin', now()), ('ten_2', 'tWIN', now() - interval '1 day');
       set search_path = auth; ${statements.join('')} reset search_path`,
    );
    const named = (name: string) => fixture.service.app.get(Database).system((tx) => tenantNamed(tx, name));
    expect(await Promise.all(['tWIN', 'twin', 'Twin'].map(named))).toEqual(['ten_2', 'ten_2', 'ten_1']);
    expect(await refusalOf(create('TWIN'))).toBe('auth.tenant.exists');
    await fixture.database.query(`delete from auth.tenant where tenant_id in ('ten_1', 'ten_2')`);
  });

  it('list them and look at one from outside', async () => {
    const { id } = await create('Gamma');
    const page = await fixture.call(tenants.listTenants, { limit: 1 }, operator);
    expect(page).toMatchObject({ items: [{ id, name: 'Gamma' }], next: id });
    const rest = await fixture.call(tenants.listTenants, { after: id }, operator);
    expect(rest.items.map(({ name }) => name)).toContain(customer.name);
    expect(await fixture.call(tenants.getTenant, { id }, operator)).toEqual(page.items[0]);
    expect(await refusalOf(fixture.call(tenants.getTenant, { id: MISSING }, operator))).toBe('auth.tenant.not-found');
  });

  it('have no route besides these that their permission opens', () => {
    const opened = contracts.filter(({ permission }) => permission === 'platform:operate');
    expect(opened.every(({ http }) => http?.path.startsWith('/v1/tenants'))).toBe(true);
  });
});
