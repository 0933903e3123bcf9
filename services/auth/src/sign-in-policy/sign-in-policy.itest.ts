import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, connections, events, invitations, passkeys, signInPolicy, tenants } from '@conclave/contracts';
import { eventually, refusalOf, SoftAuthenticator, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { OpenSignIn, type OpenedSignIn } from '../sign-ins/open-sign-in.js';
import { SITE, edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { tokenUnder } from '../testing/oauth-client.js';

const ONLY = 'auth.sign-in.providers-only';
const JOB = join(import.meta.dirname, '../jobs/recover-owner.js');

describe('a tenant whose people come in through its providers only', () => {
  let fixture: AuthFixture;
  let tenant: TestTenant;
  let owner: TestPrincipal;
  let connection: string;
  /** The owner's passkey, and a browser it opened. */
  let device: SoftAuthenticator;
  let byPasskey: OpenedSignIn;

  beforeAll(async () => {
    fixture = await startAuth();
  });
  afterAll(() => fixture.stop());
  beforeEach(async () => {
    tenant = await fixture.createTenant();
    owner = tenant.principal;
    connection = await connect('one');
    device = new SoftAuthenticator(SITE);
    byPasskey = await accept(tenant.welcome, device);
  });

  const connect = async (name: string) => {
    const settings = { kind: 'github' as const, clientId: 'c', clientSecret: 's' };
    return (await fixture.call(connections.createConnection, { name, settings }, owner)).id;
  };
  /** As somebody whom the provider vouched for. */
  const enter = (of: TestPrincipal, through = connection): Promise<OpenedSignIn> =>
    fixture.service.app.get(Database).tx({ tenantId: of.tenantId, actor: of.principal.id }, (tx) =>
      fixture.service.app.get(OpenSignIn).run(tx, {
        ...{ tenantId: of.tenantId, principalId: of.principal.id, workspaceId: of.workspaceId },
        ...{ method: 'oidc', factors: ['provider', 'provider-mfa'], provenAt: new Date(), connectionId: through },
      }),
    );
  const claims = ({ secret }: { secret: string }) => fixture.exchange(secret, 'sign-in');
  const secretOf = (link: string) => link.split('#')[1]!;
  const open = (link: string) => fixture.call(invitations.openLink, { link: secretOf(link) }, edge);
  const accept = async (link: string, with_: SoftAuthenticator) => {
    const registration = with_.make((await open(link)).options);
    return fixture.call(invitations.acceptLink, { link: secretOf(link), registration, name: 'phone' }, edge);
  };
  const showPasskey = async (with_: SoftAuthenticator) => {
    const { options } = await fixture.call(passkeys.challengeSignIn, {}, edge);
    return fixture.call(passkeys.signInWithPasskey, { passkey: with_.sign(options) }, edge);
  };
  const showKey = (apiKey: string) => fixture.call(auth.createSignIn, { apiKey }, edge);
  const put = (as: TestPrincipal, providersOnly: boolean, exempt: string[] = []) =>
    fixture.call(signInPolicy.putSignInPolicy, { providersOnly, exempt }, as);
  const switchOn = async (exempt: string[] = []) => put(await claims(await enter(owner)), true, exempt);
  const addOwner = async () => {
    const { principal } = await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'developer' }, owner);
    await fixture.call(tenants.addOwner, { id: principal.id }, owner);
    const bo: TestPrincipal = { ...owner, principal };
    const key = (await fixture.call(auth.createApiKey, { name: 'b', principal: principal.id }, owner)).key;
    const { link } = await fixture.call(invitations.createRecovery, { id: principal.id }, owner);
    const theirs = new SoftAuthenticator(SITE);
    await accept(link, theirs);
    return { bo, key, device: theirs };
  };

  it('shuts every other way into a browser, those that are open and their programs’, and no key', async () => {
    const token = await tokenUnder(fixture, await claims(byPasskey));
    const { link } = await fixture.call(invitations.createInvitation, { name: 'Cy', role: 'viewer' }, owner);
    const robot = await fixture.call(auth.addMember, { name: 'CI', kind: 'service-account', role: 'viewer' }, owner);
    const { key } = await fixture.call(auth.createApiKey, { name: 'ci', principal: robot.principal.id }, owner);
    const through = await enter(owner);
    expect(await put(await claims(through), true)).toMatchObject({
      ...{ providersOnly: true, exempt: [], peopleWithout: 2, changedBy: owner.principal.id },
    });
    const ways = [showPasskey(device), showKey(tenant.key), showKey(key), open(link)];
    expect(await Promise.all(ways.map(refusalOf))).toEqual([ONLY, ONLY, ONLY, ONLY]);
    await eventually(async () => {
      const told = await fixture.emitted(events.authenticationFailed.type, owner.tenantId);
      const refused = told.filter(({ data }) => data['reason'] === 'providers-only').map(({ data }) => data['method']);
      expect([...new Set(refused)].sort()).toEqual(['api-key', 'link', 'passkey']);
    });
    expect(await refusalOf(claims(byPasskey))).toBe('auth.unauthenticated');
    expect(await refusalOf(fixture.exchange(token, 'access-token'))).toBe('auth.unauthenticated');
    await expect(claims(through)).resolves.toMatchObject({ principal: owner.principal });
    await expect(claims(await enter(owner))).resolves.toMatchObject({ principal: owner.principal });
    for (const good of [tenant.key, key]) await expect(fixture.exchange(good)).resolves.toBeDefined();
    const asked = [
      fixture.call(invitations.createInvitation, { name: 'Di', role: 'viewer' }, owner),
      fixture.call(invitations.createRecovery, { id: owner.principal.id }, owner),
    ];
    expect(await Promise.all(asked.map(refusalOf))).toEqual([ONLY, ONLY]);
    const renewal = (await fixture.call(invitations.listInvitations, {}, owner)).items[0]!.id;
    expect(await refusalOf(fixture.call(invitations.renewInvitation, { id: renewal }, owner))).toBe(ONLY);

    expect(await put(await claims(through), false)).toMatchObject({ providersOnly: false });
    await expect(claims(byPasskey)).resolves.toBeDefined();
    await expect(showPasskey(device)).resolves.toBeDefined();
    await expect(open(link)).resolves.toMatchObject({ name: 'Cy' });
    const told = await fixture.emitted(events.signInPolicyChanged.type, owner.tenantId);
    expect(told.map(({ data }) => data)).toEqual([
      { providersOnly: true, exempt: [] },
      { providersOnly: false, exempt: [] },
    ]);
  });

  it('lets an exempt owner in with a passkey, not with a key, and for as long as they own it', async () => {
    const second = await addOwner();
    const id = second.bo.principal.id;
    expect(await switchOn([id])).toMatchObject({ exempt: [id], peopleWithout: 1 });
    expect(await refusalOf(showKey(second.key))).toBe(ONLY);
    expect(await refusalOf(showPasskey(device))).toBe(ONLY);
    const opened = await showPasskey(second.device);
    await expect(fixture.call(invitations.createRecovery, { id }, owner)).resolves.toBeDefined();
    expect(await refusalOf(put(await claims(opened), true))).toBe('auth.sign-in-policy.untried');
    await fixture.call(tenants.removeOwner, { id }, owner);
    expect(await refusalOf(claims(opened))).toBe('auth.unauthenticated');
    expect(await refusalOf(showPasskey(second.device))).toBe(ONLY);
  });

  it('is made so by an owner who came in through a provider just now, and unmade by any who signed in', async () => {
    const stale = await enter(owner);
    await fixture.database.query(
      `update auth.sign_in set authenticated_at = now() - interval '16 minutes' where id = $1`,
      [stale.id],
    );
    const second = await addOwner();
    const bare = await fixture.call(auth.addMember, { name: 'Cy', kind: 'user', role: 'administrator' }, owner);
    const administrator: TestPrincipal = { ...owner, principal: bare.principal };
    const elsewhere = await fixture.createTenant();
    await accept(elsewhere.welcome, new SoftAuthenticator(SITE));
    const through = await claims(await enter(owner));
    const untried = 'auth.sign-in-policy.untried';
    for (const [as, exempt, code] of [
      [owner, [], 'auth.forbidden'],
      [await claims(byPasskey), [], untried],
      [await claims(stale), [], untried],
      [await claims(await enter(administrator)), [], 'auth.forbidden'],
      [through, [bare.principal.id], 'auth.sign-in-policy.unfit'],
      [through, ['prn_01h455vb4pex5vsknk084sn02q'], 'auth.sign-in-policy.unfit'],
      [through, [elsewhere.principal.principal.id], 'auth.sign-in-policy.unfit'],
    ] as const)
      expect([as.principal, await refusalOf(put(as, true, [...exempt]))]).toEqual([as.principal, code]);
    await fixture.call(tenants.addOwner, { id: bare.principal.id }, owner);
    expect(await refusalOf(put(through, true, [bare.principal.id]))).toBe('auth.sign-in-policy.unfit');
    expect(await fixture.call(signInPolicy.getSignInPolicy, {}, owner)).toMatchObject({ providersOnly: false });
    await put(through, true, [second.bo.principal.id]);
    expect(await refusalOf(put(owner, false))).toBe('auth.forbidden');
    await put(await claims(await showPasskey(second.device)), false);
    await expect(showPasskey(device)).resolves.toBeDefined();
  });

  it('keeps a provider that is enabled, also when two are disabled at once', async () => {
    const other = await connect('two');
    await switchOn();
    const disable = (id: string) =>
      fixture.call(connections.changeConnection, { id, enabled: false }, owner).then(
        () => id,
        (e: Error) => e,
      );
    const outcomes = await Promise.all([disable(connection), disable(other)]);
    const gone = outcomes.filter((one) => typeof one === 'string');
    expect(gone).toHaveLength(1);
    const left = gone[0] === other ? connection : other;
    expect(await refusalOf(fixture.call(connections.changeConnection, { id: left, enabled: false }, owner))).toBe(
      'auth.connection.last',
    );
    expect(await refusalOf(fixture.call(connections.deleteConnection, { id: left }, owner))).toBe(
      'auth.connection.last',
    );
    await fixture.call(connections.deleteConnection, { id: gone[0]! }, owner);
    await expect(claims(await enter(owner, left))).resolves.toBeDefined();
  });

  it('is opened again by whoever holds the database, with a link for an owner', async () => {
    await switchOn();
    const env = { ...fixture.database.environmentOf('auth'), API_KEY_PEPPER: fixture.pepper, PUBLIC_URL: SITE };
    const run = (...args: string[]) =>
      new Promise<string>((done) => {
        execFile(process.execPath, [JOB, ...args], { env: { ...env, API_KEY_ENV: 'test' } }, (_, out, err) =>
          done(out + err),
        );
      });
    expect(await run('--name', 'nobody')).toContain('No such tenant.');
    expect(await run('--name', tenant.name, '--owner', 'prn_01h455vb4pex5vsknk084sn02q')).toContain('No such member');
    expect(await refusalOf(showPasskey(device))).toBe(ONLY);
    const { link, ...rest } = JSON.parse(await run('--name', tenant.name)) as Record<string, string>;
    expect(rest).toEqual({ tenant: owner.tenantId, principal: owner.principal.id });
    const fresh = new SoftAuthenticator(SITE);
    expect((await claims(await accept(link!, fresh))).principal).toEqual(owner.principal);
    await expect(showPasskey(fresh)).resolves.toBeDefined();
  });

  it('is of one tenant: another’s stays as it is', async () => {
    await switchOn();
    const other = await fixture.createTenant();
    await expect(showKey(other.key)).resolves.toBeDefined();
    expect(await fixture.call(signInPolicy.getSignInPolicy, {}, other.principal)).toMatchObject({
      ...{ providersOnly: false, exempt: [] },
    });
  });
});
