import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auth, events, newId, ownerPermissions, roles, signIns } from '@conclave/contracts';
import { refusalOf, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { OpenSignIn } from './open-sign-in.js';
import { sweepSignIns } from './postgres-sign-ins.js';

describe('sign-ins', () => {
  let fixture: AuthFixture;
  let tenant: TestTenant;
  const signIn = (apiKey: string) => fixture.call(auth.createSignIn, { apiKey }, edge);
  const exchange = (secret: string) => fixture.call(auth.exchangeCredential, { kind: 'sign-in', secret }, edge);

  beforeAll(async () => {
    fixture = await startAuth();
    tenant = await fixture.createTenant();
  });
  afterAll(() => fixture.stop());

  it('open with a key, under a secret of their own', async () => {
    const { id, secret, csrf, expiresAt } = await signIn(tenant.key);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 11 * 3_600_000);
    const exchanged = await exchange(secret);
    expect(exchanged).toMatchObject({ credentialId: id, csrf });
    const claims = await fixture.exchange(secret, 'sign-in');
    expect(claims).toMatchObject({
      ...{ ...tenant.principal, credentialId: id, rootCredentialId: tenant.keyId, expiresAt: expect.any(Number) },
    });
  });

  it('give each page proof of its own sign-in', async () => {
    const [one, other] = [await signIn(tenant.key), await signIn(tenant.key)];
    expect(one.csrf).not.toBe(other.csrf);
    expect((await exchange(one.secret)).csrf).toBe(one.csrf);
  });

  it('do not open with a bad key, nor with another sign-in', async () => {
    const { secret } = await signIn(tenant.key);
    for (const bad of ['nonsense', secret, `${tenant.key}x`])
      expect(await refusalOf(signIn(bad))).toBe('auth.unauthenticated');
  });

  it('do not outlive their key', async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const key = await fixture.call(auth.createApiKey, { name: 'short', expiresAt }, tenant.principal);
    expect((await signIn(key.key)).expiresAt).toBe(expiresAt);
  });

  it('end when asked, once, and say so to those who remember the context', async () => {
    const { id, secret } = await signIn(tenant.key);
    expect(await fixture.call(auth.endSignIn, { secret }, edge)).toEqual({ ended: true });
    expect(await refusalOf(exchange(secret))).toBe('auth.unauthenticated');
    expect(await fixture.call(auth.endSignIn, { secret }, edge)).toEqual({ ended: false });
    expect(await fixture.call(auth.endSignIn, { secret: 'nonsense' }, edge)).toEqual({ ended: false });
    const revoked = await fixture.emitted(events.credentialRevoked.type, tenant.principal.tenantId);
    const told = revoked.filter(({ data }) => data['credentialId'] === id);
    expect(told).toMatchObject([{ actor: tenant.principal.principal.id }]);
  });

  it('end with their key, each announced, and no other sign-in does', async () => {
    const { principal } = tenant;
    const [key, kept] = [
      await fixture.call(auth.createApiKey, { name: 'doomed' }, principal),
      await fixture.call(auth.createApiKey, { name: 'kept' }, principal),
    ];
    const [doomed, survivor] = [await signIn(key.key), await signIn(kept.key)];
    await fixture.call(auth.revokeApiKey, { id: key.id }, principal);
    expect(await refusalOf(exchange(doomed.secret))).toBe('auth.unauthenticated');
    expect(await refusalOf(signIn(key.key))).toBe('auth.unauthenticated');
    await expect(exchange(survivor.secret)).resolves.toMatchObject({ credentialId: survivor.id });
    const revoked = await fixture.emitted(events.credentialRevoked.type, principal.tenantId);
    const ids = revoked.map(({ data }) => data['credentialId']);
    expect(ids).toEqual(expect.arrayContaining([key.id, doomed.id]));
    expect(ids).not.toContain(survivor.id);
  });

  it('are twenty per principal at most: one more ends the oldest', async () => {
    const busy = await fixture.createTenant();
    const key = await fixture.call(auth.createApiKey, { name: 'busy' }, busy.principal);
    const opened = [];
    for (let n = 0; n < 22; n++) opened.push(await signIn(key.key));
    const refusals = await Promise.all(
      opened.map(({ secret }) =>
        exchange(secret).then(
          () => 'good',
          () => 'over',
        ),
      ),
    );
    expect(refusals).toEqual(['over', 'over', ...Array<string>(20).fill('good')]);
    const revoked = await fixture.emitted(events.credentialRevoked.type, busy.principal.tenantId);
    const ids = revoked.map(({ data }) => data['credentialId']);
    expect(opened.filter(({ id }) => ids.includes(id))).toEqual(opened.slice(0, 2));
  });

  it('are forgotten a week after they would have ended', async () => {
    const [old, recent] = [await signIn(tenant.key), await signIn(tenant.key)];
    const expire = (id: string, days: number) =>
      fixture.database.query(`update auth.sign_in set expires_at = now() - $2 * interval '1 day' where id = $1`, [
        id,
        days,
      ]);
    await expire(old.id, 8);
    await expire(recent.id, 6);
    await sweepSignIns(fixture.service.app.get(Database));
    const left = await fixture.database.query<{ id: string }>('select id from auth.sign_in where id = any($1)', [
      [old.id, recent.id],
    ]);
    expect(left).toEqual([{ id: recent.id }]);
  });

  it('opened while their key was being revoked do not work', async () => {
    const key = await fixture.call(auth.createApiKey, { name: 'raced' }, tenant.principal);
    const { secret } = await signIn(key.key);
    await fixture.database.query('update auth.api_key set revoked_at = now() where id = $1', [key.id]);
    expect(await refusalOf(exchange(secret))).toBe('auth.unauthenticated');
  });

  it('are kept as digests only', async () => {
    const { secret, csrf } = await signIn(tenant.key);
    const [row] = await fixture.database.query<{ all: string }>(
      `select string_agg(s::text, ' ') as all from auth.sign_in s`,
    );
    for (const text of [secret, csrf]) {
      expect(row!.all).not.toContain(text);
      expect(row!.all).not.toContain(Buffer.from(text, 'base64url').toString('hex'));
    }
  });

  it('end when nobody used them for a while, and not before', async () => {
    const { id, secret } = await signIn(tenant.key);
    const idle = (minutes: number) =>
      fixture.database.query(`update auth.sign_in set last_used_at = now() - $2 * interval '1 minute' where id = $1`, [
        id,
        minutes,
      ]);
    await idle(119);
    await expect(exchange(secret)).resolves.toMatchObject({ credentialId: id });
    const [row] = await fixture.database.query<{ fresh: boolean }>(
      `select last_used_at > now() - interval '1 minute' as fresh from auth.sign_in where id = $1`,
      [id],
    );
    expect(row).toEqual({ fresh: true });
    await idle(121);
    expect(await refusalOf(exchange(secret))).toBe('auth.unauthenticated');
  });

  describe('of a person', () => {
    let admin: TestPrincipal;
    let member: TestPrincipal;
    beforeAll(async () => {
      admin = (await fixture.createTenant()).principal;
      const { principal } = await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'developer' }, admin);
      const { key } = await fixture.call(auth.createApiKey, { name: 'theirs', principal: principal.id }, admin);
      member = await fixture.exchange(key);
    });
    const open = (of: TestPrincipal, workspaceId?: string) =>
      fixture.service.app.get(Database).tx({ tenantId: of.tenantId, actor: of.principal.id }, (tx) =>
        fixture.service.app.get(OpenSignIn).run(tx, {
          ...{ tenantId: of.tenantId, principalId: of.principal.id, workspaceId },
          ...{ method: 'passkey', factors: ['passkey', 'user-verification'] },
        }),
      );
    const list = (as: TestPrincipal, principal?: string) =>
      fixture.call(signIns.listSignIns, principal === undefined ? {} : { principal }, as);
    const revoke = (id: string, as: TestPrincipal) => fixture.call(signIns.revokeSignIn, { id }, as);

    it('is worth the role, today’s, and says in the log how they proved who they are', async () => {
      const { id, secret } = await open(member);
      expect((await fixture.exchange(secret, 'sign-in')).scopes).toEqual(roles.developer);
      await fixture.setRole(member, 'viewer');
      expect((await fixture.exchange(secret, 'sign-in')).scopes).toEqual(roles.viewer);
      await fixture.setRole(member, 'developer');
      const told = await fixture.emitted(events.signInOpened.type, member.tenantId);
      expect(told.find(({ data }) => data['signIn'] === id)).toMatchObject({
        actor: member.principal.id,
        data: { principal: member.principal.id, method: 'passkey', factors: ['passkey', 'user-verification'] },
      });
    });

    it('shows with the others where they are signed in, and which one asks', async () => {
      const { id, secret } = await open(member);
      const { items } = await list(await fixture.exchange(secret, 'sign-in'));
      expect(items[0]).toMatchObject({ id, method: 'passkey', workspace: member.workspaceId, current: true });
      expect(items.slice(1).map(({ current }) => current)).not.toContain(true);
      expect(await list(admin, member.principal.id)).toMatchObject({ items: [{ id, current: false }, {}] });
      expect(await refusalOf(list(member, admin.principal.id))).toBe('auth.forbidden');
      expect(await list(tenant.principal, member.principal.id)).toEqual({ items: [] });
    });

    it('is ended by its owner, or by who could end the membership, and by nobody else', async () => {
      const [mine, other, above] = [await open(member), await open(member), await open(admin)];
      expect(await revoke(mine.id, member)).toMatchObject({ id: mine.id });
      expect(await refusalOf(exchange(mine.secret))).toBe('auth.unauthenticated');
      const foreign = [
        revoke(mine.id, member),
        revoke(above.id, member),
        revoke(other.id, tenant.principal),
        revoke(newId('signIn'), admin),
      ];
      expect(await Promise.all(foreign.map(refusalOf))).toEqual(foreign.map(() => 'auth.sign-in.not-found'));
      const narrow: TestPrincipal = { ...member, scopes: ['member:manage', 'self:manage', ...roles.viewer] };
      expect(await refusalOf(revoke(above.id, narrow))).toBe('auth.role.too-wide');
      await revoke(other.id, admin);
      expect(await refusalOf(exchange(other.secret))).toBe('auth.unauthenticated');
      const told = await fixture.emitted(events.credentialRevoked.type, admin.tenantId);
      expect(told.map(({ data }) => data['credentialId'])).toEqual([mine.id, other.id]);
    });

    it('ends with all others of the person at once, but the one at hand when it is they who say so', async () => {
      const all = (as: TestPrincipal, principal?: string) =>
        fixture.call(signIns.revokeSignIns, principal === undefined ? {} : { principal }, as);
      const alive = (opened: readonly { secret: string }[]) =>
        Promise.all(
          opened.map(({ secret }) =>
            exchange(secret).then(
              () => true,
              () => false,
            ),
          ),
        );
      const [here, there, above] = [await open(member), await open(member), await open(admin)];
      const atHand = await fixture.exchange(here.secret, 'sign-in');
      expect((await all(atHand)).ended).toBeGreaterThanOrEqual(1);
      expect(await all(atHand)).toEqual({ ended: 0 });
      expect(await alive([here, there, above])).toEqual([true, false, true]);
      const narrow: TestPrincipal = { ...member, scopes: ['member:manage', 'self:manage', ...roles.viewer] };
      for (const [as, whose, code] of [
        [member, admin, 'auth.forbidden'],
        [narrow, admin, 'auth.role.too-wide'],
        [tenant.principal, member, 'auth.member.not-found'],
      ] as const)
        expect(await refusalOf(all(as, whose.principal.id))).toBe(code);
      expect(await alive([here, above])).toEqual([true, true]);
      expect(await all(admin, member.principal.id)).toEqual({ ended: 1 });
      expect(await alive([here, above])).toEqual([false, true]);
    });

    it('opens in a workspace of theirs only, and ends with their membership', async () => {
      expect(await refusalOf(open(member, tenant.principal.workspaceId))).toBe('auth.unauthenticated');
      const { secret } = await open(member, member.workspaceId);
      await fixture.call(auth.disableMember, { id: member.principal.id }, admin);
      expect(await refusalOf(exchange(secret))).toBe('auth.unauthenticated');
      expect(await refusalOf(open(member))).toBe('auth.unauthenticated');
    });

    it('goes on in another workspace of theirs, under another secret and for no longer', async () => {
      const { id: second } = await fixture.call(auth.createWorkspace, { name: 'second' }, admin);
      const move = (secret: string, workspace: string) => fixture.call(signIns.moveSignIn, { secret, workspace }, edge);
      const opened = await open(admin);
      const [proof] = (await list(admin)).items;
      expect(await refusalOf(move(opened.secret, tenant.principal.workspaceId))).toBe('auth.workspace.not-found');
      const moved = await move(opened.secret, second);
      expect(moved.expiresAt).toBe(opened.expiresAt);
      expect(await refusalOf(exchange(opened.secret))).toBe('auth.unauthenticated');
      expect(await refusalOf(move(opened.secret, second))).toBe('auth.unauthenticated');
      expect(await fixture.exchange(moved.secret, 'sign-in')).toMatchObject({
        ...{ workspaceId: second, scopes: ownerPermissions },
      });
      const { method, factors, authenticatedAt } = proof!;
      expect((await list(admin)).items[0]).toMatchObject({ id: moved.id, method, factors, authenticatedAt });
      const { secret } = await signIn(tenant.key);
      expect(await refusalOf(move(secret, tenant.principal.workspaceId))).toBe('auth.forbidden');
    });
  });

  it('are the edge’s business alone', async () => {
    const { principal, key } = tenant;
    expect(await refusalOf(fixture.call(auth.createSignIn, { apiKey: key }, principal))).toBe('auth.forbidden');
    expect(await refusalOf(fixture.call(auth.endSignIn, { secret: 'x' }, principal))).toBe('auth.forbidden');
  });
});
