/** Signing in and out through `oidc-provider` set up like the vendors' own, and what is refused of each. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, connections, signIns, tenantRoles, type ReplyOf, type RequestInputOf } from '@conclave/contracts';
import { refusalOf } from '@conclave/dev-env/testing';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { startForger } from '../testing/forging-issuer.js';
import { startIssuer, type IssuerSetup, type TestIssuer } from '../testing/test-issuer.js';
import { PERSONAL, TENANT, likeManyTenants, vendorsAt, type Vendor } from '../testing/vendors.js';

type Connection = ReplyOf<typeof connections.createConnection>;
type Keys = ReplyOf<typeof connections.getClientKeys>['keys'];
type Given = RequestInputOf<typeof connections.createConnection>;
type Settings = Extract<Given['settings'], { kind: 'oidc' }>;

const client = { clientId: 'conclave', clientSecret: 'a-secret of the client+' };
const REFUSED = 'auth.connection.refused';
const OTHER = '99999999-2222-3333-4444-555555555555';
const names = Object.keys(vendorsAt(''));
const withGroups = Object.entries(vendorsAt('')).flatMap(([name, { inGroups }]) => (inGroups ? [name] : []));

let fixture: AuthFixture;
let issuer: TestIssuer;
let a: TestTenant;
let named = 0;

beforeAll(async () => {
  fixture = await startAuth();
  issuer = await startIssuer();
});
afterAll(async () => {
  await issuer.stop();
  await fixture.stop();
});
beforeEach(async () => {
  a = await fixture.createTenant();
});

const vendorOf = (name: string): Vendor => vendorsAt(issuer.url)[name]!;
const settingsOf = ({ setup, settings, namedBy }: Vendor, more: Partial<Settings> = {}): Settings => ({
  ...{ kind: 'oidc', issuer: issuer.url + (namedBy ?? setup.path ?? ''), ...client, ...settings, ...more },
});
const test = (settings: Settings) => fixture.call(connections.testConnection, { settings }, a.principal);
const connect = (settings: Settings, more: Partial<Given> = {}) =>
  fixture.call(
    connections.createConnection,
    { name: `idp ${(named += 1)}`, settings, emailDomains: ['example.com'], ...more },
    a.principal,
  );
function register({ urls }: Connection, setup: IssuerSetup, keys?: Keys): void {
  const { callback, logout: signedOut = '', providerLogout: backChannel = '' } = urls;
  const own = { id: client.clientId, secret: client.clientSecret, callback, signedOut, backChannel };
  issuer.register({ ...own, ...(keys ? { keys } : {}) }, setup);
}
const keysOf = async ({ id }: Connection): Promise<Keys> =>
  (await fixture.call(connections.getClientKeys, { connection: id }, edge)).keys;
const begin = ({ id }: Connection) => fixture.call(connections.beginConnectionSignIn, { connection: id }, edge);
const finish = ({ id }: Connection, flow: string, query: string) =>
  fixture.call(connections.finishConnectionSignIn, { connection: id, flow, answer: { kind: 'code', query } }, edge);
async function signIn(to: Connection): Promise<string> {
  const { flow, location } = await begin(to);
  return (await finish(to, flow, await issuer.walk(location))).secret;
}
const isOpen = (secret: string): Promise<boolean> => fixture.exchange(secret, 'sign-in').then(Boolean, () => false);
const identitiesOf = async ({ id }: Connection) =>
  (await fixture.call(connections.listIdentities, { id }, a.principal)).items;
/** The member's own address here, verified by a link. */
const knowAda = () =>
  fixture.database.query(
    `insert into auth.person (tenant_id, principal_id, email, email_verified_by, created_at) values ($1, $2, 'ada@example.com', 'link', now())`,
    [a.principal.tenantId, a.principal.principal.id],
  );
