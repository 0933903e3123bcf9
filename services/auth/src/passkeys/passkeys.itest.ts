import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auth, events, newId, ownerPermissions, passkeys, type RequestInputOf } from '@conclave/contracts';
import { eventually, refusalOf, SoftAuthenticator, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { SITE, edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { sweepChallenges } from './postgres-passkeys.js';

describe('passkeys', () => {
  let fixture: AuthFixture;
  let tenant: TestTenant;
  let person: TestPrincipal;

  beforeAll(async () => {
    fixture = await startAuth();
    tenant = await fixture.createTenant();
    person = await signedIn(tenant.key);
    const { device } = await add();
    const { secret } = await enter(device.sign(await challenge()));
    person = await fixture.exchange(secret, 'sign-in');
  });
  afterAll(() => fixture.stop());

  const signedIn = async (apiKey: string) => {
    const { secret } = await fixture.call(auth.createSignIn, { apiKey }, edge);
    return fixture.exchange(secret, 'sign-in');
  };
  const begin = async (as = person) => (await fixture.call(passkeys.challengePasskey, {}, as)).options;
  const keep = (registration: RequestInputOf<typeof passkeys.addPasskey>['registration'], as = person) =>
    fixture.call(passkeys.addPasskey, { name: 'laptop', registration }, as);
  const add = async (device = new SoftAuthenticator(SITE), as = person) => {
    const passkey = await keep(device.make(await begin(as)), as);
    return { device, passkey };
  };
  const challenge = async () => (await fixture.call(passkeys.challengeSignIn, {}, edge)).options;
  type Assertion = ReturnType<SoftAuthenticator['sign']>;
  const enter = (passkey: Assertion, workspace?: string) =>
    fixture.call(passkeys.signInWithPasskey, { passkey, ...(workspace === undefined ? {} : { workspace }) }, edge);

  it('are added under a sign-in, and open the door to all that the person’s role is worth', async () => {
    const { device, passkey } = await add();
    expect((await fixture.call(passkeys.listPasskeys, {}, person)).items[0]).toEqual(passkey);
    const { secret, id } = await enter(device.sign(await challenge()));
    expect(await fixture.exchange(secret, 'sign-in')).toMatchObject({
      ...{ credentialId: id, tenantId: person.tenantId, workspaceId: person.workspaceId, scopes: ownerPermissions },
    });
    const opened = await fixture.emitted(events.signInOpened.type, person.tenantId);
    expect(opened.at(-1)).toMatchObject({
      actor: person.principal.id,
      data: { signIn: id, method: 'passkey', factors: ['passkey', 'user-verification'] },
    });
    const added = await fixture.emitted(events.passkeyAdded.type, person.tenantId);
    expect(added.at(-1)!.data).toEqual({ passkey: passkey.id, principal: person.principal.id });
    const [used] = (await fixture.call(passkeys.listPasskeys, {}, person)).items;
    expect(used).toHaveProperty('lastUsedAt');
  });

  it('are made at our address only, by a verified person, for a challenge that was theirs, once', async () => {
    const other = await signedIn((await fixture.createTenant()).key);
    const device = () => new SoftAuthenticator(SITE);
    const options = await begin();
    const wrong = [
      device().make({ ...options, challenge: Buffer.alloc(54).toString('base64url') }),
      device().make({ ...options, challenge: 'AAAA' }),
      device().make(await begin(other)),
      device().make({ ...options, ...(await challenge()) }),
      device().make(options, { clientData: { origin: 'https://conclave.example.org' } }),
      device().make(options, { clientData: { type: 'webauthn.get' } }),
      device().make(options, { clientData: { challenge: 7 } }),
      device().make(options, { rpId: 'example.com' }),
      device().make(options, { flags: 0x41 }),
      { ...device().make(options), attestationObject: 'AAAA' },
      { ...device().make(options), clientDataJSON: 'AAAA' },
    ];
    for (const registration of wrong) expect(await refusalOf(keep(registration))).toBe('auth.passkey.refused');
    await keep(device().make(options));
    expect(await refusalOf(keep(device().make(options)))).toBe('auth.passkey.refused');
  });

  it('belong to one person: nobody adds another’s credential to themselves', async () => {
    const { device } = await add();
    const other = await signedIn((await fixture.createTenant()).key);
    const copy = new SoftAuthenticator(SITE, device.credentialId);
    expect(await refusalOf(add(copy, other))).toBe('auth.passkey.refused');
    expect(await refusalOf(add(copy))).toBe('auth.passkey.refused');
  });

  it('open the door for an honest answer only, and for each once; others are on record, once for those alike', async () => {
    const { device, passkey } = await add();
    const options = await challenge();
    const stranger = new SoftAuthenticator(SITE);
    stranger.make(await begin());
    const wrong: Assertion[] = [
      stranger.sign(options),
      device.sign(await begin()),
      device.sign({ challenge: Buffer.alloc(54, 1).toString('base64url') }),
      device.sign(options, { clientData: { origin: 'https://evil.example.com' } }),
      device.sign(options, { clientData: { type: 'webauthn.create' } }),
      device.sign(options, { rpId: 'example.com' }),
      device.sign(options, { flags: 0x01 }),
      device.sign(options, { flags: 0x04 }),
      device.sign(options, { signature: Buffer.alloc(70, 1) }),
      device.sign(options, { userHandle: Buffer.from(newId('principal')).toString('base64url') }),
      { ...stranger.sign(options), id: device.credentialId.toString('base64url') },
      { ...device.sign(options), clientDataJSON: 'bm9uc2Vuc2U' },
      { ...device.sign(options), authenticatorData: 'AAAA' },
    ];
    for (const answer of wrong) expect(await refusalOf(enter(answer))).toBe('auth.unauthenticated');
    const good = device.sign(options);
    await enter(good);
    expect(await refusalOf(enter(good))).toBe('auth.unauthenticated');
    expect(await refusalOf(enter(device.sign(options)))).toBe('auth.unauthenticated');
    const told = async () =>
      (await fixture.emitted(events.authenticationFailed.type, person.tenantId))
        .map(({ data }) => data)
        .filter(({ credential }) => credential === passkey.id);
    const attempt = { method: 'passkey', reason: 'wrong', credential: passkey.id };
    const principal = person.principal.id;
    await eventually(async () => expect(await told()).toEqual([{ ...attempt, principal, times: 1 }]));
  });

  it('that were copied are noticed by their counter', async () => {
    const { device } = await add();
    await enter(device.sign(await challenge(), { counter: 40 }));
    expect(await refusalOf(enter(device.sign(await challenge(), { counter: 40 })))).toBe('auth.unauthenticated');
    await expect(enter(device.sign(await challenge(), { counter: 41 }))).resolves.toBeDefined();
  });

  it('never open another tenant, nor a workspace where the person is no member', async () => {
    const { device } = await add();
    const foreign = (await fixture.createTenant()).principal;
    expect(await refusalOf(enter(device.sign(await challenge()), foreign.workspaceId))).toBe('auth.unauthenticated');
    const second = await fixture.call(auth.createWorkspace, { name: 'second' }, person);
    const { secret } = await enter(device.sign(await challenge()), second.id);
    expect(await fixture.exchange(secret, 'sign-in')).toMatchObject({ workspaceId: second.id });
  });

  it('are renamed and removed by their owner only, and end what they opened', async () => {
    const { device, passkey } = await add();
    const { secret } = await enter(device.sign(await challenge()));
    const member = await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'administrator' }, person);
    const { key } = await fixture.call(auth.createApiKey, { name: 'x', principal: member.principal.id }, person);
    const colleague = await signedIn(key);
    for (const as of [colleague, await signedIn((await fixture.createTenant()).key)]) {
      const rename = fixture.call(passkeys.renamePasskey, { id: passkey.id, name: 'mine' }, as);
      expect(await refusalOf(rename)).toBe('auth.passkey.not-found');
      expect(await refusalOf(fixture.call(passkeys.removePasskey, { id: passkey.id }, as))).toBe(
        'auth.passkey.not-found',
      );
    }
    expect(await fixture.call(passkeys.renamePasskey, { id: passkey.id, name: 'desk' }, person)).toMatchObject({
      name: 'desk',
    });
    await fixture.call(passkeys.removePasskey, { id: passkey.id }, person);
    expect(await refusalOf(fixture.exchange(secret, 'sign-in'))).toBe('auth.unauthenticated');
    expect(await refusalOf(enter(device.sign(await challenge())))).toBe('auth.unauthenticated');
    const removed = await fixture.emitted(events.passkeyRemoved.type, person.tenantId);
    expect(removed.at(-1)!.data).toEqual({ passkey: passkey.id, principal: person.principal.id });
  });

  it('of a disabled member open nothing', async () => {
    const member = await fixture.call(auth.addMember, { name: 'Cy', kind: 'user', role: 'viewer' }, person);
    const { key } = await fixture.call(auth.createApiKey, { name: 'x', principal: member.principal.id }, person);
    const { device } = await add(new SoftAuthenticator(SITE), await signedIn(key));
    await expect(enter(device.sign(await challenge()))).resolves.toBeDefined();
    await fixture.call(auth.disableMember, { id: member.principal.id }, person);
    expect(await refusalOf(enter(device.sign(await challenge())))).toBe('auth.unauthenticated');
  });

  it('are not made of something narrower than they are: a key, a narrow key’s sign-in, a service account', async () => {
    expect(await refusalOf(begin(tenant.principal))).toBe('auth.forbidden');
    const { principal: other } = await fixture.createTenant();
    const narrow = await fixture.call(auth.createApiKey, { name: 'n', scopes: ['self:manage'] }, other);
    expect(await refusalOf(begin(await signedIn(narrow.key)))).toBe('auth.role.too-wide');
    const robot = await fixture.call(auth.addMember, { name: 'CI', kind: 'service-account', role: 'viewer' }, other);
    const { key } = await fixture.call(auth.createApiKey, { name: 'ci', principal: robot.principal.id }, other);
    expect(await refusalOf(begin(await signedIn(key)))).toBe('auth.forbidden');
  });

  it('leave no answered challenge behind that has run out', async () => {
    await fixture.database.query(`update auth.spent_challenge set expires_at = now() - interval '1 second'`);
    const { device } = await add();
    await enter(device.sign(await challenge()));
    await sweepChallenges(fixture.service.app.get(Database));
    expect(await fixture.database.query('select 1 from auth.spent_challenge')).toHaveLength(2);
  });
});

describe('without an address that browsers trust', () => {
  it('no passkeys are offered', async () => {
    const fixture = await startAuth({ PUBLIC_URL: 'http://conclave.example.com' });
    expect(await refusalOf(fixture.call(passkeys.challengeSignIn, {}, edge))).toBe('auth.passkeys-unavailable');
    await fixture.stop();
  });
});
