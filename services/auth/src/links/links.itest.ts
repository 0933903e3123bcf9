import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  auth,
  events,
  invitations,
  ownerPermissions,
  passkeys,
  roles,
  signIns,
  tenants,
  type Role,
} from '@conclave/contracts';
import { eventually, refusalOf, SoftAuthenticator, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database, type PlacedEvent } from '@conclave/postgres-kit';
import { ForgetSubject } from '../members/forget-subject.js';
import { SITE, edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

describe('one-time links', () => {
  let fixture: AuthFixture;
  let tenant: TestTenant;
  let admin: TestPrincipal;

  beforeAll(async () => {
    fixture = await startAuth();
  });
  beforeEach(async () => {
    tenant = await fixture.createTenant();
    admin = tenant.principal;
  });
  afterAll(() => fixture.stop());

  const secretOf = (link: string): string => {
    const [page, secret] = link.split('#') as [string, string];
    expect(page).toBe(`${SITE}/welcome`);
    return secret;
  };
  const open = (link: string) => fixture.call(invitations.openLink, { link: secretOf(link) }, edge);
  const accept = async (link: string, device = new SoftAuthenticator(SITE)) => {
    const { options } = await open(link);
    return answer(link, device.make(options));
  };
  const answer = (link: string, registration: ReturnType<SoftAuthenticator['make']>) =>
    fixture.call(invitations.acceptLink, { link: secretOf(link), registration, name: 'phone' }, edge);
  const enter = async (device: SoftAuthenticator) => {
    const { options } = await fixture.call(passkeys.challengeSignIn, {}, edge);
    return fixture.call(passkeys.signInWithPasskey, { passkey: device.sign(options) }, edge);
  };
  const invite = (role: Role = 'developer', as = admin, idempotencyKey?: string) =>
    fixture.call(
      invitations.createInvitation,
      { name: 'Bo', email: 'bo@example.com', role },
      { claims: as, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
    );
  const recover = (id: string, as = admin) => fixture.call(invitations.createRecovery, { id }, as);
  const list = (as = admin) => fixture.call(invitations.listInvitations, {}, as);
  const told = async (type: string) => (await fixture.emitted(type, admin.tenantId)).map(({ data }) => data);

  it('let the first administrator in, who makes a passkey and needs no key', async () => {
    expect(await open(tenant.welcome)).toMatchObject({
      ...{ purpose: 'bootstrap', name: 'Ada', tenant: tenant.name, workspace: 'default', role: 'administrator' },
    });
    const device = new SoftAuthenticator(SITE);
    const first = await fixture.exchange((await accept(tenant.welcome, device)).secret, 'sign-in');
    expect(first).toMatchObject({ principal: { name: 'Ada' }, scopes: ownerPermissions });
    const { items } = await fixture.call(signIns.listSignIns, {}, first);
    expect(items[0]).toMatchObject({ method: 'link', factors: ['link', 'passkey', 'user-verification'] });
    await expect(enter(device)).resolves.toBeDefined();
  });

  it('let in once, and nobody who has them otherwise than they were made', async () => {
    const { link } = await invite();
    await accept(link);
    expect(await refusalOf(open(link))).toBe('auth.link.invalid');
    expect(await refusalOf(open(link.toLowerCase()))).toBe('auth.link.invalid');
    expect(await refusalOf(open(`${SITE}/welcome#AAAA`))).toBe('auth.link.invalid');
    expect(await told(events.linkUsed.type)).toMatchObject([{ purpose: 'invitation' }]);
    const failed = { method: 'link', reason: 'over', times: 1 };
    await eventually(async () => expect(await told(events.authenticationFailed.type)).toEqual([failed]));
  });

  it('let in one of two who use them at once', async () => {
    const { link } = await invite();
    const [one, other] = [await open(link), await open(link)];
    const made = [one, other].map(({ options }) => new SoftAuthenticator(SITE).make(options));
    const outcomes = await Promise.allSettled(made.map((registration) => answer(link, registration)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('take a passkey that was made for them only', async () => {
    const [one, other] = [await invite(), await invite()];
    const device = new SoftAuthenticator(SITE);
    const wrong = [
      device.make((await open(other.link)).options),
      device.make((await open(one.link)).options, { clientData: { origin: 'https://evil.example.com' } }),
      device.make((await open(one.link)).options, { flags: 0x41 }),
    ];
    for (const registration of wrong)
      expect(await refusalOf(answer(one.link, registration))).toBe('auth.passkey.refused');
    await expect(accept(one.link)).resolves.toBeDefined();
  });

  it('run out', async () => {
    const { link, id } = await invite();
    await fixture.database.query('update auth.one_time_link set expires_at = now() where id = $1', [id]);
    expect(await refusalOf(open(link))).toBe('auth.link.invalid');
    expect((await list()).items).toEqual([]);
  });

  it('invite a member, who is there from then on and gets in by accepting', async () => {
    const { link, ...invitation } = await invite('developer', admin, 'once');
    expect((await invite('developer', admin, 'once')).link).toBe(link);
    expect((await list()).items).toEqual([invitation]);
    expect(invitation).toMatchObject({ name: 'Bo', email: 'bo@example.com', role: 'developer' });
    expect(await open(link)).toMatchObject({ purpose: 'invitation', invitedBy: 'Ada', name: 'Bo', role: 'developer' });
    const { secret } = await accept(link);
    expect(await fixture.exchange(secret, 'sign-in')).toMatchObject({
      ...{ principal: { id: invitation.principal }, workspaceId: admin.workspaceId, scopes: roles.developer },
    });
    expect((await list()).items).toEqual([]);
    const said = JSON.stringify(await fixture.emitted(undefined, admin.tenantId));
    expect(said).not.toContain('bo@example.com');
    expect(said).not.toContain(link.slice(-40));
  });

  it('are revoked with their member, for good', async () => {
    const { link, id, principal } = await invite();
    const stranger = (await fixture.createTenant()).principal;
    const revoke = (as: TestPrincipal) => fixture.call(invitations.revokeInvitation, { id }, as);
    expect(await refusalOf(revoke(stranger))).toBe('auth.invitation.not-found');
    await revoke(admin);
    expect(await refusalOf(open(link))).toBe('auth.link.invalid');
    expect(await refusalOf(revoke(admin))).toBe('auth.invitation.not-found');
    const { items } = await fixture.call(auth.listMembers, {}, admin);
    expect(items.find((member) => member.principal.id === principal)).toHaveProperty('disabledAt');
    const second = await invite();
    await fixture.call(auth.disableMember, { id: second.principal }, admin);
    expect(await refusalOf(open(second.link))).toBe('auth.link.invalid');
    expect(await told(events.linkRevoked.type)).toMatchObject([{ link: id }, { link: second.id }]);
  });

  it('give no role wider than the credential of who makes them', async () => {
    const narrow = { ...admin, scopes: ['member:manage' as const, ...roles.viewer] };
    expect(await refusalOf(invite('developer', narrow))).toBe('auth.role.too-wide');
    const { principal } = await invite('developer');
    expect(await refusalOf(recover(principal, narrow))).toBe('auth.role.too-wide');
  });

  it('are worth nothing once who made them is gone, and are not made with a key of some networks', async () => {
    const { principal: maker } = await fixture.call(
      auth.addMember,
      { name: 'Mo', kind: 'user', role: 'administrator' },
      admin,
    );
    const as = { ...admin, principal: maker };
    const { link, principal } = await invite('viewer', as);
    await fixture.call(auth.disableMember, { id: maker.id }, admin);
    expect(await refusalOf(open(link))).toBe('auth.link.invalid');
    const { key } = await fixture.call(auth.createApiKey, { name: 'near', allowedAddresses: ['10.0.0.0/8'] }, admin);
    const near = await fixture.exchange(key);
    expect(await refusalOf(invite('viewer', near))).toBe('auth.address.too-wide');
    expect(await refusalOf(recover(principal, near))).toBe('auth.address.too-wide');
  });

  it('open nothing that who made them could not give, whatever their person is given or they lose meanwhile', async () => {
    const key = { name: 'narrow', scopes: ['member:manage' as const, ...roles.developer] };
    const narrow = await fixture.exchange((await fixture.call(auth.createApiKey, key, admin)).key);
    const raise = (id: string, role: string) => fixture.call(auth.changeMember, { id, role }, admin);
    const mo = await fixture.call(auth.addMember, { name: 'Mo', kind: 'user', role: 'administrator' }, admin);
    const as = { ...admin, principal: mo.principal, scopes: roles.administrator };
    const [byKey, byMo, kept] = [await invite('developer', narrow), await invite('viewer', as), await invite()];
    await raise(byKey.principal, 'administrator');
    await fixture.call(tenants.addOwner, { id: byMo.principal }, admin);
    await fixture.call(tenants.addOwner, { id: kept.principal }, admin);
    for (const { link } of [byKey, byMo]) expect(await refusalOf(open(link))).toBe('auth.link.invalid');
    const renewed = (id: string) => fixture.call(invitations.renewInvitation, { id }, as);
    expect(await refusalOf(renewed(byMo.id))).toBe('auth.role.too-wide');
    await expect(accept(kept.link)).resolves.toBeDefined();
    const again = (as: TestPrincipal) =>
      fixture.call(invitations.renewInvitation, { id: wide.id }, { claims: as, idempotencyKey: 'again' });
    const wide = await invite('administrator');
    await again(admin);
    expect(await refusalOf(again(narrow))).toBe('auth.role.too-wide');
    const [begun, device] = [await invite('viewer', as), new SoftAuthenticator(SITE)];
    const registration = device.make((await open(begun.link)).options);
    await raise(mo.principal.id, 'viewer');
    expect(await refusalOf(answer(begun.link, registration))).toBe('auth.link.invalid');
    await raise(mo.principal.id, 'administrator');
    await expect(answer(begun.link, registration)).resolves.toBeDefined();
  });

  it('let back in who lost their passkeys, and end what those opened', async () => {
    const { link, principal } = await invite();
    const lost = new SoftAuthenticator(SITE);
    await accept(link, lost);
    const before = await enter(lost);
    const recovery = await recover(principal);
    expect(await open(recovery.link)).toMatchObject({ purpose: 'recovery', invitedBy: 'Ada', name: 'Bo' });
    await expect(fixture.exchange(before.secret, 'sign-in')).resolves.toBeDefined();
    const fresh = new SoftAuthenticator(SITE);
    const { secret } = await accept(recovery.link, fresh);
    expect(await fixture.exchange(secret, 'sign-in')).toMatchObject({ principal: { id: principal } });
    expect(await refusalOf(fixture.exchange(before.secret, 'sign-in'))).toBe('auth.unauthenticated');
    expect(await refusalOf(enter(lost))).toBe('auth.unauthenticated');
    await expect(enter(fresh)).resolves.toBeDefined();
  });

  it('for recovery replace one another, and reach no workspace that their maker does not manage', async () => {
    const { principal } = await invite();
    const [first, second] = [await recover(principal), await recover(principal)];
    expect(await refusalOf(open(first.link))).toBe('auth.link.invalid');
    await expect(open(second.link)).resolves.toMatchObject({ purpose: 'recovery' });
    const { secret } = await accept(second.link);
    const member = await fixture.exchange(secret, 'sign-in');
    await fixture.call(auth.createWorkspace, { name: 'theirs alone' }, { ...member, scopes: roles.administrator });
    const key = { name: 'theirs', principal: (await invite('administrator')).principal };
    const other = await fixture.exchange((await fixture.call(auth.createApiKey, key, admin)).key);
    expect(await refusalOf(recover(principal, other))).toBe('auth.role.too-wide');
    await expect(recover(principal)).resolves.toBeDefined();
    const stranger = (await fixture.createTenant()).principal;
    expect(await refusalOf(recover(principal, stranger))).toBe('auth.member.not-found');
    const robot = await fixture.call(auth.addMember, { name: 'CI', kind: 'service-account', role: 'viewer' }, admin);
    expect(await refusalOf(recover(robot.principal.id))).toBe('auth.member.not-found');
  });

  it('leave no address behind of whoever is forgotten', async () => {
    const { link, principal } = await invite();
    await accept(link);
    const addresses = async () => (await fixture.call(auth.listMembers, {}, admin)).items.map(({ email }) => email);
    expect(await addresses()).toEqual(['bo@example.com', undefined]);
    const subject = { ...({} as PlacedEvent), tenantId: admin.tenantId, data: { subject: principal } };
    const { app } = fixture.service;
    await app
      .get(Database)
      .tx({ tenantId: admin.tenantId, actor: 'service:auth' }, (tx) => app.get(ForgetSubject).forget(tx, subject));
    const [row] = await fixture.database.query<{ all: string }>(
      `select p::text || n::text || k::text as all from auth.person p
       join auth.principal n on n.id = p.principal_id join auth.passkey k on k.principal_id = n.id where n.id = $1`,
      [principal],
    );
    expect(row!.all).not.toMatch(/Bo|example|phone/);
    expect(await addresses()).toEqual([undefined, undefined]);
  });

  it('are kept as digests only', async () => {
    const { link } = await invite('viewer', admin, 'kept');
    const [row] = await fixture.database.query<{ all: string }>(
      `select (select string_agg(l::text, ' ') from auth.one_time_link l) || (select string_agg(i::text, ' ') from auth.idempotency i) as all`,
    );
    expect(row!.all).toContain('Bo');
    expect(row!.all).not.toContain(secretOf(link));
    expect(row!.all).not.toContain(Buffer.from(secretOf(link), 'base64url').toString('hex'));
  });
});
