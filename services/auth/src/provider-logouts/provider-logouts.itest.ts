/** Signing out with identity providers: here first, there first, and nobody who was not meant. */
import { X509Certificate, createVerify } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, connections, events, signIns, type ReplyOf, type RequestInputOf } from '@conclave/contracts';
import { refusalOf, testIdp, type LogoutSaid, type Said } from '@conclave/dev-env/testing';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { Database, type PlacedEvent } from '@conclave/postgres-kit';
import { ForgetSubject } from '../members/forget-subject.js';
import { sweepSignIns } from '../sign-ins/postgres-sign-ins.js';
import { tokenUnder } from '../testing/oauth-client.js';
import { startForger } from '../testing/forging-issuer.js';
import { startIssuer } from '../testing/test-issuer.js';

type Connection = ReplyOf<typeof connections.createConnection>;
type Settings = RequestInputOf<typeof connections.createConnection>['settings'];

const idp = testIdp();
const saml: Settings = { kind: 'saml', metadata: idp.metadata };
const REFUSED = 'auth.logout.refused';

let fixture: AuthFixture;
let a: TestTenant;
let connection: Connection;
let named = 0;

beforeAll(async () => {
  fixture = await startAuth();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  a = await fixture.createTenant();
});

const connect = async (settings: Settings, tenant = a): Promise<Connection> => {
  const { principal } = tenant;
  const name = `idp ${(named += 1)}`;
  const made = await fixture.call(connections.createConnection, { name, settings }, principal);
  for (const subject of ['ada', 'ada two'])
    await fixture.call(
      connections.linkIdentity,
      { id: made.id, principal: principal.principal.id, subject },
      principal,
    );
  return made;
};
const messageOf = (location: string, member: string): string =>
  inflateRawSync(Buffer.from(new URL(location).searchParams.get(member)!, 'base64')).toString();
const idOf = (xml: string): string => / ID="([^"]+)"/.exec(xml)![1]!;
const begin = (to: Connection) => fixture.call(connections.beginConnectionSignIn, { connection: to.id }, edge);

async function signIn(said: Partial<Said> = {}, to = connection): Promise<string> {
  const { location, flow } = await begin(to);
  const requestId = idOf(messageOf(location, 'SAMLRequest'));
  const { entityId = '', callback: acs } = to.urls;
  const response = Buffer.from(await idp.respond({ entityId, acs, requestId, ...said })).toString('base64');
  const answer = { kind: 'saml' as const, response };
  return (await fixture.call(connections.finishConnectionSignIn, { connection: to.id, flow, answer }, edge)).secret;
}
const isOpen = (secret: string): Promise<boolean> =>
  fixture.exchange(secret, 'sign-in').then(
    () => true,
    () => false,
  );
const end = (secret: string) => fixture.call(auth.endSignIn, { secret }, edge);
const order = (said: Partial<LogoutSaid> = {}, to = connection, by = idp) => {
  const { query } = by.logout({ slo: to.urls.providerLogout!, ...said });
  const request = { binding: 'redirect' as const, query };
  return fixture.call(connections.answerSamlLogout, { connection: to.id, request }, edge);
};
const finish = (flow: string | undefined, said: Partial<LogoutSaid>, to = connection) => {
  const { post } = idp.logout({ slo: to.urls.providerLogout!, ...said });
  const response = { binding: 'post' as const, message: post };
  return fixture.call(connections.finishSamlLogout, { connection: to.id, response, ...(flow ? { flow } : {}) }, edge);
};
const certificatesOf = async (to: Connection): Promise<string[]> => {
  const { xml } = await fixture.call(connections.getSamlMetadata, { connection: to.id }, edge);
  return [...xml.matchAll(/use="signing">.*?<ds:X509Certificate>([^<]+)/g)].map(([, base64]) => base64!);
};
const isSignedBy = (location: string, base64: string): boolean => {
  const [text, signature = ''] = new URL(location).search.slice(1).split('&Signature=');
  const { publicKey } = new X509Certificate(Buffer.from(base64, 'base64'));
  return createVerify('RSA-SHA256').update(text!).verify(publicKey, decodeURIComponent(signature), 'base64');
};

