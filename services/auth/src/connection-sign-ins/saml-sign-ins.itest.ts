import { inflateRawSync } from 'node:zlib';
import { X509Certificate, verify } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  auth,
  connections,
  events,
  newId,
  scim,
  signIns,
  type ReplyOf,
  type RequestInputOf,
} from '@conclave/contracts';
import { eventually, refusalOf, refusedWith, testIdp, type Said } from '@conclave/dev-env/testing';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

type Connection = ReplyOf<typeof connections.createConnection>;
type Settings = Extract<RequestInputOf<typeof connections.createConnection>['settings'], { kind: 'saml' }>;

const idp = testIdp();
const trust = { idpEntityId: idp.entityId, ssoUrl: idp.ssoUrl, certificates: [idp.certificate] };
const REFUSED = 'auth.connection.refused';

describe('signing in by SAML', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let connection: Connection;
  let named = 0;

  beforeAll(async () => {
    fixture = await startAuth();
  });
  beforeEach(async () => {
    a = await fixture.createTenant();
    connection = await connect();
    await link('ada', a);
  });
  afterAll(() => fixture.stop());

  const connect = (settings: Partial<Settings> = {}, more = {}, tenant = a) =>
    fixture.call(
      connections.createConnection,
      { name: `idp ${(named += 1)}`, settings: { kind: 'saml', ...trust, ...settings }, ...more },
      tenant.principal,
    );
  const link = (subject: string, { principal }: TestTenant, to = connection) =>
    fixture.call(connections.linkIdentity, { id: to.id, principal: principal.principal.id, subject }, principal);
  const begin = async (to = connection, returnTo = '/runs') => {
    const begun = await fixture.call(connections.beginConnectionSignIn, { connection: to.id, returnTo }, edge);
    const url = new URL(begun.location);
    const xml = inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest')!, 'base64')).toString();
    return { ...begun, url, xml, requestId: /ID="([^"]+)"/.exec(xml)![1]! };
  };
  const respond = async (requestId: string | undefined, said: Partial<Said> = {}, to = connection): Promise<string> => {
    const { entityId = '', callback: acs } = to.urls;
    return Buffer.from(await idp.respond({ entityId, acs, requestId, ...said })).toString('base64');
  };
  const finish = (response: string, flow: string | undefined, to = connection, relayState?: string) =>
    fixture.call(
      connections.finishConnectionSignIn,
      { connection: to.id, ...(flow ? { flow } : {}), answer: { kind: 'saml', response, relayState } },
      edge,
    );
  const signIn = async (said: Partial<Said> = {}, to = connection) => {
    const { flow, requestId } = await begin(to);
    return finish(await respond(requestId, said, to), flow, to);
  };
  const change = (given: object, to = connection) =>
    fixture.call(connections.changeConnection, { id: to.id, ...given }, a.principal);

  it('asks with a signed request, and ends in a sign-in of whom the name is linked to', async () => {
    const { url, xml, flow, requestId } = await begin();
    expect(url.href).toContain(idp.ssoUrl);
    expect(xml).toContain(`AssertionConsumerServiceURL="${connection.urls.callback}"`);
    const { xml: metadata } = await fixture.call(connections.getSamlMetadata, { connection: connection.id }, edge);
    const [, certificate = ''] = /<ds:X509Certificate>([^<]+)/.exec(metadata)!;
    const { publicKey } = new X509Certificate(Buffer.from(certificate, 'base64'));
    const [text, signature = ''] = url.search.slice(1).split('&Signature=');
    const bytes = Buffer.from(decodeURIComponent(signature), 'base64');
    expect(url.searchParams.get('SigAlg')).toMatch(/rsa-sha256$/);
    expect(verify('sha256', Buffer.from(text!), publicKey, bytes)).toBe(true);
    const opened = await finish(await respond(requestId), flow);
    expect(opened.returnTo).toBe('/runs');
    const context = await fixture.exchange(opened.secret, 'sign-in');
    expect(context).toMatchObject({ tenantId: a.principal.tenantId, principal: a.principal.principal });
    const told = await fixture.emitted(events.signInOpened.type, a.principal.tenantId);
    expect(told.at(-1)?.data).toMatchObject({ method: 'saml', principal: a.principal.principal.id });
  });

  it('puts in the tenant’s log who was refused and why, once for those alike, and where who came in came from', async () => {
    const address = '192.0.2.7';
    const of = { connection: connection.id, method: 'saml', times: 1 };
    const come = async (lie: Partial<Said>, from = connection) => {
      const { requestId, flow } = await begin(from);
      const response = await respond(requestId, lie, from);
      const request = { connection: from.id, flow, address, answer: { kind: 'saml' as const, response } };
      return fixture.call(connections.finishConnectionSignIn, request, edge);
    };
    await come({});
    const opened = await fixture.emitted(events.signInOpened.type, a.principal.tenantId);
    expect(opened.at(-1)!.data).toMatchObject({ method: 'saml', address });
    for (let n = 0; n < 3; n++) expect(await refusalOf(come({ nameId: 'eve' }))).toBe(REFUSED);
    expect(await refusalOf(come({ destination: 'https://evil.example.com' }))).toBe(REFUSED);
    await change({ enabled: false });
    const begun = { connection: connection.id, address };
    expect(await refusalOf(fixture.call(connections.beginConnectionSignIn, begun, edge))).toBe(REFUSED);
    const unknown = { ...begun, connection: newId('connection') };
    expect(await refusalOf(fixture.call(connections.beginConnectionSignIn, unknown, edge))).toBe(REFUSED);
    await eventually(async () => {
      const told = await fixture.emitted(events.authenticationFailed.type, a.principal.tenantId);
      expect(told.map(({ data }) => data)).toEqual([
        { ...of, reason: 'not-admitted', detail: 'unknown person', address },
        { ...of, reason: 'not-believed', detail: expect.stringMatching(/destination/i), address },
        { ...of, reason: 'over', address },
      ]);
    });
  });

  it('counts as two factors only where the connection names the context that the assertion does', async () => {
    const MFA = 'https://refeds.org/profile/mfa';
    const as = (context: string): Partial<Said> => ({
      assertion: (xml) => xml.replace('urn:oasis:names:tc:SAML:2.0:ac:classes:Password', context),
    });
    const factorsOf = async ({ secret }: { secret: string }) =>
      (await fixture.call(signIns.listSignIns, {}, await fixture.exchange(secret, 'sign-in'))).items[0]!.factors;
    expect(await factorsOf(await signIn(as(MFA)))).toEqual(['provider']);
    const trusting = await connect({ mfaContexts: [MFA] });
    await link('ada', a, trusting);
    expect(await factorsOf(await signIn({}, trusting))).toEqual(['provider']);
    expect(await factorsOf(await signIn(as(`${MFA}/x`), trusting))).toEqual(['provider']);
    expect(await factorsOf(await signIn(as(MFA), trusting))).toEqual(['provider', 'provider-mfa']);
  });

  it('takes an answer once, from the browser that asked, and an assertion once', async () => {
    const first = await begin();
    const second = await begin();
    const response = await respond(first.requestId, { assertionId: '_once' });
    expect(await refusalOf(finish(response, undefined))).toBe(REFUSED);
    expect(await refusalOf(finish(response, second.flow))).toBe(REFUSED);
    expect(await refusalOf(finish(await respond(undefined), (await begin()).flow))).toBe(REFUSED);
    await finish(response, first.flow);
    expect(await refusalOf(finish(response, first.flow))).toBe(REFUSED);
    const third = await begin();
    const again = await respond(third.requestId, { assertionId: '_once' });
    expect(await refusalOf(finish(again, third.flow))).toBe(REFUSED);
  });

  it('lets a provider begin only where the connection says so, once per assertion, and then to a path of ours', async () => {
    expect(await refusalOf(finish(await respond(undefined), undefined))).toBe(REFUSED);
    await change({ settings: { kind: 'saml', ...trust, allowUnsolicited: true } });
    const response = await respond(undefined);
    expect((await finish(response, undefined, connection, '/decisions')).returnTo).toBe('/decisions');
    expect(await refusalOf(finish(response, undefined))).toBe(REFUSED);
    for (const away of ['https://evil.example.com', '//evil.example.com', '/\\evil', 'javascript:1', '/a\nb', ''])
      expect((await finish(await respond(undefined), undefined, connection, away)).returnTo).toBe('/');
    expect((await begin(connection, '//evil.example.com')).url.searchParams.get('RelayState')).toBe('/');
  });

  it('ends with the connection: every sign-in at once, and no other opens, not even one half done', async () => {
    const [one, two] = [await signIn(), await signIn()];
    const half = await begin();
    await change({ enabled: false });
    for (const { secret } of [one, two])
      expect(await refusalOf(fixture.exchange(secret, 'sign-in'))).toBe('auth.unauthenticated');
    expect(await fixture.emitted(events.credentialRevoked.type, a.principal.tenantId)).toHaveLength(2);
    expect(await refusalOf(begin())).toBe(REFUSED);
    expect(await refusalOf(finish(await respond(half.requestId), half.flow))).toBe(REFUSED);
    await change({ enabled: true });
    const { secret } = await signIn();
    await fixture.call(connections.deleteConnection, { id: connection.id }, a.principal);
    expect(await refusalOf(fixture.exchange(secret, 'sign-in'))).toBe('auth.unauthenticated');
    expect(await refusalOf(begin())).toBe(REFUSED);
  });

  it('ends with the person, and with the link', async () => {
    const { principal } = await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'viewer' }, a.principal);
    const of = { id: connection.id, principal: principal.id };
    await fixture.call(connections.linkIdentity, { ...of, subject: 'bo' }, a.principal);
    const { secret } = await signIn({ nameId: 'bo' });
    await fixture.call(connections.unlinkIdentity, of, a.principal);
    expect(await refusalOf(fixture.exchange(secret, 'sign-in'))).toBe('auth.unauthenticated');
    expect(await refusalOf(signIn({ nameId: 'bo' }))).toBe(REFUSED);
    await fixture.call(connections.linkIdentity, { ...of, subject: 'bo' }, a.principal);
    const other = await signIn({ nameId: 'bo' });
    await fixture.call(auth.disableMember, { id: principal.id }, a.principal);
    expect(await refusalOf(fixture.exchange(other.secret, 'sign-in'))).toBe('auth.unauthenticated');
    expect(await refusalOf(signIn({ nameId: 'bo' }))).toBe(REFUSED);
  });

  it('is refused while any setting that trust rests on is blank in the database, one by one', async () => {
    const [before] = await fixture.database.query<{ settings: object }>(
      'select settings from auth.connection where id = $1',
      [connection.id],
    );
    const write = (settings: object) =>
      fixture.database.query('update auth.connection set settings = $2 where id = $1', [
        connection.id,
        JSON.stringify(settings),
      ]);
    for (const member of ['kind', 'idpEntityId', 'ssoUrl', 'certificates'])
      for (const blank of [undefined, null, '', [], [''], {}]) {
        const half = await begin();
        await write({ ...before!.settings, [member]: blank });
        const response = await respond(half.requestId);
        expect([member, blank, await refusalOf(finish(response, half.flow))]).toEqual([member, blank, REFUSED]);
        expect([member, blank, await refusalOf(begin())]).toEqual([member, blank, REFUSED]);
        await write(before!.settings);
      }
    await expect(signIn()).resolves.toBeDefined();
  });

  it('never lets one tenant’s provider speak for another’s people', async () => {
    const b = await fixture.createTenant();
    const theirs = await connect({}, {}, b);
    expect(await refusalOf(signIn({}, theirs))).toBe(REFUSED);
    const { flow, requestId } = await begin(theirs);
    expect(await refusalOf(finish(await respond(requestId), flow, theirs))).toBe(REFUSED);
    expect(await refusalOf(finish(await respond(requestId, {}, theirs), flow))).toBe(REFUSED);
    await link('ada', b, theirs);
    const context = await fixture.exchange((await signIn({}, theirs)).secret, 'sign-in');
    expect(context).toMatchObject({ tenantId: b.principal.tenantId, principal: b.principal.principal });
    expect(await refusalOf(begin({ ...theirs, id: 'con_none' }))).toBe(REFUSED);
  });

  it('makes people at sight where that was decided, of its domains, once, and joins nobody by address', async () => {
    const workspace = a.principal.workspaceId;
    const jit = await connect(
      { emailAttribute: 'mail', nameAttribute: 'name' },
      { provisioning: { mode: 'just-in-time', role: 'viewer', workspace }, emailDomains: ['example.com'] },
    );
    await fixture.database.query(
      `insert into auth.person (tenant_id, principal_id, email, email_verified_by, created_at) values ($1, $2, 'ada@example.com', 'link', now())`,
      [a.principal.tenantId, a.principal.principal.id],
    );
    const said = { nameId: 'new', attributes: { mail: 'bo@example.com', name: 'Bo Example' } };
    const context = await fixture.exchange((await signIn(said, jit)).secret, 'sign-in');
    expect(context.principal).toMatchObject({ kind: 'user', name: 'Bo Example' });
    expect(context.scopes).not.toContain('member:manage');
    expect((await fixture.exchange((await signIn(said, jit)).secret, 'sign-in')).principal).toEqual(context.principal);
    for (const mail of [
      'Ada@example.com',
      'bo@example.com',
      '',
      'x',
      'cy@evil.com',
      'cy@example.com.evil.com',
      'a@b@example.com',
    ])
      expect(await refusalOf(signIn({ nameId: 'other', attributes: { mail } }, jit))).toBe(REFUSED);
    const told = JSON.stringify(await fixture.emitted(undefined, a.principal.tenantId));
    expect(told).not.toMatch(/Bo Example|example\.com/);
  });

  it('gives whom it made members the role that their groups give, at each sign-in anew, and lets in no others', async () => {
    const provisioning = {
      ...{ mode: 'just-in-time', role: 'viewer', workspace: a.principal.workspaceId },
      groupRoles: [
        { group: 'ops', role: 'administrator' },
        { group: 'makers', role: 'developer' },
      ],
    };
    const more = { provisioning, emailDomains: ['example.com'] };
    expect(await refusalOf(connect({ emailAttribute: 'mail' }, more))).toBe('auth.connection.invalid');
    const grouped = await connect({ emailAttribute: 'mail', groups: { attribute: 'memberOf' } }, more);
    const come = (attributes: Said['attributes'], to = grouped) =>
      signIn({ nameId: 'bo', attributes: { mail: 'bo@example.com', ...attributes } }, to);
    const roleIn = async (attributes: Said['attributes']) => {
      const { principal } = await fixture.exchange((await come(attributes)).secret, 'sign-in');
      const { items } = await fixture.call(auth.listMembers, {}, a.principal);
      return items.find((one) => one.principal.id === principal.id)!.role;
    };
    const settled = [];
    for (const memberOf of [['makers', 'ops', 'others'], ['makers'], [], ['OPS'], ['ops']])
      settled.push(await roleIn(memberOf.length > 0 ? { memberOf } : {}));
    expect(settled).toEqual(['administrator', 'developer', 'viewer', 'viewer', 'administrator']);
    const link = 'http://schemas.microsoft.com/claims/groups.link';
    expect(await refusalOf(come({ memberOf: 'ops', [link]: 'https://graph.example.com' }))).toBe(REFUSED);
    const fewer = { emailAttribute: 'mail', groups: { attribute: 'memberOf', allowed: ['staff'] } };
    await change({ settings: { kind: 'saml', ...trust, ...fewer } }, grouped);
    const outside: Said['attributes'][] = [{ memberOf: ['ops', 'Staff'] }, { memberOf: '' }, { groups: 'staff' }, {}];
    for (const attributes of outside)
      expect([attributes, await refusalOf(come(attributes))]).toEqual([attributes, REFUSED]);
    await expect(come({ memberOf: ['ops', 'staff'] })).resolves.toBeDefined();
  });

  it('lets in whom the directory brought, where that was decided, once and under no second name', async () => {
    const workspace = a.principal.workspaceId;
    const brought = await connect(
      { emailAttribute: 'mail' },
      { provisioning: { mode: 'directory', workspace }, emailDomains: ['example.com'] },
    );
    const provision = async (userName: string, more: object = {}) => {
      const body = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName, ...more };
      const request = {
        method: 'POST',
        base: 'https://conclave.example/scim/v2',
        path: 'Users',
        query: {},
        body,
      } as const;
      return (await fixture.call(scim.scimRequest, request, a.principal)).body!['id'] as string;
    };
    const come = async (nameId: string, mail?: string) =>
      (
        await fixture.exchange(
          (await signIn({ nameId, attributes: { ...(mail && { mail }) } }, brought)).secret,
          'sign-in',
        )
      ).principal.id;
    const kate = await provision('Kate@example.com');
    const liv = await provision('liv', { externalId: '00u1' });
    expect(await refusalOf(signIn({ nameId: 'stranger' }, brought))).toBe(REFUSED);
    expect(await refusalOf(signIn({ nameId: 'k', attributes: { mail: 'kate@evil.com' } }, brought))).toBe(REFUSED);
    expect(await come('k-1', 'kate@example.com')).toBe(kate);
    expect(await come('00u1')).toBe(liv);
    expect(await come('k-1')).toBe(kate);
    for (const second of [{ nameId: 'k-2', attributes: { mail: 'kate@example.com' } }, { nameId: 'liv' }])
      expect(await refusalOf(signIn(second, brought))).toBe(REFUSED);
    expect(await fixture.emitted(events.identityLinked.type, a.principal.tenantId)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ data: { connection: brought.id, principal: kate, by: 'directory' } }),
      ]),
    );
    const owner = await provision('boss@example.com');
    await fixture.database.query('update auth.principal set owner_since = now() where id = $1', [owner]);
    expect(await refusalOf(signIn({ nameId: 'boss@example.com' }, brought))).toBe(REFUSED);
    const elsewhere = await connect({}, { emailDomains: ['example.com'] });
    await provision('moe@example.com');
    expect(await refusalOf(signIn({ nameId: 'moe@example.com' }, elsewhere))).toBe(REFUSED);
  });

  it('makes nobody beyond what the tenant may have of members, and lets in whom it knows', async () => {
    const { tenantId, workspaceId } = a.principal;
    const provisioning = { mode: 'just-in-time' as const, role: 'viewer', workspace: workspaceId };
    const jit = await connect({ emailAttribute: 'mail' }, { provisioning, emailDomains: ['example.com'] });
    const comes = (name: string) =>
      signIn({ nameId: name, attributes: { mail: `${name}@example.com` } }, jit).then(({ secret }) => secret);
    await comes('known');
    const members = async () => {
      const sql = `select count(*)::int as n from auth.principal where tenant_id = $1 and kind = 'user'`;
      return (await fixture.database.query<{ n: number }>(sql, [tenantId]))[0]!.n;
    };
    const before = await members();
    const most = (limits: object) =>
      fixture.database.query('update auth.tenant set limits = $2 where tenant_id = $1', [tenantId, limits]);
    await most({ members: 1 });
    expect(await refusedWith(comes('late'))).toMatchObject({
      ...{ code: 'auth.limit.reached', params: { limit: 'members', most: 1 } },
    });
    await expect(comes('known')).resolves.toBeDefined();
    expect(await members()).toBe(before);
    await most({});
    await expect(comes('late')).resolves.toBeDefined();
  });

  it('shows the ways into a tenant by its name or a domain, and of all others nothing, alike', async () => {
    const domain = `d${Date.now().toString(36)}.example.com`;
    const open = await connect({}, { emailDomains: [domain] });
    const ask = (request: object) => fixture.call(connections.listSignInOptions, request, edge);
    for (const name of [a.name, a.name.toUpperCase()])
      expect((await ask({ tenant: name })).connections.map((one) => one.name)).toEqual(
        [connection.name, open.name].sort(),
      );
    expect(await ask({ email: `ada@${domain}` })).toEqual({ connections: [] });
    await fixture.database.query(
      `insert into auth.mail_domain (tenant_id, id, domain, token, created_at, proven_at, next_check_at)
       values ($1, $2, $2, 'x', now(), now(), now() + interval '1 day')`,
      [a.principal.tenantId, domain],
    );
    const shown = { connections: [{ kind: 'saml', name: open.name, login: open.urls.login }] };
    expect(await ask({ email: `ada@${domain}` })).toEqual(shown);
    for (const nobody of [{ tenant: 'nobody' }, { email: 'ada@nowhere.example.com' }, { tenant: '%' }, {}])
      expect(await ask(nobody)).toEqual({ connections: [] });
    await change({ enabled: false }, open);
    expect(await ask({ email: `ada@${domain}` })).toEqual({ connections: [] });
  });
});