const atSight = () => ({ mode: 'just-in-time' as const, role: 'viewer', workspace: a.principal.workspaceId });
const saysOf = async (settings: Settings) =>
  (await test(settings)).checks.filter(({ ok }) => !ok).map((one) => one.says);

describe.each(names)('%s', (name) => {
  it('is tried, joins a member by an address it verified and by no other, and signs out where it takes sign-outs', async () => {
    const vendor = vendorOf(name);
    const takesSignOuts = vendor.setup.takesSignOuts ?? true;
    const connection = await connect(settingsOf(vendor, { singleLogout: true, mfaMethods: ['mfa'] }));
    register(connection, vendor.setup);
    expect(await test(settingsOf(vendor))).toMatchObject({ ok: true });
    expect(await saysOf(settingsOf(vendor, { singleLogout: true }))).toEqual(
      takesSignOuts ? [] : ['It takes no sign-outs.'],
    );
    await knowAda();
    issuer.person = { ...vendor.ada, ...vendor.unverified };
    expect(await refusalOf(signIn(connection))).toBe(REFUSED);
    expect(await identitiesOf(connection)).toEqual([]);
    issuer.person = vendor.ada;
    const secret = await signIn(connection);
    const claims = await fixture.exchange(secret, 'sign-in');
    expect(claims.principal).toEqual(a.principal.principal);
    expect(await identitiesOf(connection)).toMatchObject([{ subject: vendor.subject }]);
    const { items } = await fixture.call(signIns.listSignIns, {}, claims);
    const factors = vendor.ada.amr ? ['provider', 'provider-mfa'] : ['provider'];
    expect(items.map((one) => one.factors)).toContainEqual(factors);

    const { provider } = await fixture.call(auth.endSignIn, { secret }, edge);
    expect([provider !== undefined, await isOpen(secret)]).toEqual([takesSignOuts, false]);
    if (!provider) return;
    const asked = new URL(provider.location).searchParams;
    expect([asked.has('id_token_hint'), asked.get('post_logout_redirect_uri')]).toEqual([true, connection.urls.logout]);
    expect((await issuer.signOut(provider.location)).location).toBe(connection.urls.logout);
  });

  it('is asked for no refresh token, with its groups where the connection wants them', async () => {
    const vendor = vendorOf(name);
    const connection = await connect(settingsOf(vendor));
    register(connection, vendor.setup);
    const asked = new URL((await begin(connection)).location).searchParams;
    const { groups, hostedDomains } = vendor.settings;
    expect(asked.get('scope')).toBe(groups?.scope ? 'openid email profile groups' : 'openid email profile');
    expect([asked.get('access_type'), asked.get('hd')]).toEqual([null, hostedDomains?.[0] ?? null]);
  });
});

describe.each(withGroups)('groups of %s', (name) => {
  it('make people at sight what they are, anew at each sign-in, and let in nobody else where they are to', async () => {
    const vendor = vendorOf(name);
    const groupRoles = [
      { group: 'makers', role: 'developer' as const },
      { group: 'ops', role: 'administrator' as const },
    ];
    const connection = await connect(settingsOf(vendor), { provisioning: { ...atSight(), groupRoles } });
    register(connection, vendor.setup);
    const roleIn = async (groups: readonly string[] | undefined): Promise<string> => {
      issuer.person = { ...vendor.ada, ...(groups ? vendor.inGroups!(groups) : {}) };
      const secret = await signIn(connection);
      const { principal } = await fixture.exchange(secret, 'sign-in');
      const { items } = await fixture.call(auth.listMembers, { limit: 100 }, a.principal);
      return items.find((one) => one.principal.id === principal.id)!.role;
    };
    const settled = [];
    for (const groups of [['ops', 'makers', 'others'], ['makers'], [], ['ops'], undefined])
      settled.push(await roleIn(groups));
    expect(settled).toEqual(['administrator', 'developer', 'viewer', 'administrator', 'viewer']);

    const { groups } = vendor.settings;
    const settings = settingsOf(vendor, { groups: { ...groups!, allowed: ['staff', 'guests'] } });
    await fixture.call(connections.changeConnection, { id: connection.id, settings }, a.principal);
    for (const outside of [['ops'], ['Staff'], ['staff,guests'], [], undefined])
      expect([outside, await refusalOf(roleIn(outside))]).toEqual([outside, REFUSED]);
    expect(await roleIn(['guests', 'makers'])).toBe('developer');
  });
});

