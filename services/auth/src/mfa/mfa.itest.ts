import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  auth,
  contracts,
  events,
  invitations,
  mfa,
  ofOperators,
  ownerPermissions,
  passkeys,
  policies,
  roles,
  signIns,
  type RequestInputOf,
} from '@conclave/contracts';
import { refusalOf, refusedWith, SoftAuthenticator, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { Secret, TOTP } from 'otpauth';
import { Authenticator } from '../credentials/authenticator.js';
import { OpenSignIn, type OpenedSignIn } from '../sign-ins/open-sign-in.js';
import { SITE, edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { AuthenticatorApps } from './authenticator-apps.js';
import { ConfirmTotp } from './confirm-totp.js';

type Proof = RequestInputOf<typeof mfa.stepUp>['proof'];

const STEP_MS = 30_000;

describe('second factors', () => {
  let fixture: AuthFixture;
  beforeAll(async () => {
    fixture = await startAuth();
  });
  afterAll(() => fixture.stop());

  /** As somebody comes in through a provider: one factor, and worth their role. */
  const enter = (of: TestPrincipal, factors: readonly string[] = ['provider']): Promise<OpenedSignIn> =>
    fixture.service.app.get(Database).tx({ tenantId: of.tenantId, actor: of.principal.id }, (tx) =>
      fixture.service.app.get(OpenSignIn).run(tx, {
        ...{ tenantId: of.tenantId, principalId: of.principal.id, workspaceId: of.workspaceId },
        ...{ method: 'oidc', factors },
      }),
    );
  const claims = ({ secret }: { secret: string }) => fixture.exchange(secret, 'sign-in');
  const withKey = (apiKey: string) => fixture.call(auth.createSignIn, { apiKey }, edge);
  const show = ({ secret }: { secret: string }, proof: Proof) => fixture.call(mfa.stepUp, { secret, proof }, edge);
  const begin = async (signIn: { secret: string }) => fixture.call(mfa.beginTotp, {}, await claims(signIn));
  const finish = ({ secret }: { secret: string }, code: string) => fixture.call(mfa.addTotp, { secret, code }, edge);
  /** The code of a step, counted from now. */
  const codeOf = (secret: string, step = 0) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + step * STEP_MS });
  const age = async (signIn: { id: string }, minutes: number) =>
    fixture.database.query(
      `update auth.sign_in set authenticated_at = authenticated_at - $2 * interval '1 minute', proven_at = proven_at - $2 * interval '1 minute' where id = $1`,
      [signIn.id, minutes],
    );
  /** Nothing that follows sees the next step come. */
  const withinOneStep = async () => {
    const left = STEP_MS - (Date.now() % STEP_MS);
    if (left < 10_000) await sleep(left);
  };
  /** As if the last code had been taken long ago. */
  const later = ({ tenantId, principal }: TestPrincipal) =>
    fixture.database.query('update auth.totp set last_step = 0 where tenant_id = $1 and principal_id = $2', [
      tenantId,
      principal.id,
    ]);
  async function enrolled(tenant: TestTenant) {
    const first = await enter(tenant.principal);
    const { secret, uri } = await begin(first);
    const opened = await finish(first, codeOf(secret));
    return { first, app: secret, uri, opened, codes: opened.recoveryCodes! };
  }
  const person = async () => {
    const tenant = await fixture.createTenant();
    return { tenant, who: tenant.principal, ...(await enrolled(tenant)) };
  };
  const challenge = async () => (await fixture.call(passkeys.challengeSignIn, {}, edge)).options;
  const addPasskey = async (signIn: { secret: string }) => {
    const device = new SoftAuthenticator(SITE);
    const as = await claims(signIn);
    const registration = device.make((await fixture.call(passkeys.challengePasskey, {}, as)).options);
    return { device, passkey: await fixture.call(passkeys.addPasskey, { name: 'x', registration }, as) };
  };
  const told = async (type: string, { tenantId }: TestPrincipal) =>
    (await fixture.emitted(type, tenantId)).map(({ data }) => data);
  const factorsIn = async (signIn: { secret: string; id: string }) =>
    (await fixture.call(signIns.listSignIns, {}, await claims(signIn))).items.find(({ id }) => id === signIn.id)!
      .factors;

  describe('by an authenticator app', () => {
    it('are added by a code, which lets the sign-in go on proven, under another secret', async () => {
      const { who, first, app, uri, opened, codes } = await person();
      expect(URL.parse(uri)).toMatchObject({ protocol: 'otpauth:', host: 'totp' });
      expect(Object.fromEntries(new URL(uri).searchParams)).toMatchObject({ secret: app, digits: '6', period: '30' });
      expect(await refusalOf(claims(first))).toBe('auth.unauthenticated');
      expect(opened.expiresAt).toBe(first.expiresAt);
      expect(await factorsIn(opened)).toEqual(['provider', 'totp']);
      expect((await claims(opened)).signIn!.provenUntil).toBeGreaterThan(Date.now() + 14 * 60_000);
      expect(new Set(codes).size).toBe(10);
      expect(await fixture.call(mfa.getFactors, {}, await claims(opened))).toMatchObject({
        ...{ mfa: 'optional', totp: { createdAt: expect.any(String) }, passkeys: 0, recoveryCodes: 10 },
      });
      expect(await told('totp.added', who)).toEqual([{ principal: who.principal.id }]);
      const shown = await told('second-factor.shown', who);
      expect(shown).toEqual([{ principal: who.principal.id, signIn: opened.id, factor: 'totp' }]);
      const [row] = await fixture.database.query<{ all: string }>(
        `select concat((select string_agg(t::text, ' ') from auth.totp t), (select string_agg(c::text, ' ') from auth.recovery_code c),
           (select string_agg(e::text, ' ') from auth.outbound_event e)) as all`,
      );
      for (const text of [app, codes[0]!, codes[0]!.replace('-', '')]) expect(row!.all).not.toContain(text);
    });

    it('are good for the step at hand, the one before and the one after, each once, and never an older one', async () => {
      const { who, app } = await person();
      await withinOneStep();
      await later(who);
      for (const step of [-1, 0, 1]) {
        const pending = await enter(who);
        const code = codeOf(app, step);
        const opened = await show(pending, { totp: code });
        expect(await refusalOf(show(opened, { totp: code }))).toBe('auth.second-factor.refused');
        await fixture.database.query('delete from auth.second_factor_failure');
      }
      const pending = await enter(who);
      for (const step of [-2, -1, 0, 1, 2])
        expect([step, await refusalOf(show(pending, { totp: codeOf(app, step) }))]).toEqual([
          step,
          step === 2 ? 'auth.second-factor.locked' : 'auth.second-factor.refused',
        ]);
    });

    it('are one person’s of one tenant: another’s code is a wrong one', async () => {
      const [a, b] = [await person(), await person()];
      await later(a.who);
      const pending = await enter(a.who);
      expect(await refusalOf(show(pending, { totp: codeOf(b.app) }))).toBe('auth.second-factor.refused');
      await fixture.database.query(
        `update auth.totp set sealed = (select sealed from auth.totp where tenant_id = $2), last_step = 0 where tenant_id = $1`,
        [b.who.tenantId, a.who.tenantId],
      );
      const moved = await show(await enter(b.who), { totp: codeOf(a.app) }).catch((error: { code: string }) => error);
      expect(moved).toMatchObject({ code: 'service.internal' });
      const stranger = await fixture.createTenant();
      expect(await refusalOf(show(await enter(stranger.principal), { totp: codeOf(a.app) }))).toBe(
        'auth.second-factor.refused',
      );
    });

    it('are taken once by whoever comes first of many, and guesses at once are counted each', async () => {
      const { who, app } = await person();
      await later(who);
      const pending = await Promise.all(Array.from({ length: 4 }, () => enter(who)));
      const code = codeOf(app);
      const outcomes = await Promise.allSettled(pending.map((signIn) => show(signIn, { totp: code })));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const victim = await person();
      const open = await Promise.all(Array.from({ length: 8 }, () => enter(victim.who)));
      const refusals = await Promise.all(open.map((signIn) => refusalOf(show(signIn, { totp: '000000' }))));
      expect(refusals.filter((code) => code === 'auth.second-factor.refused')).toHaveLength(4);
      expect(refusals.filter((code) => code === 'auth.second-factor.locked')).toHaveLength(4);
    });

    it('are not guessed: five wrong ones lock, longer each time, for good codes and recovery codes, too', async () => {
      const { who, app, codes } = await person();
      await later(who);
      const pending = await enter(who);
      for (let n = 0; n < 4; n++)
        expect(await refusalOf(show(pending, { totp: '000000' }))).toBe('auth.second-factor.refused');
      const waits: unknown[] = [];
      for (let n = 0; n < 9; n++) {
        const { code, params } = await refusedWith(show(pending, { totp: '000000' }));
        expect(code).toBe('auth.second-factor.locked');
        waits.push(params['retryAfterS']);
        for (const proof of [{ totp: codeOf(app) }, { recoveryCode: codes[0]! }])
          expect(await refusalOf(show(pending, proof))).toBe('auth.second-factor.locked');
        await fixture.database.query(`update auth.second_factor_failure set locked_until = now() - interval '1 s'`);
      }
      expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
      const locks = await told('second-factor.locked', who);
      expect(locks[0]).toEqual({ principal: who.principal.id, failures: 5, until: expect.any(String) });
      expect(locks).toHaveLength(9);
      const failed = { method: 'totp', reason: 'wrong', principal: who.principal.id, times: 1 };
      expect(await told('authentication.failed', who)).toEqual(Array.from({ length: 13 }, () => failed));
      await show(pending, { totp: codeOf(app) });
      const fresh = await enter(who);
      expect(await refusalOf(show(fresh, { totp: '000000' }))).toBe('auth.second-factor.refused');
    });

    it('count only once a code of theirs was given, in time, and replace the app before', async () => {
      const { who, app, opened } = await person();
      const next = await begin(opened);
      expect(next.secret).not.toBe(app);
      await later(who);
      const again = await show(opened, { totp: codeOf(app) });
      expect(await refusalOf(finish(again, codeOf(app)))).toBe('auth.second-factor.refused');
      await fixture.database.query(`update auth.totp set created_at = now() - interval '11 minutes'`);
      expect(await refusalOf(finish(again, codeOf(next.secret)))).toBe('auth.second-factor.refused');
      const { secret } = await begin(again);
      const replaced = await finish(again, codeOf(secret));
      expect(replaced).not.toHaveProperty('recoveryCodes');
      await later(who);
      expect(await refusalOf(show(replaced, { totp: codeOf(app) }))).toBe('auth.second-factor.refused');
      await show(replaced, { totp: codeOf(secret) });
    });

    it('stay in use when another was begun while a first code was on its way', async () => {
      const { who, app, opened } = await person();
      const { app: auth } = fixture.service;
      const ctx = { tenantId: who.tenantId, actor: who.principal.id };
      const { secret } = await begin(opened);
      const grant = await auth.get(Authenticator).signIn(opened.secret);
      const whose = { tenantId: who.tenantId, principalId: who.principal.id };
      const before = await auth.get(AuthenticatorApps).onItsWay(ctx, whose);
      await begin(opened);
      const outcome = await auth
        .get(Database)
        .tx(ctx, (tx) => auth.get(ConfirmTotp).run(tx, grant, before, codeOf(secret)));
      expect(outcome).toMatchObject({ code: 'auth.second-factor.refused' });
      await later(who);
      await show(opened, { totp: codeOf(app) });
    });

    it('are shown again to a repeat under the same key, and kept sealed for it', async () => {
      const { principal } = await fixture.createTenant();
      const ctx = { claims: await claims(await enter(principal)), idempotencyKey: 'again' };
      const asked = () => fixture.call(mfa.beginTotp, {}, ctx);
      const [first, second] = [await asked(), await asked()];
      expect(second).toEqual(first);
      const { opened } = await person();
      const codes = async () =>
        fixture.call(mfa.replaceRecoveryCodes, {}, { claims: await claims(opened), idempotencyKey: 'again' });
      const { recoveryCodes } = await codes();
      expect(await codes()).toEqual({ recoveryCodes });
      const [row] = await fixture.database.query<{ all: string }>(
        `select string_agg(i::text, ' ') as all from auth.idempotency i`,
      );
      for (const text of [first.secret, recoveryCodes[0]!]) expect(row!.all).not.toContain(text);
    });

    it('are removed by their owner with a proof of late, under a sign-in, and take their recovery codes along', async () => {
      const { tenant, who, opened } = await person();
      await age(opened, 16);
      expect(await refusalOf(fixture.call(mfa.removeTotp, {}, await claims(opened)))).toBe('auth.step-up.required');
      expect(await refusalOf(fixture.call(mfa.removeTotp, {}, tenant.principal))).toBe('auth.forbidden');
      await age(opened, -16);
      await fixture.call(mfa.removeTotp, {}, await claims(opened));
      expect(await fixture.call(mfa.getFactors, {}, await claims(opened))).toEqual({
        ...{ mfa: 'optional', passkeys: 0, recoveryCodes: 0 },
      });
      expect(await told('totp.removed', who)).toEqual([{ principal: who.principal.id }]);
      expect(await refusalOf(fixture.call(mfa.removeTotp, {}, await claims(opened)))).toBe('auth.totp.not-found');
      expect((await claims(await enter(who))).scopes).toEqual(ownerPermissions);
    });
  });

  describe('by recovery codes', () => {
    it('are each good once, however written down, and each use is told with what is left', async () => {
      const { who, codes, opened } = await person();
      const [code = '', other = ''] = codes;
      const again = await show(opened, { recoveryCode: ` ${code.toUpperCase().replace('-', ' ')}` });
      expect(await factorsIn(again)).toEqual(['provider', 'totp', 'recovery-code']);
      expect(await refusalOf(show(again, { recoveryCode: code }))).toBe('auth.second-factor.refused');
      expect(await told('recovery-code.used', who)).toEqual([{ principal: who.principal.id, left: 9 }]);
      const stranger = await person();
      expect(await refusalOf(show(stranger.opened, { recoveryCode: other }))).toBe('auth.second-factor.refused');
      const { recoveryCodes } = await fixture.call(mfa.replaceRecoveryCodes, {}, await claims(again));
      expect(recoveryCodes).toHaveLength(10);
      expect(await refusalOf(show(again, { recoveryCode: other }))).toBe('auth.second-factor.refused');
      await show(again, { recoveryCode: recoveryCodes[3]! });
      expect(await told('recovery-codes.replaced', who)).toHaveLength(2);
    });

    it('are good for a second factor only: nobody signs in with one, nor has any without something it stands in for', async () => {
      const { codes } = await person();
      for (const secret of [codes[0]!, codes[0]!.replace('-', '')]) {
        expect(await refusalOf(claims({ secret }))).toBe('auth.unauthenticated');
        expect(await refusalOf(withKey(secret))).toBe('auth.unauthenticated');
        expect(await refusalOf(show({ secret }, { recoveryCode: secret }))).toBe('auth.unauthenticated');
      }
      const none = await claims(await enter((await fixture.createTenant()).principal));
      expect(await refusalOf(fixture.call(mfa.replaceRecoveryCodes, {}, none))).toBe('auth.second-factor.none');
    });
  });

  describe('at sign-in', () => {
    it('are asked of whoever has an app, however they came in; before that it is worth nothing on any route', async () => {
      const { tenant, who, app } = await person();
      await later(who);
      for (const opened of [await enter(who), await withKey(tenant.key)]) {
        const pending = await claims(opened);
        expect(pending).toMatchObject({
          scopes: [],
          signIn: { factors: ['totp', 'recovery-code'], withheld: ownerPermissions },
        });
        for (const contract of contracts.filter(({ owner, http }) => owner === 'auth' && http))
          expect([contract.subject, await refusalOf(fixture.call(contract, {}, pending))]).toEqual([
            contract.subject,
            'auth.second-factor.required',
          ]);
        const move = { secret: opened.secret, workspace: who.workspaceId };
        expect(await refusalOf(fixture.call(signIns.moveSignIn, move, edge))).toBe('auth.second-factor.required');
        expect(await refusalOf(begin(opened))).toBe('auth.second-factor.required');
        expect(await refusalOf(finish(opened, codeOf(app)))).toBe('auth.second-factor.required');
      }
      const narrow = await fixture.call(auth.createApiKey, { name: 'n', scopes: ['run:read'] }, who);
      const full = await show(await withKey(narrow.key), { totp: codeOf(app) });
      expect((await claims(full)).scopes).toEqual(['run:read']);
      await fixture.call(auth.revokeApiKey, { id: narrow.id }, who);
      expect(await refusalOf(claims(full))).toBe('auth.unauthenticated');
    });

    it('take browsers back that were open with one when an app is added', async () => {
      const tenant = await fixture.createTenant();
      const other = await enter(tenant.principal);
      expect((await claims(other)).signIn).not.toHaveProperty('withheld');
      await enrolled(tenant);
      expect((await claims(other)).scopes).toEqual([]);
    });

    it('are two already with a passkey, or when a provider whom the connection believes asked for one', async () => {
      const { who } = await person();
      for (const factors of [
        ['passkey', 'user-verification'],
        ['provider', 'provider-mfa'],
      ])
        expect((await claims(await enter(who, factors))).scopes).toEqual(ownerPermissions);
      expect((await claims(await enter(who, ['provider', 'passkey']))).scopes).toEqual([]);
    });

    it('end with the sign-in: an ended one is not stepped up', async () => {
      const { who, app } = await person();
      await later(who);
      const pending = await enter(who);
      await fixture.call(auth.endSignIn, { secret: pending.secret }, edge);
      expect(await refusalOf(show(pending, { totp: codeOf(app) }))).toBe('auth.unauthenticated');
    });
  });

  describe('of late', () => {
    const invite = (as: TestPrincipal) =>
      fixture.call(invitations.createInvitation, { name: 'Bo', role: 'viewer' }, as);

    it('are taken by privileged acts of people, and of nobody else', async () => {
      const { tenant, opened, app, who } = await person();
      await expect(invite(await claims(opened))).resolves.toBeDefined();
      await age(opened, 14);
      await expect(invite(await claims(opened))).resolves.toBeDefined();
      await age(opened, 2);
      const stale = await claims(opened);
      const { code, params } = await refusedWith(invite(stale));
      expect([code, params]).toEqual(['auth.step-up.required', { factors: ['totp', 'recovery-code'] }]);
      for (const contract of contracts.filter(
        ({ owner, stepUp, permission }) => owner === 'auth' && stepUp && permission !== ofOperators,
      ))
        expect([contract.subject, await refusalOf(fixture.call(contract, {}, stale))]).toEqual([
          contract.subject,
          'auth.step-up.required',
        ]);
      await expect(fixture.call(auth.getMe, {}, stale)).resolves.toBeDefined();
      await expect(invite(tenant.principal)).resolves.toBeDefined();
      await later(who);
      const again = await show(opened, { totp: codeOf(app) });
      expect(await refusalOf(claims(opened))).toBe('auth.unauthenticated');
      await expect(invite(await claims(again))).resolves.toBeDefined();
    });

    it('are just having signed in, for who has none to show', async () => {
      const { principal } = await fixture.createTenant();
      const opened = await enter(principal);
      await expect(invite(await claims(opened))).resolves.toBeDefined();
      await age(opened, 16);
      const { code, params } = await refusedWith(invite(await claims(opened)));
      expect([code, params]).toEqual(['auth.step-up.required', { factors: [] }]);
      expect(await refusalOf(begin(opened))).toBe('auth.step-up.required');
    });

    it('are looked up where factors are changed: a token from before there was one is not believed', async () => {
      const tenant = await fixture.createTenant();
      const thief = await enter(tenant.principal);
      const [believed, grant] = [await claims(thief), { secret: thief.secret }];
      await fixture.call(mfa.beginTotp, {}, believed);
      await enrolled(tenant);
      expect(await refusalOf(fixture.call(mfa.beginTotp, {}, believed))).toBe('auth.second-factor.required');
      expect(await refusalOf(fixture.call(passkeys.challengePasskey, {}, believed))).toBe(
        'auth.second-factor.required',
      );
      expect(await refusalOf(fixture.call(mfa.removeTotp, {}, believed))).toBe('auth.second-factor.required');
      expect(await refusalOf(finish(grant, '000000'))).toBe('auth.second-factor.required');
    });

    it('can be a passkey of the person, once, and of nobody else', async () => {
      const { who, opened } = await person();
      const { device } = await addPasskey(opened);
      const pending = await enter(who);
      expect((await claims(pending)).signIn!.factors).toEqual(['totp', 'passkey', 'recovery-code']);
      const answer = device.sign(await challenge());
      const full = await show(pending, { passkey: answer });
      expect(await factorsIn(full)).toEqual(['provider', 'passkey', 'user-verification']);
      expect(await refusalOf(show(full, { passkey: answer }))).toBe('auth.passkey.refused');
      const member = await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'viewer' }, who);
      const colleague = { ...who, principal: { ...who.principal, id: member.principal.id } };
      for (const other of [await enter(colleague), (await person()).opened])
        expect(await refusalOf(show(other, { passkey: device.sign(await challenge()) }))).toBe('auth.passkey.refused');
    });
  });

  describe('demanded by the tenant', () => {
    const put = (demand: 'optional' | 'required', as: TestPrincipal) =>
      fixture.call(mfa.putMfaPolicy, { mfa: demand }, as);

    it('turn every browser with one factor into one that shows or adds a second, and out again', async () => {
      const { who, opened } = await person();
      const member = await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'developer' }, who);
      const bo: TestPrincipal = { ...who, principal: { ...who.principal, id: member.principal.id } };
      const before = await enter(bo);
      expect(await fixture.call(mfa.getMfaPolicy, {}, who)).toEqual({ mfa: 'optional', peopleWithout: 1 });
      expect(await put('required', await claims(opened))).toMatchObject({
        mfa: 'required',
        changedBy: who.principal.id,
      });
      expect(await claims(before)).toMatchObject({ scopes: [], signIn: { factors: [], withheld: roles.developer } });
      expect(await refusalOf(fixture.call(auth.getMe, {}, await claims(before)))).toBe('auth.second-factor.required');
      await age(before, 16);
      expect(await refusalOf(begin(before))).toBe('auth.step-up.required');
      const fresh = await enter(bo);
      const { secret } = await begin(fresh);
      const full = await finish(fresh, codeOf(secret));
      expect(await fixture.call(mfa.getFactors, {}, await claims(full))).toMatchObject({ mfa: 'required' });
      expect(await refusalOf(fixture.call(mfa.removeTotp, {}, await claims(full)))).toBe('auth.second-factor.last');
      expect(await put('optional', await claims(opened))).toMatchObject({ mfa: 'optional', peopleWithout: 0 });
      await put('optional', await claims(opened));
      await fixture.call(mfa.removeTotp, {}, await claims(full));
      expect((await claims(await enter(bo))).scopes).toEqual(roles.developer);
      expect(await told(events.mfaPolicyChanged.type, who)).toEqual([{ mfa: 'required' }, { mfa: 'optional' }]);
    });

    it('can be a passkey that is added then and there; the last one stays, also when two are removed at once', async () => {
      const { who, opened } = await person();
      await put('required', await claims(opened));
      const member = await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'developer' }, who);
      const pending = await enter({ ...who, principal: { ...who.principal, id: member.principal.id } });
      const { device, passkey } = await addPasskey(pending);
      expect(await refusalOf(addPasskey(pending))).toBe('auth.second-factor.required');
      const full = await show(pending, { passkey: device.sign(await challenge()) });
      const as = await claims(full);
      const remove = (id: string) => fixture.call(passkeys.removePasskey, { id }, as);
      expect(await refusalOf(remove(passkey.id))).toBe('auth.second-factor.last');
      const second = await addPasskey(full);
      const outcomes = await Promise.allSettled([remove(passkey.id), remove(second.passkey.id)]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect((await fixture.call(mfa.getFactors, {}, as)).passkeys).toBe(1);
    });

    it('are set by an owner who has shown two, and by no key', async () => {
      const { tenant, who, opened } = await person();
      expect(await refusalOf(put('required', tenant.principal))).toBe('auth.forbidden');
      const single = await fixture.createTenant();
      expect(await refusalOf(put('required', await claims(await enter(single.principal))))).toBe(
        'auth.step-up.required',
      );
      const ana = await fixture.call(auth.addMember, { name: 'Ana', kind: 'user', role: 'administrator' }, who);
      await fixture.call(auth.createWorkspace, { name: 'second' }, who);
      const partial: TestPrincipal = { ...who, principal: { ...who.principal, id: ana.principal.id } };
      const theirs = await enter(partial);
      const done = await finish(theirs, codeOf((await begin(theirs)).secret));
      expect(await refusalOf(put('required', await claims(done)))).toBe('auth.forbidden');
      await put('required', await claims(opened));
      for (const as of [tenant.principal, await claims(await withKey(tenant.key))])
        expect(await refusalOf(put('optional', as))).toMatch(/auth\.(forbidden|second-factor\.required)/);
      expect((await fixture.call(mfa.getMfaPolicy, {}, single.principal)).mfa).toBe('optional');
    });

    it('are not got around with a key: it opens no full sign-in, removes nothing and adds nothing', async () => {
      const { tenant, who, opened } = await person();
      await put('required', await claims(opened));
      const robot = await fixture.call(auth.addMember, { name: 'CI', kind: 'service-account', role: 'viewer' }, who);
      const { key } = await fixture.call(auth.createApiKey, { name: 'ci', principal: robot.principal.id }, who);
      const browser = await withKey(key);
      expect((await claims(browser)).scopes).toEqual([]);
      expect(await refusalOf(begin(browser))).toBe('auth.forbidden');
      const narrow = await fixture.call(
        auth.createApiKey,
        {
          name: 'n',
          scopes: ['self:manage'],
          principal: (await fixture.call(auth.addMember, { name: 'Cy', kind: 'user', role: 'developer' }, who))
            .principal.id,
        },
        who,
      );
      expect(await refusalOf(begin(await withKey(narrow.key)))).toBe('auth.role.too-wide');
      for (const contract of [mfa.beginTotp, mfa.removeTotp, mfa.replaceRecoveryCodes, passkeys.challengePasskey])
        expect([contract.subject, await refusalOf(fixture.call(contract, {}, tenant.principal))]).toEqual([
          contract.subject,
          'auth.forbidden',
        ]);
      const id = 'pky_01h455vb4pex5vsknk084sn02q';
      expect(await refusalOf(fixture.call(passkeys.removePasskey, { id }, tenant.principal))).toBe('auth.forbidden');
      await expect(fixture.call(policies.listPolicies, {}, tenant.principal)).resolves.toBeDefined();
    });
  });

  it('are all gone once a recovery link was used', async () => {
    const { who, opened, app, codes } = await person();
    const { link } = await fixture.call(invitations.createRecovery, { id: who.principal.id }, who);
    const secret = new URL(link).hash.slice(1);
    const { options } = await fixture.call(invitations.openLink, { link: secret }, edge);
    const registration = new SoftAuthenticator(SITE).make(options);
    const back = await fixture.call(invitations.acceptLink, { link: secret, registration, name: 'new' }, edge);
    expect(await refusalOf(claims(opened))).toBe('auth.unauthenticated');
    expect(await fixture.call(mfa.getFactors, {}, await claims(back))).toEqual({
      ...{ mfa: 'optional', passkeys: 1, recoveryCodes: 0 },
    });
    for (const proof of [{ totp: codeOf(app) }, { recoveryCode: codes[0]! }])
      expect(await refusalOf(show(back, proof))).toBe('auth.second-factor.refused');
  });

  it('are the edge’s business alone where cookies change', async () => {
    const { principal } = await fixture.createTenant();
    const proof = { totp: '000000' };
    expect(await refusalOf(fixture.call(mfa.stepUp, { secret: 'x', proof }, principal))).toBe('auth.forbidden');
    expect(await refusalOf(fixture.call(mfa.addTotp, { secret: 'x', code: '000000' }, principal))).toBe(
      'auth.forbidden',
    );
    for (const wrong of [{}, { totp: '12345' }, { totp: 'abcdef' }, { totp: '123456', recoveryCode: 'x' }, 7])
      expect(await refusalOf(show({ secret: 'x' }, wrong as Proof))).toBe('request.invalid');
  });
});
