import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connections, newId, signIns, type ReplyOf, type RequestInputOf } from '@conclave/contracts';
import { refusalOf } from '@conclave/dev-env/testing';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { startForger, type Forgery } from '../testing/forging-issuer.js';
import { startLoopback, type Loopback } from '../testing/loopback.js';
import { startIssuer, type TestIssuer } from '../testing/test-issuer.js';

type Connection = ReplyOf<typeof connections.createConnection>;
type Given = RequestInputOf<typeof connections.createConnection>;

const client = { clientId: 'conclave', clientSecret: 'a-secret-of-the-client' };
const REFUSED = 'auth.connection.refused';

describe('signing in by OpenID Connect and OAuth', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let issuer: TestIssuer;
  let named = 0;

  beforeAll(async () => {
    fixture = await startAuth();
    issuer = await startIssuer();
    a = await fixture.createTenant();
  });
  afterAll(async () => {
    await issuer.stop();
    await fixture.stop();
  });

  const connect = (settings: Given['settings'], more: Partial<Given> = {}) =>
    fixture.call(connections.createConnection, { name: `idp ${(named += 1)}`, settings, ...more }, a.principal);
  const link = ({ id }: Connection, subject: string) =>
    fixture.call(connections.linkIdentity, { id, principal: a.principal.principal.id, subject }, a.principal);
  const begin = ({ id }: Connection) => fixture.call(connections.beginConnectionSignIn, { connection: id }, edge);
  const finish = ({ id }: Connection, flow: string, query: string) =>
    fixture.call(connections.finishConnectionSignIn, { connection: id, flow, answer: { kind: 'code', query } }, edge);
  const register = ({ urls }: Connection) =>
    issuer.register({ id: client.clientId, secret: client.clientSecret, callback: urls.callback });
  const atIssuer = () => ({ kind: 'oidc' as const, issuer: issuer.url, ...client });
  const signIn = async (to: Connection) => {
    const { flow, location } = await begin(to);
    return finish(to, flow, await issuer.walk(location));
  };

  it('goes to a provider and back, with PKCE, state and nonce, to whom its name is linked', async () => {
    const connection = await connect(atIssuer());
    register(connection);
    await link(connection, 'ada');
    const { flow, location } = await begin(connection);
    const asked = Object.fromEntries(new URL(location).searchParams);
    expect(asked).toMatchObject({ code_challenge_method: 'S256', redirect_uri: connection.urls.callback });
    expect(asked['state']!.length).toBeGreaterThan(40);
    expect(asked['nonce']!.length).toBeGreaterThan(40);
    const query = await issuer.walk(location);
    expect(query).toContain('iss=');
    const other = await begin(connection);
    expect(await refusalOf(finish(connection, other.flow, query))).toBe(REFUSED);
    const opened = await finish(connection, flow, query);
    expect((await fixture.exchange(opened.secret, 'sign-in')).principal).toEqual(a.principal.principal);
    expect(await refusalOf(finish(connection, flow, query))).toBe(REFUSED);
    const test = { settings: { ...atIssuer() } };
    expect(await fixture.call(connections.testConnection, test, a.principal)).toMatchObject({ ok: true });
    await fixture.call(connections.changeConnection, { id: connection.id, enabled: false }, a.principal);
    expect(await refusalOf(fixture.exchange(opened.secret, 'sign-in'))).toBe('auth.unauthenticated');
  });

  it.each([
    ['another state', (query: string) => query.replace(/state=[^&]+/, 'state=x')],
    ['no state', (query: string) => query.replace(/&?state=[^&]+/, '')],
    ['another issuer', (query: string) => query.replace(/iss=[^&]+/, 'iss=https%3A%2F%2Fevil.example.com')],
    ['no issuer', (query: string) => query.replace(/&?iss=[^&]+/, '')],
    ['another code', (query: string) => query.replace(/code=[^&]+/, 'code=x')],
    ['an error', () => 'error=access_denied'],
    ['nothing', () => ''],
  ])('refuses to come back with %s', async (_what, mangle) => {
    const connection = await connect(atIssuer());
    register(connection);
    await link(connection, 'ada');
    const { flow, location } = await begin(connection);
    expect(await refusalOf(finish(connection, flow, mangle(await issuer.walk(location))))).toBe(REFUSED);
  });

  it('joins a person by an address only when both sides verified it, in the domains of the connection', async () => {
    const connection = await connect(atIssuer(), { emailDomains: ['example.com'] });
    register(connection);
    const person = (verifiedBy: string | null) =>
      fixture.database.query(
        `insert into auth.person (tenant_id, principal_id, email, email_verified_by, created_at) values ($1, $2, 'Ada@example.com', $3, now())
         on conflict (tenant_id, principal_id) do update set email_verified_by = $3`,
        [a.principal.tenantId, a.principal.principal.id, verifiedBy],
      );
    const email = 'ada@example.com';
    await person('link');
    for (const said of [
      {},
      { email },
      { email, email_verified: false },
      { email: 'ada@other.com', email_verified: true },
    ]) {
      issuer.person = { sub: 'by-mail', ...said };
      expect([said, await refusalOf(signIn(connection))]).toEqual([said, REFUSED]);
    }
    issuer.person = { sub: 'by-mail', email, email_verified: true };
    await person(null);
    expect(await refusalOf(signIn(connection))).toBe(REFUSED);
    await person('link');
    const { secret } = await signIn(connection);
    const { principal, rootCredentialId } = await fixture.exchange(secret, 'sign-in');
    expect([principal, rootCredentialId]).toEqual([a.principal.principal, connection.id]);
    issuer.person = { sub: 'ada' };
  });

  it('counts as two factors only where the connection names what the signed token says was done', async () => {
    const byItself = await connect(atIssuer());
    const trusting = await connect({ ...atIssuer(), mfaMethods: ['mfa', 'hwk'] });
    const factorsAfter = async (connection: Connection, amr?: string[]) => {
      issuer.person = { sub: 'ada', ...(amr ? { amr } : {}) };
      register(connection);
      const { secret } = await signIn(connection);
      const claims = await fixture.exchange(secret, 'sign-in');
      const [{ factors } = { factors: [] }] = (await fixture.call(signIns.listSignIns, {}, claims)).items;
      return factors;
    };
    await link(byItself, 'ada');
    await link(trusting, 'ada');
    expect(await factorsAfter(byItself, ['pwd', 'mfa'])).toEqual(['provider']);
    for (const amr of [undefined, [], ['pwd'], ['MFA'], ['mfa hwk']])
      expect([amr, await factorsAfter(trusting, amr)]).toEqual([amr, ['provider']]);
    expect(await factorsAfter(trusting, ['pwd', 'mfa'])).toEqual(['provider', 'provider-mfa']);
    issuer.person = { sub: 'ada' };
    const proven = await fixture.database.query<{ proven: boolean }>(
      `select proven_at is not null as proven from auth.sign_in where connection_id = $1 order by id`,
      [trusting.id],
    );
    expect(proven.map((row) => row.proven)).toEqual([false, false, false, false, false, true]);
  });

  it('believes no forged ID token', async () => {
    const forger = await startForger(client.clientId);
    const connection = await connect({ kind: 'oidc', issuer: forger.url, ...client });
    await link(connection, 'ada');
    const attempt = async (forgery: Forgery) => {
      const { flow, location } = await begin(connection);
      const { nonce, state } = Object.fromEntries(new URL(location).searchParams);
      forger.forge(nonce!, forgery);
      return finish(connection, flow, `code=x&state=${state}&iss=${encodeURIComponent(forger.url)}`);
    };
    await expect(attempt({})).resolves.toHaveProperty('secret');
    const now = Math.floor(Date.now() / 1_000);
    const forgeries: Forgery[] = [
      { key: 'stranger' },
      { key: 'none' },
      { key: 'none', header: { alg: 'none' } },
      { key: 'hmac', header: { alg: 'HS256' } },
      { header: { alg: 'RS512' } },
      { header: { alg: undefined } },
      { header: { kid: 'unknown' }, key: 'stranger' },
      { header: { crit: ['exp'] } },
      { claims: { iss: 'https://evil.example.com' } },
      { claims: { iss: undefined } },
      { claims: { aud: 'another' } },
      { claims: { aud: undefined } },
      { claims: { aud: ['another', client.clientId], azp: 'another' } },
      { claims: { exp: now - 120 } },
      { claims: { exp: undefined } },
      { claims: { exp: 'tomorrow' } },
      { claims: { iat: undefined } },
      { claims: { nbf: now + 600 } },
      { claims: { nonce: 'another' } },
      { claims: { nonce: undefined } },
      { claims: { sub: undefined } },
      { claims: { sub: 'somebody' } },
    ];
    for (const forgery of forgeries) expect([forgery, await refusalOf(attempt(forgery))]).toEqual([forgery, REFUSED]);
    await forger.stop();
  });

  it('asks nobody inside, and takes a provider’s silence for a refusal', async () => {
    for (const inside of ['http://169.254.169.254', 'https://10.0.0.1', 'http://127.0.0.1:9'])
      expect(await refusalOf(begin(await connect({ kind: 'oidc', issuer: inside, ...client })))).toBe(REFUSED);
    expect(await refusalOf(begin({ id: newId('connection') } as Connection))).toBe(REFUSED);
  });

  it('knows people of GitHub by their number, and their address only when GitHub verified it', async () => {
    const github = await startLoopback();
    const said = {
      emails: [{ email: 'bo@example.com', primary: true, verified: true }],
      user: { id: 42, login: 'bo' },
    };
    playGithub(github, said);
    const workspace = a.principal.workspaceId;
    const connection = await connect(
      { kind: 'github', ...client, baseUrl: github.url, apiUrl: github.url },
      { provisioning: { mode: 'just-in-time', role: 'viewer', workspace }, emailDomains: ['example.com'] },
    );
    const attempt = async () => {
      const { flow, location } = await begin(connection);
      const { state, code_challenge_method } = Object.fromEntries(new URL(location).searchParams);
      expect(code_challenge_method).toBe('S256');
      return finish(connection, flow, `code=good&state=${state}`);
    };
    said.emails[0]!.verified = false;
    expect(await refusalOf(attempt())).toBe(REFUSED);
    said.emails[0]!.verified = true;
    const first = await fixture.exchange((await attempt()).secret, 'sign-in');
    said.user.login = 'renamed';
    expect((await fixture.exchange((await attempt()).secret, 'sign-in')).principal).toEqual(first.principal);
    said.user.id = 43;
    said.emails = [];
    expect(await refusalOf(attempt())).toBe(REFUSED);
    await github.stop();
  });
});

/** GitHub's wire: tokens for one code, and what its API says of whose they are. */
function playGithub(github: Loopback, said: { user: object; emails: object[] }): void {
  github.answer = (request, reply) => {
    const path = request.url ?? '';
    const token = { access_token: 'gho_x', token_type: 'bearer', scope: 'read:user,user:email' };
    const genuine = request.headers.authorization === 'Bearer gho_x';
    const answers: Record<string, unknown> = {
      '/login/oauth/access_token': token,
      ...(genuine ? { '/user': said.user, '/user/emails': said.emails } : {}),
    };
    reply.writeHead(path in answers ? 200 : 401, { 'content-type': 'application/json' });
    reply.end(JSON.stringify(answers[path] ?? {}));
  };
}