it('groups say nothing of who came by another way, is a directory’s, has a role by hand, or administers alone', async () => {
  const vendor = vendorOf('Keycloak');
  const groupRoles = [
    { group: 'makers', role: 'developer' as const },
    { group: 'ops', role: 'administrator' as const },
  ];
  const connection = await connect(settingsOf(vendor), { provisioning: { ...atSight(), groupRoles } });
  register(connection, vendor.setup);
  const { tenantId, workspaceId, principal: owner } = a.principal;
  await fixture.call(
    connections.linkIdentity,
    { id: connection.id, principal: owner.id, subject: 'linked' },
    a.principal,
  );
  let id = '';
  const roleAfter = async (sub: string, groups: readonly string[]): Promise<string> => {
    issuer.person = { ...vendor.ada, sub, ...vendor.inGroups!(groups) };
    ({ id } = (await fixture.exchange(await signIn(connection), 'sign-in')).principal);
    const { items } = await fixture.call(auth.listMembers, { limit: 100 }, a.principal);
    return items.find((one) => one.principal.id === id)!.role;
  };
  const give = (role: string) => fixture.call(auth.changeMember, { id, role }, a.principal);
  expect(await roleAfter('linked', [])).toBe('administrator');
  expect(await roleAfter('bo', ['makers'])).toBe('developer');
  await fixture.call(tenantRoles.createRole, { name: 'helpers', permissions: ['run:read'] }, a.principal);
  await give('helpers');
  expect(await roleAfter('bo', ['ops'])).toBe('helpers');
  await give('auditor');
  expect(await roleAfter('bo', ['makers'])).toBe('developer');
  const described = [tenantId, workspaceId, id];
  await fixture.database.query(
    `insert into auth.scim_user (tenant_id, workspace_id, principal_id, user_name, resource, created_at, changed_at)
     values ($1, $2, $3, 'bo', '{}', now(), now())`,
    described,
  );
  expect(await roleAfter('bo', ['ops'])).toBe('developer');
  await fixture.database.query(
    'delete from auth.scim_user where tenant_id = $1 and workspace_id = $2 and principal_id = $3',
    described,
  );
  expect(await roleAfter('bo', ['ops'])).toBe('administrator');
  await fixture.setRole(a.principal, 'viewer');
  expect(await roleAfter('bo', [])).toBe('administrator');
});

