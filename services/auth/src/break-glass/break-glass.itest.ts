import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  auth,
  breakGlass,
  emergencyPermissions,
  events,
  invitations,
  mfa,
  passkeys,
  tenantRoles,
  type Permission,
} from '@conclave/contracts';
import { refusalOf, SoftAuthenticator, type TestPrincipal } from '@conclave/dev-env/testing';
import { SITE, edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

const reason = 'the production database is full';
const role = 'on-call';
const held: Permission[] = ['self:read', 'self:manage', 'member:read', 'break-glass:open', 'run:read'];

let fixture: AuthFixture;
let tenant: TestTenant;
let admin: TestPrincipal;
/** Signed in by a passkey. */
let bo: TestPrincipal;
let secret: string;
let device: SoftAuthenticator;

beforeAll(async () => {
  fixture = await startAuth();
});
beforeEach(async () => {
  tenant = await fixture.createTenant();
  admin = tenant.principal;
  await fixture.call(tenantRoles.createRole, { name: role, permissions: held }, admin);
  const { link } = await fixture.call(invitations.createInvitation, { name: 'Bo', role }, admin);
  const word = link.slice(link.indexOf('#') + 1);
  const { options } = await fixture.call(invitations.openLink, { link: word }, edge);
  device = new SoftAuthenticator(SITE);
  const registration = device.make(options);
  ({ secret } = await fixture.call(invitations.acceptLink, { link: word, name: 'laptop', registration }, edge));
  bo = await now();
});
afterAll(() => fixture.stop());

/** What the sign-in is worth right now. */
const now = () => fixture.exchange(secret, 'sign-in');
const open = (as: TestPrincipal = bo, minutes = 5) => fixture.call(breakGlass.openBreakGlass, { reason, minutes }, as);
const end = (id: string, as: TestPrincipal = bo) => fixture.call(breakGlass.endBreakGlass, { id }, as);
const review = (id: string, as: TestPrincipal = admin) =>
  fixture.call(breakGlass.reviewBreakGlass, { id, finding: 'justified', note: 'it was' }, as);
const told = async (type: string) => (await fixture.emitted(type, admin.tenantId)).map(({ data }) => data);
const elapse = (id: string) =>
  fixture.database.query(
    `update auth.break_glass set opened_at = opened_at - interval '5 minutes', ends_at = now() where id = $1`,
    [id],
  );

describe('emergency access', () => {
  it('makes one sign-in worth more, for what does not outlast it, and says so to everybody', async () => {
    const access = await open();
    const worth = await now();
    expect(new Set(worth.scopes)).toEqual(new Set([...held, ...emergencyPermissions]));
    expect(worth.basis!.emergency).toEqual(emergencyPermissions.filter((permission) => !held.includes(permission)));
    for (const lasting of [
      'api-key:manage',
      'member:manage',
      'role:manage',
      'policy:manage',
      'voter-key:enrol',
    ] as const)
      expect(worth.scopes).not.toContain(lasting);
    expect(await fixture.call(auth.getMe, {}, worth)).toMatchObject({
      role,
      breakGlass: { id: access.id, endsAt: access.endsAt },
    });
    expect(Date.parse(access.endsAt) - Date.parse(access.openedAt)).toBe(300_000);
    const { key } = await fixture.call(auth.createApiKey, { name: 'theirs', principal: bo.principal.id }, admin);
    expect(new Set((await fixture.exchange(key)).scopes)).toEqual(new Set(held));
    expect((await fixture.call(breakGlass.listBreakGlass, {}, admin)).items).toEqual([access]);
    expect(await told(events.breakGlassOpened.type)).toMatchObject([
      { breakGlass: access.id, principal: bo.principal.id, signIn: bo.credentialId, reason, endsAt: access.endsAt },
    ]);
  });

  it('ends by itself, by whoever took it, by who manages members, and with its sign-in', async () => {
    const first = await open();
    await elapse(first.id);
    expect(new Set((await now()).scopes)).toEqual(new Set(held));
    const second = await open();
    expect(await end(second.id)).toMatchObject({ endedBy: bo.principal.id });
    expect((await now()).scopes).not.toContain('run:cancel');
    expect(await end(second.id)).toMatchObject({ endedBy: bo.principal.id });
    const demoted = await open();
    await fixture.call(auth.changeMember, { id: bo.principal.id, role: 'viewer' }, admin);
    expect((await now()).scopes).not.toContain('run:cancel');
    await fixture.call(auth.changeMember, { id: bo.principal.id, role }, admin);
    await end(demoted.id);
    const third = await open();
    await end(third.id, admin);
    expect((await now()).scopes).not.toContain('run:cancel');
    expect(await told(events.breakGlassEnded.type)).toHaveLength(3);
    await open();
    await fixture.call(auth.disableMember, { id: bo.principal.id }, admin);
    expect(await refusalOf(now())).toBe('auth.unauthenticated');
  });

  it('goes on when its sign-in does under another secret, and leaves those before as they were', async () => {
    const before = await open();
    await end(before.id);
    const { id } = await open();
    const { options } = await fixture.call(passkeys.challengeSignIn, {}, edge);
    const proof = { passkey: device.sign(options) };
    ({ secret } = await fixture.call(mfa.stepUp, { secret, proof }, edge));
    const proven = await now();
    expect(proven.scopes).toContain('run:cancel');
    expect(proven.credentialId).not.toBe(bo.credentialId);
    const { items } = await fixture.call(breakGlass.listBreakGlass, {}, admin);
    expect(items.map((one) => [one.id, one.signIn])).toEqual([
      [id, proven.credentialId],
      [before.id, bo.credentialId],
    ]);
  });

  it('is looked at by somebody else, once, when it is over', async () => {
    const { id } = await open();
    expect(await refusalOf(review(id))).toBe('auth.break-glass.open');
    await end(id);
    expect(await refusalOf(review(id, { ...bo, scopes: [...held, 'access-review:manage'] }))).toBe(
      'auth.access-review.own-access',
    );
    expect(await review(id)).toMatchObject({
      review: { finding: 'justified', note: 'it was', by: admin.principal.id },
    });
    expect(await refusalOf(review(id))).toBe('auth.break-glass.reviewed');
    expect(await told(events.breakGlassReviewed.type)).toMatchObject([{ breakGlass: id, finding: 'justified' }]);
  });

  it('is for nobody else, nor for a key, nor twice at a time', async () => {
    const { key, id: keyId } = await fixture.call(auth.createApiKey, { name: 'k', principal: bo.principal.id }, admin);
    const byKey = await fixture.exchange(key);
    const opened = await fixture.call(auth.createSignIn, { apiKey: key }, edge);
    const withKey = await fixture.exchange(opened.secret, 'sign-in');
    expect(byKey.credentialId).toBe(keyId);
    expect(await refusalOf(open(byKey))).toBe('auth.break-glass.sign-in');
    expect(await refusalOf(open(withKey))).toBe('auth.step-up.required');
    const { id } = await open();
    expect(await refusalOf(open())).toBe('auth.break-glass.open');
    const other = (await fixture.createTenant()).principal;
    const reader = await fixture.exchange(
      (
        await fixture
          .call(auth.addMember, { name: 'Ray', kind: 'user', role: 'viewer' }, admin)
          .then(({ principal }) => fixture.call(auth.createApiKey, { name: 'r', principal: principal.id }, admin))
      ).key,
    );
    for (const as of [other, reader]) expect(await refusalOf(end(id, as))).toBe('auth.break-glass.not-found');
    expect(await refusalOf(review(id, other))).toBe('auth.break-glass.not-found');
    expect(await refusalOf(open(reader))).toBe('auth.forbidden');
    expect(await refusalOf(fixture.call(breakGlass.openBreakGlass, { reason: 'short' }, bo))).toBe('request.invalid');
  });
});
