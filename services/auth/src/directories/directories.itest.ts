/** People of a connection, read from the management of its provider: made, changed and ended as there, and never by guess. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, connections, directories, type ReplyOf } from '@conclave/contracts';
import { eventually, refusalOf } from '@conclave/dev-env/testing';
import { startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { startAuth0, type Auth0Tenant, type Auth0User } from '../testing/auth0.js';

type Directory = ReplyOf<typeof directories.getDirectory>;

const person = (no: number, more: Partial<Auth0User> = {}): Auth0User => ({
  user_id: `auth0|${String(no).padStart(6, '0')}`,
  created_at: new Date(Date.UTC(2026, 0, 1) + no * 1_000).toISOString(),
  name: `Person ${no}`,
  email: `person-${no}@example.com`,
  ...more,
});
const people = (n: number): Auth0User[] => Array.from({ length: n }, (_, no) => person(no));

describe('a directory', () => {
  let auth0: Auth0Tenant;
  let fixture: AuthFixture;
  let a: TestTenant;
  let id: string;

  beforeAll(async () => {
    auth0 = await startAuth0();
    fixture = await startAuth({ PUBLIC_URL: 'http://localhost:4680' });
  });
  afterAll(async () => {
    await fixture.stop();
    await auth0.stop();
  });
  beforeEach(async () => {
    Object.assign(auth0, { users: people(12), busy: 0, broken: undefined });
    auth0.searches.length = 0;
    a = await fixture.createTenant();
    const settings = { kind: 'oidc' as const, issuer: auth0.url, clientId: 'c', clientSecret: 's' };
    ({ id } = await fixture.call(connections.createConnection, { name: 'Auth0', settings }, a.principal));
  });

  const put = (more: object = {}, settings: object = {}) =>
    fixture.call(
      directories.putDirectory,
      {
        ...{ id, workspace: a.principal.workspaceId, ...more },
        settings: {
          ...{ kind: 'auth0' as const, url: auth0.url, clientId: auth0.client.id, clientSecret: auth0.client.secret },
          ...settings,
        },
      },
      a.principal,
    );
  const get = () => fixture.call(directories.getDirectory, { id }, a.principal);
  async function reading(asked: object = {}): Promise<NonNullable<Directory['last']>> {
    const before = (await get()).last?.at;
    await fixture.call(directories.readDirectory, { id, ...asked }, a.principal);
    return eventually(async () => {
      const { state, last } = await get();
      expect([state, last?.at === before]).toEqual(['idle', false]);
      return last!;
    });
  }
  const members = async () => {
    const { items } = await fixture.call(auth.listMembers, { limit: 100 }, a.principal);
    return new Map(items.map(({ principal, ...member }) => [principal.name, { id: principal.id, ...member }]));
  };
  const told = async () => (await fixture.emitted(undefined, a.principal.tenantId)).map(({ type }) => type);

  it('tells first what it would do, and then makes members of whom the provider has, with the least role', async () => {
    await put();
    auth0.users.push(person(12, { blocked: true }));
    expect(await reading({ dryRun: true })).toMatchObject({
      state: 'done',
      dryRun: true,
      found: 12,
      added: 12,
      ended: 0,
    });
    expect((await members()).size).toBe(1);
    expect(await reading()).toMatchObject({
      state: 'done',
      dryRun: false,
      found: 12,
      added: 12,
      changed: 0,
      skipped: [],
    });
    const made = await members();
    expect([made.size, made.get('Person 3')?.role, made.has('Person 12')]).toEqual([13, 'viewer', false]);
    expect(await reading()).toMatchObject({ added: 0, changed: 0, ended: 0 });
    const { items } = await fixture.call(connections.listIdentities, { id, limit: 50 }, a.principal);
    expect(items.find(({ subject }) => subject === 'auth0|000003')?.principal).toBe(made.get('Person 3')?.id);
    expect(await told()).toEqual(
      expect.arrayContaining(['directory.kept', 'member.added', 'identity.linked', 'directory.read']),
    );
  });

  it('changes and ends them as the provider does, and begins them again', async () => {
    await put();
    await reading();
    auth0.users = auth0.users
      .filter(({ user_id: subject }) => subject !== 'auth0|000000')
      .map((user, at) => (at === 0 ? { ...user, blocked: true } : at === 1 ? { ...user, name: 'Grace' } : user));
    expect(await reading()).toMatchObject({ found: 10, added: 0, changed: 1, ended: 2 });
    let now = await members();
    expect([now.has('Grace'), now.get('Person 0')?.disabledAt, now.get('Person 1')?.disabledAt]).toEqual([
      ...[true, expect.any(String), expect.any(String)],
    ]);
    auth0.users = people(12);
    expect(await reading()).toMatchObject({ added: 0, changed: 3, ended: 0 });
    now = await members();
    expect([now.has('Person 2'), now.get('Person 0')?.disabledAt]).toEqual([true, undefined]);
  });

  it('ends nobody when more would go than is plausible, or when not everybody was read', async () => {
    await put();
    auth0.users = people(30);
    await reading();
    auth0.users = people(20);
    expect(await reading()).toMatchObject({
      ...{ state: 'refused', ended: 0 },
      reason: '10 of 30 memberships would end: if that is right, read with mayEnd 10',
    });
    auth0.users = [];
    expect(await reading({ dryRun: true })).toMatchObject({ state: 'refused' });
    for (const broken of [
      { status: 403, body: '{"statusCode":403,"error":"Forbidden","message":"Insufficient scope"}' },
      { status: 200, body: '{"users":[{"id":7}]}' },
      { status: 200, body: 'no json' },
    ]) {
      auth0.broken = broken;
      expect(await reading()).toMatchObject({ state: 'failed', ended: 0, reason: expect.any(String) });
    }
    auth0.broken = undefined;
    expect([...(await members()).values()].filter(({ disabledAt }) => disabledAt)).toEqual([]);
    auth0.users = people(20);
    expect(await reading({ mayEnd: 10 })).toMatchObject({ state: 'done', ended: 10 });
  }, 60_000);

  it('reads more people than a question has answers, and waits where it is told to', async () => {
    await put();
    auth0.users = people(2_150);
    auth0.busy = 1;
    expect(await reading({ dryRun: true })).toMatchObject({ state: 'done', found: 2_150, added: 2_150 });
    expect(auth0.searches.filter((search) => search.startsWith('created_at')).length).toBeGreaterThan(10);
  }, 60_000);

  it('leaves alone who came by another way, and joins nobody by an address', async () => {
    await put();
    const name = 'Person 1';
    const added = await fixture.call(auth.addMember, { name, kind: 'user', role: 'developer' }, a.principal);
    const link = { id, principal: added.principal.id, subject: 'auth0|000001' };
    await fixture.call(connections.linkIdentity, link, a.principal);
    expect(await reading()).toMatchObject({ added: 11, kept: 1 });
    auth0.users = auth0.users.map((user) => (user.user_id === link.subject ? { ...user, blocked: true } : user));
    expect(await reading()).toMatchObject({ ended: 0, kept: 1 });
    expect((await members()).get(name)).toMatchObject({ role: 'developer' });
  });

  it('is not read with a wrong secret, from the inside of a network, or by whom no owner let', async () => {
    await put({}, { clientSecret: 'wrong' });
    expect(await reading()).toMatchObject({ state: 'failed', reason: 'it gives the client no token (401)' });
    await put({}, { url: 'http://169.254.169.254' });
    expect((await reading()).reason).toMatch('no public address');
    expect(await refusalOf(put({ id: 'con_01jc8xq3v9e630s0m7t4n2k5r9' }))).toBe('auth.connection.not-found');
    expect(await refusalOf(put({ workspace: 'wsp_01jc8xq3v9e602s0m7t4n2k5r9' }))).toBe('auth.workspace.not-found');
    const settings = { kind: 'github' as const, clientId: 'c', clientSecret: 's' };
    const github = await fixture.call(connections.createConnection, { name: 'GitHub', settings }, a.principal);
    expect(await refusalOf(put({ id: github.id }))).toBe('auth.connection.invalid');
    await fixture.setRole(a.principal, 'administrator');
    a = { ...a, principal: await fixture.exchange(a.key) };
    for (const act of [
      () => put(),
      () => fixture.call(directories.readDirectory, { id }, a.principal),
      () => fixture.call(directories.deleteDirectory, { id }, a.principal),
    ])
      expect(await refusalOf(act())).toMatch(/auth\.(role\.too-wide|forbidden)/);
  });

  it('is read by itself as often as it says, until it is removed, which ends nobody; and its secret is nowhere', async () => {
    expect(await put({ everyHours: 6 })).toMatchObject({ everyHours: 6, settings: { kind: 'auth0', url: auth0.url } });
    await eventually(async () =>
      expect(await get()).toMatchObject({ state: 'idle', last: { state: 'done', added: 12 } }),
    );
    const [{ next }] = (await fixture.database.query<{ next: number }>(
      'select extract(epoch from next_at - now())::int / 60 as next from auth.directory where connection_id = $1',
      [id],
    )) as [{ next: number }];
    expect(next).toBeGreaterThan(350);
    const stored = await fixture.database.query('select row_to_json(d)::text as d from auth.directory d');
    expect(JSON.stringify([stored, await fixture.emitted(undefined, a.principal.tenantId)])).not.toContain(
      auth0.client.secret,
    );
    expect(await fixture.call(directories.deleteDirectory, { id }, a.principal)).toEqual({ connection: id });
    expect(await refusalOf(get())).toBe('auth.directory.not-found');
    expect(await refusalOf(fixture.call(directories.readDirectory, { id }, a.principal))).toBe(
      'auth.directory.not-found',
    );
    expect(await refusalOf(fixture.call(directories.deleteDirectory, { id }, a.principal))).toBe(
      'auth.directory.not-found',
    );
    expect((await members()).size).toBe(13);
  });
});