describe('Entra', () => {
  const many = (segment: 'common' | 'organizations', entraTenants = [TENANT]): Settings => ({
    ...{ kind: 'oidc', vendor: 'entra', issuer: `${issuer.url}/${segment}/v2.0`, ...client, entraTenants },
  });
  const { ada } = vendorsAt('')['Entra, one tenant']!;

  it('signs in people of the listed tenants and of no other, whichever of its tenants says so', async () => {
    const connection = await connect(many('common', [TENANT, PERSONAL]), { provisioning: atSight() });
    const attempt = (tid: string, says = tid) => {
      register(connection, likeManyTenants(issuer.url, 'common', tid));
      issuer.person = { ...ada, tid: says, email: `${tid}@example.com` };
      return signIn(connection);
    };
    for (const [tid, says] of [
      [OTHER, OTHER],
      [OTHER, TENANT],
      [TENANT, OTHER],
      [TENANT, undefined],
      [TENANT, TENANT.toUpperCase()],
      [PERSONAL, TENANT],
    ] as const)
      expect([tid, says, await refusalOf(attempt(tid, says ?? ''))]).toEqual([tid, says, REFUSED]);
    for (const tid of [TENANT, PERSONAL]) await expect(attempt(tid)).resolves.toBeDefined();
    const subjects = (await identitiesOf(connection)).map(({ subject }) => subject);
    expect(new Set(subjects)).toEqual(new Set([TENANT, PERSONAL].map((tid) => `${tid}/${String(ada['oid'])}`)));
    const narrowed = { id: connection.id, settings: many('common') };
    await fixture.call(connections.changeConnection, narrowed, a.principal);
    expect(await refusalOf(attempt(PERSONAL))).toBe(REFUSED);
  });

  it('knows somebody by their object, and never signs in who is in more groups than the token says', async () => {
    const vendor = vendorOf('Entra, one tenant');
    const connection = await connect(settingsOf(vendor));
    register(connection, vendor.setup);
    const linked = { id: connection.id, principal: a.principal.principal.id, subject: vendor.subject };
    await fixture.call(connections.linkIdentity, linked, a.principal);
    const attempt = (claims: object) => {
      issuer.person = { ...vendor.ada, ...claims };
      return signIn(connection);
    };
    for (const claims of [
      { oid: undefined },
      { oid: 'another' },
      { oid: OTHER },
      { _claim_names: { groups: 'src1' } },
      { hasgroups: true },
      { hasgroups: 'true' },
      { groups: 7 },
      { groups: ['staff', 7] },
    ])
      expect([claims, await refusalOf(attempt({ xms_edov: undefined, ...claims }))]).toEqual([claims, REFUSED]);
    await expect(attempt({ sub: 'another name for this client', email: undefined })).resolves.toBeDefined();
    const byRoles = settingsOf(vendor, { groups: { claim: 'roles' } });
    await fixture.call(connections.changeConnection, { id: connection.id, settings: byRoles }, a.principal);
    await expect(attempt({ hasgroups: true })).resolves.toBeDefined();
  });
});

describe('Google', () => {
  it('is believed about an address of its own mail or of a Workspace domain, and sends people of the domains only', async () => {
    const vendor = vendorOf('Google');
    const open = await connect(settingsOf(vendor, { hostedDomains: undefined }), {
      ...{ provisioning: atSight(), emailDomains: ['example.com', 'gmail.com'] },
    });
    const attempt = (to: Connection, claims: object) => {
      register(to, vendor.setup);
      issuer.person = { ...vendor.ada, ...claims };
      return signIn(to);
    };
    const stranger = { sub: 'eve', hd: undefined };
    expect(await refusalOf(attempt(open, stranger))).toBe(REFUSED);
    expect(await refusalOf(attempt(open, { ...stranger, hd: '' }))).toBe(REFUSED);
    await expect(attempt(open, { ...stranger, email: 'eve@gmail.com' })).resolves.toBeDefined();
    const hosted = await connect(settingsOf(vendor, { hostedDomains: ['example.com', 'example.org'] }));
    for (const subject of ['ada-at-vendor', 'eve']) {
      const linked = { id: hosted.id, principal: a.principal.principal.id, subject };
      await fixture.call(connections.linkIdentity, linked, a.principal);
    }
    for (const hd of [undefined, '', 'other.com', 'EXAMPLE.com', 'sub.example.com', ['example.com'], true])
      expect([hd, await refusalOf(attempt(hosted, { hd }))]).toEqual([hd, REFUSED]);
    await expect(attempt(hosted, { hd: 'example.org' })).resolves.toBeDefined();
    expect(new URL((await begin(hosted)).location).searchParams.get('hd')).toBe('*');
  });

  it('calls itself by its whole address: the old name without a scheme is refused', async () => {
    const forger = await startForger(client.clientId);
    const connection = await connect({ kind: 'oidc', vendor: 'google', issuer: forger.url, ...client });
    const linked = { id: connection.id, principal: a.principal.principal.id, subject: 'ada' };
    await fixture.call(connections.linkIdentity, linked, a.principal);
    const attempt = async (iss: string) => {
      const { flow, location } = await begin(connection);
      const { nonce, state } = Object.fromEntries(new URL(location).searchParams);
      forger.forge(nonce!, { claims: { iss } });
      return finish(connection, flow, `code=x&state=${state}&iss=${encodeURIComponent(forger.url)}`);
    };
    expect(await refusalOf(attempt(forger.url.replace('http://', '')))).toBe(REFUSED);
    await expect(attempt(forger.url)).resolves.toBeDefined();
    await forger.stop();
  });
});

