import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { auth, events, roles, type Permission } from '@conclave/contracts';
import { refusalOf, refusedWith, testPrincipal, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

describe('API keys', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let b: TestTenant;

  beforeAll(async () => {
    fixture = await startAuth();
    [a, b] = [await fixture.createTenant(), await fixture.createTenant()];
  });
  afterAll(() => fixture.stop());

  const created = async (tenantId: string) =>
    (await fixture.emitted(events.apiKeyCreated.type, tenantId)).map(({ data }) => data['apiKey']);

  it('are made with the scopes asked for, shown once, and announced', async () => {
    const scopes: Permission[] = ['run:read', 'self:read'];
    const made = await fixture.call(auth.createApiKey, { name: 'CI', scopes }, a.principal);
    expect(made.key).toMatch(/^ccl_test_[0-9a-z]{26}_[0-9A-Za-z]{49}$/);
    expect(made).toMatchObject({ name: 'CI', scopes, principal: a.principal.principal.id });
    const { items } = await fixture.call(auth.listApiKeys, {}, a.principal);
    const { key: _, ...listed } = made;
    expect(items[0]).toEqual(listed);
    expect((await fixture.exchange(made.key)).scopes).toEqual(scopes);
    const [event] = (await fixture.emitted(events.apiKeyCreated.type)).slice(-1);
    expect(event).toMatchObject({
      tenantId: a.principal.tenantId,
      actor: a.principal.principal.id,
      data: { apiKey: made.id, scopes },
    });
  });

  it('get their maker’s scopes when none are named', async () => {
    const maker = { ...a.principal, scopes: ['api-key:manage', 'run:read'] as const };
    const made = await fixture.call(auth.createApiKey, { name: 'same' }, maker);
    expect(made.scopes).toEqual(maker.scopes);
  });

  it('are never wider than their maker', async () => {
    const maker = { ...a.principal, scopes: ['api-key:manage', 'run:read'] as const };
    const before = await created(a.principal.tenantId);
    for (const wanted of roles.administrator.filter((scope) => !maker.scopes.some((s) => s === scope))) {
      const call = fixture.call(auth.createApiKey, { name: 'wide', scopes: ['run:read', wanted] }, maker);
      expect(await refusedWith(call)).toMatchObject({ code: 'auth.scope.too-wide', params: { scopes: [wanted] } });
    }
    expect(await created(a.principal.tenantId)).toEqual(before);
  });

  it('need an expiry that is still to come', async () => {
    const call = fixture.call(auth.createApiKey, { name: 'old', expiresAt: '2020-01-01T00:00:00Z' }, a.principal);
    expect(await refusalOf(call)).toBe('request.invalid');
  });

  it('expire within ten years, so that every key in the list has a date a calendar knows', async () => {
    const far = '9999-12-31T23:59:59-14:00';
    const call = fixture.call(auth.createApiKey, { name: 'far', expiresAt: far }, a.principal);
    expect(await refusedWith(call)).toMatchObject({
      code: 'request.invalid',
      params: { issues: [{ path: 'expiresAt', message: 'expected a time within 10 years' }] },
    });
    const nine = new Date(Date.now() + 9 * 365 * 86_400_000).toISOString();
    const made = await fixture.call(auth.createApiKey, { name: 'long', expiresAt: nine }, a.principal);
    expect((await fixture.call(auth.listApiKeys, {}, a.principal)).items[0]).toMatchObject({
      id: made.id,
      expiresAt: nine,
    });
  });

  it('are good from the networks they are made for, and so is every key and sign-in that comes of them', async () => {
    const allowedAddresses = ['10.0.0.0/8', '2001:db8::/32'];
    const { principal } = a;
    const make = (request: object, by = principal) => fixture.call(auth.createApiKey, { name: 'net', ...request }, by);
    const made = await make({ allowedAddresses });
    expect(made.allowedAddresses).toEqual(allowedAddresses);
    expect((await fixture.call(auth.listApiKeys, {}, principal)).items[0]).toMatchObject({ allowedAddresses });
    const exchanged = await fixture.call(auth.exchangeCredential, { kind: 'api-key', secret: made.key }, edge);
    expect(exchanged.allowedAddresses).toEqual(allowedAddresses);
    const signIn = await fixture.call(auth.createSignIn, { apiKey: made.key }, edge);
    const page = await fixture.call(auth.exchangeCredential, { kind: 'sign-in', secret: signIn.secret }, edge);
    expect(page.allowedAddresses).toEqual(allowedAddresses);
    for (const holder of [await fixture.exchange(made.key), await fixture.exchange(signIn.secret, 'sign-in')]) {
      expect((await make({}, holder)).allowedAddresses).toEqual(allowedAddresses);
      expect((await make({ allowedAddresses: ['10.9.8.7'] }, holder)).allowedAddresses).toEqual(['10.9.8.7']);
      for (const wider of ['0.0.0.0/0', '::/0', '11.0.0.1', '10.0.0.0/7'])
        expect(await refusedWith(make({ allowedAddresses: ['10.1.0.0/16', wider] }, holder))).toMatchObject({
          code: 'auth.address.too-wide',
          params: { allowedAddresses: [wider] },
        });
    }
    for (const odd of [
      [],
      ['10.0.0.0/33'],
      ['10.1'],
      ['010.0.0.1'],
      ['::ffff:10.0.0.1'],
      ['fe80::1%eth0'],
      ['*'],
      ['host'],
    ])
      expect(await refusalOf(make({ allowedAddresses: odd }))).toBe('request.invalid');
  });

  it('are good no longer than what they are made with, be it the key or a sign-in that it opened', async () => {
    const { principal } = a;
    const make = (request: object, by = principal) => fixture.call(auth.createApiKey, { name: 'long', ...request }, by);
    const expiresAt = new Date(Date.now() + 600_000).toISOString();
    const made = await make({ expiresAt });
    const signIn = await fixture.call(auth.createSignIn, { apiKey: made.key }, edge);
    for (const holder of [await fixture.exchange(made.key), await fixture.exchange(signIn.secret, 'sign-in')]) {
      expect((await make({}, holder)).expiresAt).toBe(expiresAt);
      const sooner = new Date(Date.now() + 60_000).toISOString();
      expect((await make({ expiresAt: sooner }, holder)).expiresAt).toBe(sooner);
      const later = make({ expiresAt: new Date(Date.now() + 601_000).toISOString() }, holder);
      expect(await refusedWith(later)).toMatchObject({ code: 'auth.expiry.too-late', params: { latest: expiresAt } });
    }
    expect((await make({})).expiresAt).toBeUndefined();
  });

  it('for another person are made by owners alone, for service accounts and agents by whoever manages members', async () => {
    const { principal: owner } = await fixture.createTenant();
    const add = async (kind: 'user' | 'service-account' | 'agent', role: string) =>
      (await fixture.call(auth.addMember, { name: 'Bo', kind, role }, owner)).principal.id;
    const keyFor = (principal: string, by: TestPrincipal) =>
      fixture.call(auth.createApiKey, { name: 'theirs', principal }, by);
    const person = await add('user', 'administrator');
    const administrator = await fixture.exchange((await keyFor(person, owner)).key);
    const viewer = await add('user', 'viewer');
    for (const another of [owner.principal.id, viewer])
      expect(await refusalOf(keyFor(another, administrator))).toBe('auth.role.too-wide');
    expect((await keyFor(person, administrator)).principal).toBe(person);
    for (const kind of ['service-account', 'agent'] as const) {
      const robot = await add(kind, 'developer');
      const { key, principal } = await keyFor(robot, administrator);
      expect(principal).toBe(robot);
      expect((await fixture.exchange(key)).principal).toEqual({ id: robot, kind, name: 'Bo' });
    }
  });

  it('with a typing error are refused without asking the database', async () => {
    const tenantOf = jest.spyOn(fixture.service.app.get(Database), 'system');
    try {
      const wrong = a.key.slice(0, -1) + (a.key.endsWith('a') ? 'b' : 'a');
      expect(await refusalOf(fixture.exchange(wrong))).toBe('auth.unauthenticated');
      expect(tenantOf).not.toHaveBeenCalled();
    } finally {
      tenantOf.mockRestore();
    }
  });

  it('show in the list when they were last used', async () => {
    const { principal, keyId, key } = await fixture.createTenant();
    await fixture.exchange(key);
    const { items } = await fixture.call(auth.listApiKeys, {}, principal);
    const listed = items.find(({ id }) => id === keyId);
    expect(Date.now() - Date.parse(listed!.lastUsedAt!)).toBeLessThan(60_000);
  });

  it('are not handed out again to a caller who could not make them', async () => {
    const request = { name: 'wide', scopes: ['run:read', 'run:create'] as Permission[] };
    const as = (scopes: readonly Permission[]) => ({ claims: { ...a.principal, scopes }, idempotencyKey: 'replayed' });
    const made = await fixture.call(auth.createApiKey, request, as(roles.administrator));
    const narrow = fixture.call(auth.createApiKey, request, as(['api-key:manage', 'run:read']));
    expect(await refusedWith(narrow)).toMatchObject({
      code: 'auth.scope.too-wide',
      params: { scopes: ['run:create'] },
    });
    expect((await fixture.call(auth.createApiKey, request, as(roles.administrator))).key).toBe(made.key);
  });

  it('are made once per Idempotency-Key, with the same answer, which is not readable in the database', async () => {
    const as = { claims: a.principal, idempotencyKey: 'once' };
    const first = await fixture.call(auth.createApiKey, { name: 'idem' }, as);
    expect(await fixture.call(auth.createApiKey, { name: 'idem' }, as)).toEqual(first);
    expect((await created(a.principal.tenantId)).filter((id) => id === first.id)).toHaveLength(1);
    expect(await refusalOf(fixture.call(auth.createApiKey, { name: 'other' }, as))).toBe(
      'request.idempotency-mismatch',
    );
    const [row] = await fixture.database.query<{ all: string }>(
      `select string_agg(i::text, ' ') as all from auth.idempotency i`,
    );
    expect(row!.all).toContain(first.id);
    expect(row!.all).not.toContain(first.key);
    expect(row!.all).not.toContain(first.key.slice(-49));
  });

  it('are revoked at once and for good, announced once', async () => {
    const { principal } = a;
    const key = await fixture.call(auth.createApiKey, { name: 'gone' }, principal);
    const revoked = await fixture.call(auth.revokeApiKey, { id: key.id }, principal);
    expect(revoked).toMatchObject({ id: key.id, revokedAt: expect.any(String) });
    expect(await fixture.call(auth.revokeApiKey, { id: key.id }, principal)).toEqual(revoked);
    expect(await refusalOf(fixture.exchange(key.key))).toBe('auth.unauthenticated');
    const told = await fixture.emitted(events.credentialRevoked.type, principal.tenantId);
    expect(told.filter(({ data }) => data['credentialId'] === key.id)).toHaveLength(1);
  });

  it('have their runs end with them, or afterwards, when it is asked for by who may cancel these', async () => {
    const { id } = await fixture.call(auth.createApiKey, { name: 'leaked' }, a.principal);
    const revoke = (request: object, as = a.principal) => fixture.call(auth.revokeApiKey, { id, ...request }, as);
    const distrusted = async () =>
      (await fixture.emitted(events.credentialDistrusted.type, a.principal.tenantId)).map(({ data }) => data);
    const narrow = { ...a.principal, scopes: ['api-key:manage', 'run:create'] as const };
    expect(await refusedWith(revoke({ runs: 'cancel' }, narrow))).toMatchObject({
      ...{ code: 'auth.forbidden', params: { permission: 'run:cancel' } },
    });
    expect(await revoke({}, narrow)).toHaveProperty('revokedAt');
    expect(await distrusted()).toEqual([]);
    expect(await refusalOf(revoke({ runs: 'cancel' }, b.principal))).toBe('auth.api-key.not-found');
    await revoke({ runs: 'cancel' });
    expect(await distrusted()).toEqual([{ credential: id }]);
    expect(await refusalOf(revoke({ runs: 'forget' }))).toBe('request.invalid');
  });

  it('of another tenant or workspace do not exist', async () => {
    const elsewhere = await fixture.call(auth.createWorkspace, { name: 'elsewhere' }, a.principal);
    for (const stranger of [b.principal, { ...a.principal, workspaceId: elsewhere.id }, testPrincipal()]) {
      expect(await refusalOf(fixture.call(auth.revokeApiKey, { id: a.keyId }, stranger))).toBe(
        'auth.api-key.not-found',
      );
      const { items } = await fixture.call(auth.listApiKeys, { limit: 100 }, stranger);
      expect(items.map(({ id }) => id)).not.toContain(a.keyId);
    }
    await expect(fixture.exchange(a.key)).resolves.toBeDefined();
  });

  it('are listed newest first, a page at a time, each exactly once', async () => {
    const { principal } = await fixture.createTenant();
    for (let i = 0; i < 6; i++) await fixture.call(auth.createApiKey, { name: `key ${i}` }, principal);
    const names: string[] = [];
    let after: string | undefined;
    do {
      const page = await fixture.call(auth.listApiKeys, { limit: 2, ...(after ? { after } : {}) }, principal);
      expect(page.items.length).toBeLessThanOrEqual(2);
      names.push(...page.items.map(({ name }) => name));
      after = page.next;
    } while (after);
    expect(names).toEqual(['key 5', 'key 4', 'key 3', 'key 2', 'key 1', 'key 0', 'First key']);
  });

  it('are for principals who may manage them', async () => {
    const reader = { ...a.principal, scopes: roles.viewer };
    const service = { claims: { tenantId: a.principal.tenantId } };
    for (const [who, code] of [
      [reader, 'auth.forbidden'],
      [service, 'auth.forbidden'],
    ] as const) {
      expect(await refusalOf(fixture.call(auth.createApiKey, { name: 'no' }, who))).toBe(code);
      expect(await refusalOf(fixture.call(auth.listApiKeys, {}, who))).toBe(code);
      expect(await refusalOf(fixture.call(auth.revokeApiKey, { id: a.keyId }, who))).toBe(code);
    }
  });

  it('leave no event behind when the transaction fails', async () => {
    const before = await fixture.emitted();
    await fixture.database.query(
      `alter table auth.outbound_event add constraint refuse check (type <> 'api-key.created') not valid`,
    );
    const { items } = await fixture.call(auth.listApiKeys, { limit: 100 }, a.principal);
    expect(await refusalOf(fixture.call(auth.createApiKey, { name: 'torn' }, a.principal))).toBe('service.internal');
    await fixture.database.query('alter table auth.outbound_event drop constraint refuse');
    expect(await fixture.emitted()).toEqual(before);
    expect((await fixture.call(auth.listApiKeys, { limit: 100 }, a.principal)).items).toEqual(items);
  });
});
