import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, events, newId, policies, roles, type Permission } from '@conclave/contracts';
import { eventually, refusalOf, refusedWith, type TestPrincipal } from '@conclave/dev-env/testing';
import { startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

const noListing = 'forbid (principal, action == Action::"member:read", resource);';

describe('policies of a tenant', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let admin: TestPrincipal;

  beforeAll(async () => {
    fixture = await startAuth();
  });
  beforeEach(async () => {
    a = await fixture.createTenant();
    admin = a.principal;
  });
  afterAll(() => fixture.stop());

  const put = (source: string, id = 'mine', as = admin) => fixture.call(policies.putPolicy, { id, source }, as);
  const remove = (id = 'mine', as = admin) => fixture.call(policies.deletePolicy, { id }, as);
  const get = (version?: number, as = admin) => fixture.call(policies.getPolicy, { id: 'mine', version }, as);
  const list = async (as = admin) => (await fixture.call(policies.listPolicies, {}, as)).items;
  const told = async (type: string) => (await fixture.emitted(type, admin.tenantId)).map(({ data }) => data);
  const issuesOf = async (source: string) => (await refusedWith(put(source))).params['issues'];
  /** Lists members with the key's next token, as the edge would. */
  const asks = async (key = a.key) => fixture.call(auth.listMembers, {}, await fixture.exchange(key));

  it('forbid from the next token on what the role permits, and no longer when they are deleted', async () => {
    const before = await fixture.exchange(a.key);
    expect(before.policies).toBeUndefined();
    await put(noListing);
    expect(await refusedWith(asks())).toMatchObject({
      code: 'auth.forbidden',
      params: { permission: 'member:read', policies: ['mine'] },
    });
    await put('forbid (principal in Role::"viewer", action, resource);');
    expect((await asks()).items).toHaveLength(1);
    await put(noListing);
    await remove();
    expect((await fixture.exchange(a.key)).policies).toBeUndefined();
    expect((await asks()).items).toHaveLength(1);
  });

  it('are kept in every version, told without their text, and written once when nothing changes', async () => {
    const first = await put(noListing);
    expect(first).toMatchObject({ id: 'mine', version: 1, source: noListing, createdBy: admin.principal.id });
    expect(await put(noListing)).toEqual(first);
    const longer = `// nobody lists\n${noListing}`;
    await put(longer);
    expect(await get()).toMatchObject({ version: 2, source: longer });
    expect(await get(1)).toEqual(first);
    const { source: _, ...shown } = await get();
    expect(await list()).toEqual([shown]);
    expect(await remove()).toMatchObject({ version: 3 });
    for (const call of [() => get(), () => get(3), () => get(4), () => remove()])
      expect(await refusalOf(call())).toBe('auth.policy.not-found');
    expect(await get(2)).toMatchObject({ source: longer });
    expect(await put(noListing)).toMatchObject({ version: 4 });
    expect(await list()).toMatchObject([{ version: 4 }]);
    expect(await told(events.policyChanged.type)).toMatchObject([{ version: 1 }, { version: 2 }, { version: 4 }]);
    expect(JSON.stringify(await told(events.policyChanged.type))).not.toContain('forbid');
    const [deleted] = await told(events.policyDeleted.type);
    expect(deleted).toMatchObject({ policy: 'mine', version: 3 });
    const made = [...(await told(events.policyChanged.type)), deleted!].map(({ bundle }) => parseInt(String(bundle)));
    expect(made).toEqual([1, 2, 4, 3]);
  });

  it('are refused with what is wrong and where', async () => {
    expect(await issuesOf('// é\nforbid (principal action);')).toMatchObject([
      { message: expect.stringContaining('unexpected token'), line: 2, column: 19 },
    ]);
    expect(await issuesOf('forbid (principal, action == Action::"run:creat", resource);')).toMatchObject([
      {
        message: expect.stringContaining('run:creat'),
        help: expect.stringContaining('run:create'),
        line: 1,
        column: 30,
      },
      {},
      {},
    ]);
    for (const [source, message] of [
      ['permit (principal, action, resource);', 'only forbid'],
      ['forbid (principal, action, resource) when { resource.priority == "x" };', 'optional attribute'],
      ['forbid (principal, action, resource) when { resource.nothing == "x" };', 'not found'],
      ['forbid (principal, action, resource) when { false };', 'impossible'],
      ['forbid (principal, action == Action::"policy:manage", resource);', 'unrecognized action'],
      [`${noListing}${noListing}`, 'unexpected token'],
      ['forbid (principal == ?principal, action, resource);', 'template'],
      ['forbid (principal, action, resource) when { context.operation == "аdmin" };', 'script'],
    ])
      expect([source, JSON.stringify(await issuesOf(source!))]).toEqual([source, expect.stringContaining(message!)]);
    expect(await list()).toEqual([]);
  });

  it('never bring Cedar down, however deep they go', async () => {
    const around = (body: string) => `forbid (principal, action, resource) when { ${body} };`;
    const many = (part: string, n: number, join = '') => Array<string>(n).fill(part).join(join);
    const hostile = [
      (n: number) => '('.repeat(n) + 'true' + ')'.repeat(n),
      (n: number) => `${'['.repeat(n)}1${']'.repeat(n)} == 1`,
      (n: number) => `${'{a:'.repeat(n)}1${'}'.repeat(n)} == 1`,
      (n: number) => `principal${many('.a', n)} == 1`,
      (n: number) => `principal${many('[""]', 4 * n)} == 1`,
      (n: number) => `// "\r${'('.repeat(n)}true // "\r${')'.repeat(n)}`,
      (n: number) => `"\\\r" == "" && ${'('.repeat(n)}true${')'.repeat(n)} && "" == ""`,
      (n: number) => `${many('1', n, '+')} > 0`,
      (n: number) => many('principal == resource', n, ' || '),
      (n: number) => many('(true', n, ' && ') + ')'.repeat(n),
      (n: number) => `${many('if true then ', n)}true${many(' else false', n)}`,
      (n: number) => `${'!'.repeat(n)}true`,
      (n: number) => `${'-'.repeat(n)}1 > 0`,
      (n: number) => `"${'('.repeat(n)}" == "\\"(" && ${'('.repeat(n)}true${')'.repeat(n)}`,
      (n: number) => `${'('.repeat(30)}${many('1', n, '+')} > 0${')'.repeat(30)}`,
    ];
    for (const body of hostile)
      for (const n of [30, 120, 700, 2000]) {
        const source = around(body(n));
        if (source.length > 8_192) continue;
        const code = await put(source).then(
          () => 'set',
          (error: { code: string }) => error.code,
        );
        expect([source.slice(0, 80), n, code]).toEqual([
          source.slice(0, 80),
          n,
          expect.stringMatching(/set|policy.invalid/),
        ]);
        if (code === 'set')
          expect((await fixture.call(policies.testPolicies, ask('run:read'), admin)).decidedBy).toBeDefined();
      }
    expect(await put(noListing)).toMatchObject({ source: noListing });
  });

  const ask = (action: Permission, more: object = {}) => ({ principal: admin.principal.id, action, ...more });

  it('are tested without a request, as they are and as they may become', async () => {
    const test = (action: Permission, more: object = {}) =>
      fixture.call(policies.testPolicies, ask(action, more), admin);
    const command = { resource: { attributes: { agents: ['command'] } } };
    const draft = {
      id: 'no-commands',
      source:
        'forbid (principal, action, resource) when { resource has agents && resource.agents.contains("command") };',
    };
    const allowed = { allowed: true, decidedBy: 'role', policies: [] };
    expect(await test('run:create', command)).toEqual(allowed);
    const forbidden = { allowed: false, decidedBy: 'policies', policies: ['no-commands'] };
    expect(await test('run:create', { ...command, draft })).toEqual(forbidden);
    expect(await test('run:create', { draft })).toEqual(allowed);
    await put(draft.source, draft.id);
    expect(await test('run:create', command)).toEqual(forbidden);
    expect(await test('run:create', { ...command, draft: { id: draft.id, source: noListing } })).toEqual(allowed);
    await put('forbid (principal, action, resource);', 'all');
    expect(await test('policy:manage')).toEqual(allowed);
    await fixture.setRole(admin, 'viewer');
    expect(await test('run:create')).toEqual({ allowed: false, decidedBy: 'role', policies: [] });
    const unfit = { resource: { attributes: { agents: 7 } } };
    await fixture.setRole(admin, 'administrator');
    expect(await refusalOf(test('run:create', unfit))).toBe('request.invalid');
    expect(await refusalOf(test('run:create', { draft: { id: 'x', source: 'x' } }))).toBe('auth.policy.invalid');
    expect(await refusalOf(test('run:create', { principal: newId('principal') }))).toBe('auth.member.not-found');
  });

  it('do what the two examples of the handbook say', async () => {
    const page = await readFile(new URL('../../../../docs/policies.md', import.meta.url), 'utf8');
    const [noCommands, peopleOnly] = [...page.matchAll(/```cedar\n([^`]*)```/g)].map(([, source]) => source!);
    const forbids = async (id: string, source: string, action: Permission, more: object) =>
      (await fixture.call(policies.testPolicies, ask(action, { ...more, draft: { id, source } }), admin)).policies;
    const command = { resource: { attributes: { agents: ['command', 'review'] } } };
    const other = { resource: { attributes: { agents: ['review'] } } };
    expect(await forbids('no-commands', noCommands!, 'run:create', command)).toEqual([]);
    await fixture.setRole(admin, 'developer');
    expect(await forbids('no-commands', noCommands!, 'run:create', command)).toEqual(['no-commands']);
    for (const more of [other, {}]) expect(await forbids('no-commands', noCommands!, 'run:create', more)).toEqual([]);
    await fixture.setRole(admin, 'administrator');
    const by = (credential: string) => forbids('people-only', peopleOnly!, 'member:manage', { credential });
    expect([await by('api-key'), await by('sign-in')]).toEqual([['people-only'], []]);
    expect(await forbids('people-only', peopleOnly!, 'member:read', { credential: 'api-key' })).toEqual([]);
    for (const source of [noCommands!, peopleOnly!]) expect(await put(source)).toMatchObject({ source });
  });

  it('never lock out who manages them', async () => {
    await put('forbid (principal, action, resource);');
    expect(await refusalOf(asks())).toBe('auth.forbidden');
    await remove('mine', await fixture.exchange(a.key));
    expect((await asks()).items).toHaveLength(1);
  });

  it('put what they refused on record, by whom and by which of them', async () => {
    await put(noListing);
    for (let n = 0; n < 3; n++) expect(await refusalOf(asks())).toBe('auth.forbidden');
    const [event, ...more] = await eventually(async () => {
      const found = await fixture.emitted(events.authorizationRefused.type, admin.tenantId);
      expect(found.length).toBeGreaterThan(0);
      return found;
    });
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      actor: admin.principal.id,
      data: { permission: 'member:read', operation: 'auth.v1.member.list', policies: ['mine'], times: 1 },
    });
  });

  it('are given to owners and to nobody else', async () => {
    await put(noListing);
    const read = (tenantId: string) =>
      fixture.call(policies.readPolicySet, {}, { claims: { tenantId }, from: 'consensus' });
    const { digest, policies: all } = await read(admin.tenantId);
    expect(all).toEqual([{ id: 'mine', source: noListing }]);
    expect((await fixture.exchange(a.key)).policies).toBe(digest);
    expect(await read((await fixture.createTenant()).principal.tenantId)).toEqual({
      ...{ policies: [], bundle: expect.stringMatching(/^0\+/) as unknown },
    });
    const asOwner = { claims: admin, from: 'consensus' as const };
    expect(await refusalOf(fixture.call(policies.readPolicySet, {}, asOwner))).toBe('auth.forbidden');
    const refusal = { permission: 'run:read', operation: 'runtime.v1.run.get', policies: ['mine'], times: 7 };
    const claims = { tenantId: admin.tenantId, onBehalfOf: admin.principal.id };
    await fixture.call(policies.recordRefusal, refusal, { claims, from: 'runtime' });
    expect((await fixture.emitted(events.authorizationRefused.type, admin.tenantId)).at(-1)).toMatchObject({
      actor: admin.principal.id,
      data: refusal,
    });
    expect(await refusalOf(fixture.call(policies.recordRefusal, refusal, asOwner))).toBe('auth.forbidden');
  });

  it('are at most a hundred, and of another tenant do not exist', async () => {
    await fixture.database.query(
      `insert into auth.policy select $1, 'p' || n, 1, $2, now(), 'x' from generate_series(1, 100) n`,
      [admin.tenantId, noListing],
    );
    expect(await refusedWith(put(noListing))).toMatchObject({ code: 'auth.policy.too-many', params: { limit: 100 } });
    const { principal: stranger } = await fixture.createTenant();
    expect(await list(stranger)).toEqual([]);
    expect(await refusalOf(remove('p1', stranger))).toBe('auth.policy.not-found');
    expect(await put(noListing, 'p1', stranger)).toMatchObject({ version: 1 });
  });

  it('are read by auditors, and changed by who may manage them', async () => {
    await put(noListing);
    const auditor = { ...admin, scopes: roles.auditor };
    expect(await list(auditor)).toHaveLength(1);
    expect(await fixture.call(policies.getPolicySchema, {}, auditor)).toContain('action "run:create" appliesTo');
    const tries = [
      () => put(noListing, 'x', auditor),
      () => remove('mine', auditor),
      () => fixture.call(policies.testPolicies, ask('run:read'), auditor),
      () => list({ ...admin, scopes: roles.viewer }),
    ];
    for (const call of tries) expect(await refusalOf(call())).toBe('auth.forbidden');
  });
});