describe.each([
  ['Okta, an authorization server', '/oauth2/default/token', true],
  ['Entra, listed tenants', `/${TENANT}/v2.0/token`, true],
  ['Keycloak', '/realms/example', true],
  ['Auth0', '/', false],
])('%s, whose client has a key and no secret', (name, audience, namesKey) => {
  it('knows it by what the key signed, for itself alone, also while one key replaces another', async () => {
    const vendor = vendorOf(name);
    const settings = settingsOf(vendor, { clientAuthentication: 'private_key_jwt', clientSecret: undefined });
    const connection = await connect(settings);
    expect(connection.urls.keys).toBe(connection.urls.callback.replace('/callback', '/keys'));
    const linked = { id: connection.id, principal: a.principal.principal.id, subject: vendor.subject };
    await fixture.call(connections.linkIdentity, linked, a.principal);
    const said: Record<string, unknown>[] = [];
    const setup: IssuerSetup = {
      ...{ ...vendor.setup, clientAuthentication: 'private_key_jwt' },
      assertion: ({ alg, kid, 'x5t#S256': x5t }, { iss, sub, aud }) => void said.push({ alg, kid, x5t, iss, sub, aud }),
    };
    issuer.person = vendor.ada;
    const roll = (step: 'prepare' | 'swap' | 'drop') =>
      fixture.call(connections.rollConnectionKey, { id: connection.id, step }, a.principal);
    const [old] = await keysOf(connection);
    register(connection, setup, [old!]);
    await signIn(connection);
    await roll('prepare');
    const both = await keysOf(connection);
    expect([both.length, both[0]]).toEqual([2, old]);
    await signIn(connection);
    await roll('swap');
    expect(await refusalOf(signIn(connection))).toBe(REFUSED);
    register(connection, setup, both);
    await signIn(connection);
    await roll('drop');
    expect(await keysOf(connection)).toEqual([both[1]]);
    await signIn(connection);
    const signers = [old, old, both[1], both[1]].map((key) => ({
      ...{ alg: 'RS256', x5t: key!['x5t#S256'], kid: namesKey ? key!.kid : undefined },
      ...{ iss: client.clientId, sub: client.clientId, aud: issuer.url + audience },
    }));
    expect(said).toEqual(signers);
    expect(JSON.stringify(both)).not.toMatch(/"(d|p|q|dp|dq|qi)":/);

    const bySecret = { id: connection.id, settings: settingsOf(vendor) };
    await fixture.call(connections.changeConnection, bySecret, a.principal);
    expect(await refusalOf(keysOf(connection))).toBe('auth.connection.not-found');
    register(connection, vendor.setup);
    await expect(signIn(connection)).resolves.toBeDefined();
  });
});

it.each([
  ['Keycloak', true],
  ['Auth0', true],
  ['Auth0', false],
])(
  '%s signs people out without a browser, by the session it names (slash behind the issuer: %s)',
  async (name, slash) => {
    const vendor = vendorOf(name);
    const at = issuer.url + (slash ? vendor.setup.path! : '');
    const connection = await connect(settingsOf(vendor, { issuer: at }));
    register(connection, vendor.setup);
    const linked = { id: connection.id, principal: a.principal.principal.id, subject: vendor.subject };
    await fixture.call(connections.linkIdentity, linked, a.principal);
    issuer.person = vendor.ada;
    const [elsewhere, here] = [await signIn(connection), await signIn(connection)];
    const { told } = await issuer.signOut(`${issuer.url}${vendor.setup.path!.replace(/\/$/, '')}/session/end`);
    const order = { connection: connection.id, logoutToken: told!.get('logout_token')! };
    expect(await fixture.call(connections.takeOidcLogout, order, edge)).toEqual({ ended: 1 });
    expect([await isOpen(elsewhere), await isOpen(here)]).toEqual([true, false]);
  },
);