describe('signing out of what SAML opened', () => {
  beforeEach(async () => {
    connection = await connect(saml);
  });

  it('comes with being forgotten, as does what the provider said', async () => {
    const [secret, gone] = [await signIn(), await signIn()];
    await end(gone);
    const { tenantId, principal } = a.principal;
    const { app } = fixture.service;
    const forgotten = { ...({} as PlacedEvent), tenantId, data: { subject: principal.id } };
    const actor = 'service:audit';
    await app.get(Database).tx({ tenantId, actor }, (tx) => app.get(ForgetSubject).forget(tx, forgotten));
    expect([await isOpen(secret), (await fixture.exchange(a.key)).principal.name]).toEqual([false, 'erased']);
    const said = 'select id from auth.sign_in where tenant_id = $1 and provider_sealed is not null';
    expect(await fixture.database.query(said, [tenantId])).toEqual([]);
    expect(await refusalOf(signIn())).toBe('auth.connection.refused');
  });

  it('ends it here and asks the provider to, in words that it knows; the answer counts once, in this browser', async () => {
    const secret = await signIn({ sessionIndex: '_s<1>&amp;'.replace('<1>', '1') });
    const { ended, provider } = await end(secret);
    expect([ended, await isOpen(secret)]).toEqual([true, false]);
    expect(provider!.location.startsWith(idp.sloUrl)).toBe(true);
    const [certificate] = await certificatesOf(connection);
    expect(isSignedBy(provider!.location, certificate!)).toBe(true);
    const xml = messageOf(provider!.location, 'SAMLRequest');
    expect(xml).toContain(`Destination="${idp.sloUrl}"`);
    expect(xml).toContain('nameid-format:persistent">ada</saml:NameID>');
    expect(xml).toContain('<samlp:SessionIndex>_s1&amp;</samlp:SessionIndex>');
    const asked = { inResponseTo: idOf(xml) };
    expect(await refusalOf(finish(undefined, asked))).toBe(REFUSED);
    expect(await refusalOf(finish('x', asked))).toBe(REFUSED);
    expect(await finish(provider!.flow, asked)).toEqual({ complete: true });
    expect(await refusalOf(finish(provider!.flow, asked))).toBe(REFUSED);
    expect(await end(secret)).toEqual({ ended: false });
    const [kept] = await fixture.database.query<{ all: string }>(
      'select s::text as all from auth.sign_in s where connection_id = $1',
      [connection.id],
    );
    expect(kept!.all).not.toMatch(/persistent|_s1/);
  });

  it('takes no answer to another sign-out, of a way in, or of another connection; and hears of a sign-out in part', async () => {
    const [one, two] = [await end(await signIn()), await end(await signIn())];
    const idAsked = (reply: typeof one): string => idOf(messageOf(reply.provider!.location, 'SAMLRequest'));
    expect(await refusalOf(finish(two.provider!.flow, { inResponseTo: idAsked(one) }))).toBe(REFUSED);
    const partly = { inResponseTo: idAsked(one), status: 'PartialLogout' };
    expect(await finish(one.provider!.flow, partly)).toEqual({ complete: false });
    const way = await begin(connection);
    const inResponseTo = idOf(messageOf(way.location, 'SAMLRequest'));
    expect(await refusalOf(finish(way.flow, { inResponseTo }))).toBe(REFUSED);
    const three = await end(await signIn());
    const other = await connect(saml);
    expect(await refusalOf(finish(three.provider!.flow, { inResponseTo: idAsked(three) }, other))).toBe(REFUSED);
  });

  it('stays here when the provider takes no sign-outs, when the connection is off, and after going elsewhere', async () => {
    const { sloUrl, ...rest } = connection.settings as { sloUrl?: string } & Settings;
    expect(sloUrl).toBe(idp.sloUrl);
    const quiet = await connect(rest);
    expect(await end(await signIn({}, quiet))).toEqual({ ended: true });
    const secret = await signIn();
    const { id } = await fixture.call(auth.createWorkspace, { name: 'second' }, { ...a.principal });
    const moved = await fixture.call(signIns.moveSignIn, { secret, workspace: id }, edge);
    expect((await end(moved.secret)).provider?.location).toContain(idp.sloUrl);
    const late = await signIn();
    await fixture.call(connections.changeConnection, { id: connection.id, enabled: false }, a.principal);
    expect(await end(late)).toEqual({ ended: false });
  });

  it('is done by the provider: exactly the sessions it names, of whom it names, and it gets a signed answer', async () => {
    const mine = await signIn({ sessionIndex: '_1' });
    const again = await signIn({ sessionIndex: '_2' });
    const namesake = await signIn({ sessionIndex: '_1', nameId: 'ada two' });
    const { location } = await order({ id: '_order', sessions: ['_1'], relayState: 'back & forth' });
    expect([await isOpen(mine), await isOpen(again), await isOpen(namesake)]).toEqual([false, true, true]);
    const [certificate] = await certificatesOf(connection);
    expect(isSignedBy(location, certificate!)).toBe(true);
    expect(new URL(location).searchParams.get('RelayState')).toBe('back & forth');
    const xml = messageOf(location, 'SAMLResponse');
    expect(xml).toContain('InResponseTo="_order"');
    expect(xml).toContain('status:Success');
    expect(await refusalOf(order({ id: '_order', sessions: [] }))).toBe(REFUSED);
    expect(await isOpen(again)).toBe(true);
    await order({ sessions: [] });
    expect([await isOpen(again), await isOpen(namesake)]).toEqual([false, true]);
    const told = await fixture.emitted(events.providerLogoutTaken.type, a.principal.tenantId);
    expect(told.map(({ data }) => (data['signIns'] as string[]).length)).toEqual([1, 1]);
  });

  it('reaches no sign-in of another connection or tenant, whatever the provider says', async () => {
    const b = await fixture.createTenant();
    const [other, theirs] = [await connect(saml), await connect(saml, b)];
    const open = [await signIn(), await signIn({}, theirs)];
    await order({}, other);
    expect(await refusalOf(order({ destination: connection.urls.providerLogout! }, theirs))).toBe(REFUSED);
    expect(await refusalOf(order({}, connection, testIdp(idp.entityId)))).toBe(REFUSED);
    for (const id of ['con_none', '', theirs.id.toUpperCase()])
      expect(await refusalOf(order({}, { ...theirs, id }))).toBe(REFUSED);
    await fixture.call(connections.changeConnection, { id: other.id, enabled: false }, a.principal);
    expect(await refusalOf(order({}, other))).toBe(REFUSED);
    expect(await Promise.all(open.map(isOpen))).toEqual([true, true]);
  });

  it('is done by the provider for programs, too: those allowed under its sessions, also when these are long forgotten', async () => {
    const tokensUnder = async (sessionIndex: string) =>
      tokenUnder(fixture, await fixture.exchange(await signIn({ sessionIndex }), 'sign-in'));
    const [first, second] = [await tokensUnder('_1'), await tokensUnder('_2')];
    await fixture.database.query(
      `update auth.sign_in set expires_at = now() - interval '8 days' where tenant_id = $1 and connection_id is not null`,
      [a.principal.tenantId],
    );
    await sweepSignIns(fixture.service.app.get(Database));
    const stands = (token: string) => fixture.exchange(token, 'access-token').then(Boolean, () => false);
    expect([await stands(first), await stands(second)]).toEqual([true, true]);
    await order({ nameId: 'ada', sessions: ['_1'] });
    expect([await stands(first), await stands(second)]).toEqual([false, true]);
    await order({ nameId: 'ada two', sessions: [] });
    expect(await stands(second)).toBe(true);
    await order({ nameId: 'ada', sessions: [] });
    expect(await stands(second)).toBe(false);
  });

  it('takes one of two orders with one id that come at once', async () => {
    await signIn();
    const outcomes = await Promise.allSettled([order({ id: '_twice' }), order({ id: '_twice' })]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('goes on while the key of the connection changes, with nobody locked out on the way', async () => {
    const roll = (step: 'prepare' | 'swap' | 'drop', as = a) =>
      fixture.call(connections.rollConnectionKey, { id: connection.id, step }, as.principal);
    const [old] = await certificatesOf(connection);
    const forOld = {
      encryptFor: `-----BEGIN CERTIFICATE-----\n${old!.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`,
    };
    expect(await refusalOf(roll('swap'))).toBe('auth.connection.invalid');
    expect(await refusalOf(roll('prepare', await fixture.createTenant()))).toBe('auth.connection.not-found');
    const prepared = await roll('prepare');
    expect(await refusalOf(roll('prepare'))).toBe('auth.connection.invalid');
    const both = await certificatesOf(connection);
    expect([both.length, both[0]]).toEqual([2, old]);
    const { certificates } = await roll('swap');
    expect(certificates).toEqual({ active: prepared.certificates!.standby, standby: prepared.certificates!.active });
    const { provider } = await end(await signIn(forOld));
    expect(both.map((certificate) => isSignedBy(provider!.location, certificate))).toEqual([false, true]);
    await roll('drop');
    expect(await certificatesOf(connection)).toEqual([both[1]]);
    expect(await refusalOf(signIn(forOld))).toBe('auth.connection.refused');
    await expect(signIn()).resolves.toBeDefined();
    const told = await fixture.emitted(events.connectionKeyRolled.type, a.principal.tenantId);
    expect(told.map(({ data }) => data['step'])).toEqual(['prepare', 'swap', 'drop']);
  });
});

describe('signing out of what OpenID Connect opened', () => {
  const client = { clientId: 'conclave', clientSecret: 'a-secret-of-the-client' };
  const take = (to: Connection, logoutToken: string) =>
    fixture.call(connections.takeOidcLogout, { connection: to.id, logoutToken }, edge);

  it('goes to the provider and back, which tells its clients itself', async () => {
    const issuer = await startIssuer();
    const to = await connect({ kind: 'oidc', issuer: issuer.url, ...client, singleLogout: true });
    const { callback, logout = '', providerLogout = '' } = to.urls;
    const { clientId: id, clientSecret: secret } = client;
    issuer.register({ id, secret, callback, signedOut: logout, backChannel: providerLogout });
    const open = async (): Promise<string> => {
      const { location, flow } = await begin(to);
      const answer = { kind: 'code' as const, query: await issuer.walk(location) };
      return (await fixture.call(connections.finishConnectionSignIn, { connection: to.id, flow, answer }, edge)).secret;
    };
    const [elsewhere, here] = [await open(), await open()];
    const { provider } = await end(here);
    const { location, told } = await issuer.signOut(provider!.location);
    expect(location).toBe(logout);
    expect(await isOpen(elsewhere)).toBe(true);
    const token = told!.get('logout_token')!;
    expect(await take(to, token)).toEqual({ ended: 0 });
    expect(await refusalOf(take(to, token))).toBe(REFUSED);
    await issuer.stop();
  });

  it('is done by the provider, by tokens of this kind only, once each', async () => {
    const forger = await startForger(client.clientId);
    const to = await connect({ kind: 'oidc', issuer: forger.url, ...client });
    const open = async (claims: object): Promise<string> => {
      const { location, flow } = await begin(to);
      const asked = new URL(location).searchParams;
      forger.forge(asked.get('nonce')!, { claims: { ...claims } });
      const query = `code=x&state=${asked.get('state')}&iss=${encodeURIComponent(forger.url)}`;
      const answer = { kind: 'code' as const, query };
      return (await fixture.call(connections.finishConnectionSignIn, { connection: to.id, flow, answer }, edge)).secret;
    };
    const [one, two, other] = [await open({ sid: 's1' }), await open({ sid: 's2' }), await open({ sub: 'ada two' })];
    expect(await end(await open({}))).toEqual({ ended: true });
    const now = Math.floor(Date.now() / 1_000);
    const event = 'http://schemas.openid.net/event/backchannel-logout';
    const forgeries: Parameters<typeof forger.logoutToken>[0][] = [
      ...[{ key: 'stranger' as const }, { key: 'none' as const }, { header: { alg: 'none' }, key: 'none' as const }],
      ...[
        { header: { alg: 'HS256' }, key: 'hmac' as const },
        { header: { typ: 'at+jwt' } },
        { header: { kid: 'other' } },
      ],
      ...[
        { claims: { iss: 'https://evil.example.com' } },
        { claims: { aud: 'other' } },
        { claims: { iss: undefined } },
      ],
      ...[{ claims: { nonce: 'x' } }, { claims: { nonce: null } }, { claims: { events: undefined } }],
      ...[{ claims: { events: {} } }, { claims: { events: { [event]: true } } }, { claims: { events: [event] } }],
      ...[{ claims: { jti: undefined } }, { claims: { jti: '' } }, { claims: { jti: 7 } }, { claims: { sub: 7 } }],
      ...[
        { claims: { sub: undefined } },
        { claims: { sid: '' } },
        { claims: { sid: ['s1'] } },
        { claims: { iat: undefined } },
      ],
      ...[{ claims: { exp: undefined } }, { claims: { exp: now - 120 } }, { claims: { iat: now - 600 } }],
      ...[{ claims: { iat: now + 600, exp: now + 900 } }],
    ];
    for (const forgery of forgeries)
      expect([forgery, await refusalOf(take(to, forger.logoutToken(forgery)))]).toEqual([forgery, REFUSED]);
    for (const text of ['', 'x', 'a.b.c']) expect(await refusalOf(take(to, text))).toBe(REFUSED);
    const elsewhere = await connect({ kind: 'oidc', issuer: forger.url, ...client, clientId: 'another' });
    expect(await refusalOf(take(elsewhere, forger.logoutToken({})))).toBe(REFUSED);
    expect(await Promise.all([one, two, other].map(isOpen))).toEqual([true, true, true]);
    const bySession = forger.logoutToken({ claims: { sub: undefined, sid: 's1' } });
    expect(await take(to, bySession)).toEqual({ ended: 1 });
    expect(await refusalOf(take(to, bySession))).toBe(REFUSED);
    expect(await take(to, forger.logoutToken({ claims: { sid: 's3' } }))).toEqual({ ended: 0 });
    expect(await take(to, forger.logoutToken({}))).toEqual({ ended: 1 });
    expect(await Promise.all([one, two, other].map(isOpen))).toEqual([false, false, true]);
    await forger.stop();
  });
});