it('an issuer that calls itself otherwise is refused, and the test says how it does', async () => {
  const vendor = vendorOf('Keycloak');
  const elsewhere = `${issuer.url}/realms/other`;
  const connection = await connect(settingsOf(vendor));
  for (const setup of [
    { ...vendor.setup, document: { issuer: elsewhere } },
    { ...vendor.setup, path: '/realms/other', foundBelow: vendor.setup.path! },
  ]) {
    register(connection, setup);
    expect(await saysOf(settingsOf(vendor))).toEqual([`the issuer calls itself ${elsewhere}`]);
    expect(await refusalOf(begin(connection))).toBe(REFUSED);
  }
  const many = vendorOf('Entra, listed tenants');
  register(connection, { ...many.setup, document: { issuer: 'https://login.example.com/{tenantid}/v2.0' } });
  expect(await saysOf(settingsOf(many))).toEqual(['the issuer calls itself https://login.example.com/{tenantid}/v2.0']);
  register(connection, likeManyTenants(issuer.url, 'common'));
  const unnamed = settingsOf(vendor, { vendor: undefined, issuer: `${issuer.url}/common/v2.0` });
  expect(await saysOf(unnamed)).toEqual([`the issuer calls itself ${issuer.url}/{tenantid}/v2.0`]);
});

it('what does not fit the provider is said by the test, and what does not fit the vendor is not saved', async () => {
  const okta = vendorOf('Okta, the organisation');
  register(await connect(settingsOf(okta)), {
    ...okta.setup,
    document: {
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      id_token_signing_alg_values_supported: 7,
    },
  });
  expect(await saysOf(settingsOf(okta))).toEqual(['It takes client_secret_post of clients, not client_secret_basic.']);
  const byPost = settingsOf(okta, { clientAuthentication: 'client_secret_post' });
  expect(await saysOf(byPost)).toEqual([]);
  const tenant = `${issuer.url}/${TENANT}/v2.0`;
  const common = `${issuer.url}/common/v2.0`;
  const unfit: Partial<Settings>[] = [
    { vendor: 'entra', issuer: common },
    { vendor: 'entra', issuer: issuer.url },
    { vendor: 'entra', issuer: `${issuer.url}/consumers/v2.0`, entraTenants: [PERSONAL] },
    { vendor: 'entra', issuer: tenant, entraTenants: [TENANT] },
    { vendor: 'okta', issuer: common, entraTenants: [TENANT] },
    { vendor: 'okta', hostedDomains: ['example.com'] },
    { clientSecret: undefined },
    { clientAuthentication: 'private_key_jwt' },
  ];
  for (const one of unfit)
    expect([one, await refusalOf(connect(settingsOf(okta, one)))]).toEqual([one, 'auth.connection.invalid']);
  const groupRoles = [{ group: 'ops', role: 'administrator' as const }];
  const provisioning = { ...atSight(), groupRoles };
  expect(await refusalOf(connect(settingsOf(okta, { groups: undefined }), { provisioning }))).toBe(
    'auth.connection.invalid',
  );
  const entra = await connect(settingsOf(vendorOf('Entra, one tenant')));
  const renamed = { id: entra.id, settings: settingsOf(okta, { vendor: undefined, issuer: tenant }) };
  expect(await refusalOf(fixture.call(connections.changeConnection, renamed, a.principal))).toBe(
    'auth.connection.invalid',
  );
});
