import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  auth,
  scim,
  tenantRoles,
  tenants,
  workspacePermissions,
  type Permission,
  type RequestInputOf,
} from '@conclave/contracts';
import { startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const base = 'https://conclave.example.com/scim/v2';

type Method = (typeof scim.scimMethods)[number];
interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly id: string; readonly Resources: Record<string, unknown>[] };
  readonly etag?: string;
  readonly location?: string;
}

let fixture: AuthFixture;
let tenant: TestTenant;
let other: TestTenant;

beforeAll(async () => {
  fixture = await startAuth();
  other = await fixture.createTenant();
});
beforeEach(async () => {
  tenant = await fixture.createTenant();
});
afterAll(() => fixture.stop());

const ask = async (
  method: Method,
  path: string,
  body?: object,
  more: Partial<RequestInputOf<typeof scim.scimRequest>> = {},
  as = tenant,
): Promise<Answer> => {
  const request = { method, base, path, query: {}, ...(body && { body: body as never }), ...more };
  return (await fixture.call(scim.scimRequest, request, as.principal)) as unknown as Answer;
};
const find = (filter: string, as = tenant) => ask('GET', 'Users', undefined, { query: { filter } }, as);
const patch = (path: string, ...Operations: object[]) => ask('PATCH', path, { schemas: [PATCH], Operations });
const person = (userName: string, more: object = {}) => ({ schemas: [CORE], userName, ...more });
const made = async (userName: string, more: object = {}) =>
  (await ask('POST', 'Users', person(userName, more))).body.id;
const memberOf = async (id: string) =>
  (await fixture.call(auth.listMembers, { limit: '100' }, tenant.principal)).items.find(
    ({ principal }) => principal.id === id,
  );

describe('people of a directory', () => {
  it('are members from when they are provisioned, and described as they were', async () => {
    const sent = person('Ada.Lovelace@example.com', {
      schemas: [CORE, ENTERPRISE],
      externalId: '00u1',
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
      [ENTERPRISE]: { department: 'Engines' },
      active: true,
      password: 'never kept',
    });
    const { status, body, etag, location } = await ask('POST', 'Users', sent);
    const { password: _password, ...kept } = sent as typeof sent & { password: string };
    expect({ status, body }).toMatchObject({ status: 201, body: { ...kept, meta: { resourceType: 'User' } } });
    expect([etag, location]).toEqual(['W/"1"', `${base}/Users/${body.id}`]);
    expect(JSON.stringify(body)).not.toContain('never kept');
    expect((await ask('GET', `Users/${body.id}`)).body).toEqual(body);
    expect(await memberOf(body.id)).toMatchObject({
      role: 'viewer',
      principal: { kind: 'user', name: 'Ada Lovelace' },
    });
    expect(await fixture.emitted('member.added', tenant.principal.tenantId)).toHaveLength(1);
  });

  it('are found by what directories ask for, and by other filters', async () => {
    const known = { externalId: '00u1', emails: [{ value: 'a@x.org', type: 'work' }] };
    const ada = await made('Ada@example.com', known);
    // Who is described anew without a word of it is as active as before.
    expect((await ask('PUT', `Users/${ada}`, person('Ada@example.com', known))).body).not.toHaveProperty('active');
    const bob = await made('bob@example.com', { active: false });
    for (const [filter, ids] of [
      ['userName eq "ADA@EXAMPLE.COM"', [ada]],
      ['externalId eq "00u1"', [ada]],
      [`id eq "${bob}"`, [bob]],
      ['userName eq "nobody"', []],
      ['active eq false', [bob]],
      ['active eq true', [ada]],
      ['active eq "True" and userName pr', [ada]],
      ['not (active eq false)', [ada]],
      ['active ne true', [bob]],
      ['emails[type eq "work" and value co "x.org"]', [ada]],
      ['userName sw "b" or userName sw "Ada"', [ada, bob]],
    ] as const) {
      const { body } = await find(filter);
      expect([filter, body['totalResults'], body.Resources.map(({ id }) => id)]).toEqual([
        filter,
        ids.length,
        [...ids],
      ]);
    }
    const page = (query: Record<string, string>) => ask('GET', 'Users', undefined, { query });
    expect((await page({ count: '1', startIndex: '2' })).body).toMatchObject({
      ...{ totalResults: 2, startIndex: 2, itemsPerPage: 1, Resources: [{ id: bob }] },
    });
    expect((await page({ count: '0' })).body).toMatchObject({ totalResults: 2, Resources: [] });
    const sorted = await page({ sortBy: 'userName', sortOrder: 'descending', attributes: 'userName' });
    expect(sorted.body.Resources.map(({ userName }) => userName)).toEqual(['bob@example.com', 'Ada@example.com']);
    expect(sorted.body.Resources[0]).not.toHaveProperty('active');
    const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
    const search = (path: string, body: object) => ask('POST', path, { schemas: [SEARCH], ...body });
    const found = await search('Users/.search', { filter: 'active eq false', attributes: ['userName'] });
    expect(found.body.Resources).toEqual([{ schemas: [CORE], id: bob, userName: 'bob@example.com' }]);
    await ask('POST', 'Groups', { schemas: [GROUP], displayName: 'All' });
    const both = await search('.search', { count: 2, startIndex: 2 });
    expect(both.body).toMatchObject({ totalResults: 3, Resources: [{ id: bob }, { displayName: 'All' }] });
  });

  it('change by patches of several dialects', async () => {
    const id = await made('eve@example.com', { emails: [{ value: 'e@x.org', type: 'work', primary: true }] });
    const path = `Users/${id}`;
    expect((await patch(path, { op: 'Replace', path: 'displayName', value: 'Eve' })).body).toMatchObject({
      displayName: 'Eve',
    });
    expect((await memberOf(id))?.principal.name).toBe('Eve');
    await patch(path, { op: 'Add', path: 'emails[type eq "work"].value', value: 'eve@x.org' });
    await patch(path, { op: 'replace', value: { 'name.familyName': 'Moneypenny', active: false } });
    const { body } = await ask('GET', path);
    expect(body).toMatchObject({
      ...{ active: false, name: { familyName: 'Moneypenny' }, emails: [{ value: 'eve@x.org', primary: true }] },
    });
    expect((await patch(path, { op: 'Replace', path: 'active', value: 'True' })).body).toMatchObject({ active: true });
    const same = await patch(path, { op: 'replace', path: 'displayName', value: 'Eve' });
    expect(same.etag).toBe((await ask('GET', path)).etag);
  });

  it('lose everything at once when they are inactive, and begin again without it', async () => {
    const id = await made('mal@example.com');
    const { key } = await fixture.call(auth.createApiKey, { name: 'k', principal: id }, tenant.principal);
    expect((await fixture.exchange(key)).principal.id).toBe(id);
    await patch(`Users/${id}`, { op: 'replace', value: { active: false } });
    await expect(fixture.exchange(key)).rejects.toMatchObject({ code: 'auth.unauthenticated' });
    expect(await memberOf(id)).toHaveProperty('disabledAt');
    expect(await fixture.emitted('member.disabled', tenant.principal.tenantId)).toHaveLength(1);
    await patch(`Users/${id}`, { op: 'replace', value: { active: true } });
    expect(await memberOf(id)).not.toHaveProperty('disabledAt');
    await expect(fixture.exchange(key)).rejects.toMatchObject({ code: 'auth.unauthenticated' });
    expect((await ask('DELETE', `Users/${id}`)).status).toBe(204);
    expect((await ask('GET', `Users/${id}`)).status).toBe(404);
    expect(await memberOf(id)).toHaveProperty('disabledAt');
    expect((await ask('POST', 'Users', person('mal@example.com'))).status).toBe(201);
  });

  it('whom an administrator disabled stay so, whatever the directory says', async () => {
    const id = await made('eli@example.com');
    await fixture.call(auth.disableMember, { id }, tenant.principal);
    const said = await ask('PUT', `Users/${id}`, person('eli@example.com', { active: true, title: 'Dr' }));
    expect(said).toMatchObject({ status: 200, body: { active: false, title: 'Dr' } });
    expect(await memberOf(id)).toHaveProperty('disabledAt');
  });

  it('who ended are told so, unless it was the directory, which takes that back', async () => {
    const ids = [await made('hal@example.com', { active: false }), await made('ina@example.com')] as const;
    for (const id of ids)
      expect((await patch(`Users/${id}`, { op: 'remove', path: 'active' })).body).not.toHaveProperty('active');
    expect(await memberOf(ids[0])).toHaveProperty('disabledAt');
    await fixture.call(auth.disableMember, { id: ids[1] }, tenant.principal);
    expect((await ask('GET', `Users/${ids[1]}`)).body).toHaveProperty('active', false);
    const found = (await find('active eq false')).body.Resources;
    expect(found.map((one) => [one.id, 'active' in one])).toEqual([
      [ids[0], false],
      [ids[1], true],
    ]);
  });

  it('who own the tenant are ended by owners, not by whoever holds the directory’s key', async () => {
    const id = await made('owner@example.com');
    await fixture.call(tenants.addOwner, { id }, tenant.principal);
    for (const refused of [
      await patch(`Users/${id}`, { op: 'replace', value: { active: false } }),
      await ask('PUT', `Users/${id}`, person('owner@example.com', { active: false })),
      await ask('DELETE', `Users/${id}`),
    ])
      expect(refused).toMatchObject({ status: 403, body: { detail: expect.stringContaining('owns the tenant') } });
    expect((await ask('GET', `Users/${id}`)).body).not.toHaveProperty('active', false);
    expect(await memberOf(id)).not.toHaveProperty('disabledAt');
    await fixture.call(tenants.removeOwner, { id }, tenant.principal);
    expect((await patch(`Users/${id}`, { op: 'replace', value: { active: false } })).status).toBe(200);
    expect(await memberOf(id)).toHaveProperty('disabledAt');
  });

  it('are as many as the tenant may have', async () => {
    await fixture.database.query(`update auth.tenant set limits = '{"members": 2}' where tenant_id = $1`, [
      tenant.principal.tenantId,
    ]);
    const id = await made('first@example.com');
    const refused = await ask('POST', 'Users', person('second@example.com'));
    expect(refused).toMatchObject({ status: 409, body: { code: 'auth.limit.reached' } });
    expect((await find('userName eq "second@example.com"')).body['totalResults']).toBe(0);
    expect((await patch(`Users/${id}`, { op: 'replace', value: { active: false } })).status).toBe(200);
  });

  it('of another tenant are not there', async () => {
    const id = await made('zoe@example.com', { externalId: 'z' });
    for (const [method, body] of [['GET'], ['PUT', person('x')], ['DELETE']] as const)
      expect((await ask(method, `Users/${id}`, body, {}, other)).status).toBe(404);
    expect((await find('externalId eq "z"', other)).body['totalResults']).toBe(0);
    const { status } = await ask(
      'POST',
      'Groups',
      { schemas: [GROUP], displayName: 'g', members: [{ value: id }] },
      {},
      other,
    );
    expect(status).toBe(400);
  });
});

describe('what directories really ask', () => {
  it('takes Entra’s deprovisioning whatever is patched with it', async () => {
    const id = await made('entra@example.com');
    const { status, body } = await patch(
      `Users/${id}`,
      { op: 'Replace', path: 'active', value: 'False' },
      { op: 'Add', path: 'phoneNumbers[type eq "work"].value', value: '12345' },
      { op: 'Add', path: 'addresses[type eq "work"].streetAddress', value: 'Main Street 1' },
      { op: 'Add', path: 'roles[primary eq "True"].value', value: 'engineer' },
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'e@x.org' },
      { op: 'Add', path: `${ENTERPRISE}:manager`, value: 'prn_9' },
      { op: 'Add', path: 'urn:ietf:params:scim:schemas:extension:custom:2.0:User:badge', value: '7' },
    );
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        active: false,
        phoneNumbers: [{ type: 'work', value: '12345' }],
        addresses: [{ type: 'work', streetAddress: 'Main Street 1' }],
        roles: [{ primary: true, value: 'engineer' }],
        emails: [{ type: 'work', value: 'e@x.org' }],
        [ENTERPRISE]: { manager: { value: 'prn_9' } },
      },
    });
    expect(body['schemas']).toEqual([CORE, ENTERPRISE]);
    expect(await memberOf(id)).toHaveProperty('disabledAt');
  });

  it('takes what Okta and Entra put into resources', async () => {
    const { status, body } = await ask(
      'POST',
      'Users',
      person('okta@example.com', {
        active: 'True',
        emails: [{ value: 'o@x.org', type: 'Personal', primary: 'True' }],
        roles: ['engineer'],
        [ENTERPRISE]: { manager: ['prn_9'], employeeNumber: 7, department: null },
        [`${ENTERPRISE}:costCenter`]: 'c',
        bogus: { x: 1 },
      }),
    );
    expect({ status, body }).toMatchObject({
      status: 201,
      body: {
        active: true,
        emails: [{ value: 'o@x.org', type: 'Personal', primary: true }],
        roles: [{ value: 'engineer' }],
        [ENTERPRISE]: { manager: { value: 'prn_9' }, employeeNumber: '7', costCenter: 'c' },
      },
    });
    const group = await ask('POST', 'Groups', { schemas: [GROUP], displayName: 'Old' });
    const renamed = await patch(`Groups/${group.body.id}`, {
      ...{ op: 'replace', value: { id: group.body.id, displayName: 'New' } },
    });
    expect(renamed).toMatchObject({ status: 200, body: { displayName: 'New' } });
  });

  it('finds the members of groups, and people by what an extension says', async () => {
    const id = await made('eng@example.com', { [ENTERPRISE]: { department: 'eng' } });
    const { body } = await ask('POST', 'Groups', { schemas: [GROUP], displayName: 'G', members: [{ value: id }] });
    const count = async (path: string, query: Record<string, string>) =>
      (await ask('GET', path, undefined, { query })).body['totalResults'];
    for (const [filter, found] of [
      [`id eq "${body.id}" and members eq "${id}"`, 1],
      [`members[value eq "${id}"] and id eq "${body.id}"`, 1],
      [`id eq "${body.id}" and members.value eq "prn_1"`, 0],
    ] as const)
      expect([filter, await count('Groups', { filter, excludedAttributes: 'members' })]).toEqual([filter, found]);
    expect(await count('Users', { filter: `${ENTERPRISE}:department eq "ENG"` })).toBe(1);
    const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
    const both = await ask('POST', '.search', { schemas: [SEARCH], filter: 'userName pr or members pr' });
    expect(both.body['totalResults']).toBe(2);
  });

  it('tells of people the attributes that are asked for, whether they have them or not', async () => {
    const id = await made('bare@example.com');
    for (const [attributes, told] of [
      ['emails.value', {}],
      [`${ENTERPRISE}:department`, {}],
      [`${CORE}:userName`, { userName: 'bare@example.com' }],
      ['__proto__,constructor,toString', {}],
    ] as const)
      for (const path of [`Users/${id}`, 'Users']) {
        const { status, body } = await ask('GET', path, undefined, { query: { attributes } });
        const [one = body] = (body.Resources as unknown[] | undefined) ?? [];
        expect([attributes, status, one]).toEqual([attributes, 200, { schemas: [CORE], id, ...told }]);
      }
  });

  it('answers names of the language as names that are not known, and goes on for everybody', async () => {
    const own = () => [Object.prototype, Object, Array.prototype].map((one) => Object.getOwnPropertyNames(one));
    const before = own();
    const id = await made('calm@example.com', { emails: [{ value: 'c@x.org' }] });
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString']) {
      for (const text of [`${name}.zzz`, `${name}.entries`, name, `${CORE}:${name}.zzz`]) {
        const query = { attributes: text, excludedAttributes: text };
        const answers = [
          await find(`${text} eq "a"`),
          await find(`emails[${text} eq "a"]`),
          await patch(`Users/${id}`, { op: 'add', path: `emails[${text} eq "a"].value`, value: 'x' }),
          await patch(`Users/${id}`, { op: 'add', path: `${CORE}:${text}`, value: 'x' }),
          await ask('GET', 'Users', undefined, { query: { sortBy: text } }),
          await ask('GET', `Schemas/${text}`),
          await ask('GET', `ResourceTypes/${text}`),
        ];
        const types = answers.map(({ status, body }) => body['scimType'] ?? status);
        expect([text, ...types]).toEqual([
          ...[text, 'invalidFilter', 'invalidFilter', 'invalidPath', 'invalidPath', 'invalidValue', 404, 404],
        ]);
        expect(JSON.stringify(answers)).not.toMatch(/Cannot|undefined|is not a/);
        expect((await ask('GET', 'Users', undefined, { query })).status).toBe(200);
        const sent = JSON.parse(`{"schemas":["${CORE}"],"userName":"${text}","${text}":{"zzz":"a"}}`) as object;
        expect((await ask('POST', 'Users', sent)).status).toBe(201);
      }
    }
    expect(own()).toEqual(before);
  });

  it('shows people by names that are what they look like', async () => {
    for (const [at, said, shown] of [
      [1, { displayName: ' \u202eada\n' }, 'ada'],
      [2, { displayName: '\u200b', name: { givenName: 'Ada', familyName: '\u0007L' } }, 'Ada  L'],
      [3, { displayName: '\u3164' }, 'p3@example.com'],
    ] as const) {
      const id = await made(`p${at}@example.com`, said);
      expect((await ask('GET', `Users/${id}`)).body).toMatchObject(said);
      expect((await memberOf(id))?.principal.name).toBe(shown);
    }
    for (const name of ['\u202eada', 'a\nb', '\u200b', ' '])
      expect([name, (await ask('POST', 'Users', person(name))).body['scimType']]).toEqual([name, 'invalidValue']);
    const group = (displayName: string) => ask('POST', 'Groups', { schemas: [GROUP], displayName });
    expect((await group('\u200b')).body['scimType']).toBe('invalidValue');
    expect((await group('\u202eG')).status).toBe(201);
    expect((await fixture.call(scim.listGroups, {}, tenant.principal)).items).toMatchObject([{ name: 'G' }]);
  });

  it('refuses filters that would cost much, at once', async () => {
    await made('a@example.com');
    const joined = (times: number) => Array.from({ length: times }, () => '(id eq 1 or id pr)').join(' and ');
    expect((await find(joined(30))).body['totalResults']).toBe(1);
    expect((await find(joined(31))).body).toMatchObject({ status: '400', scimType: 'invalidFilter' });
  });
});

describe('groups of a directory', () => {
  it('give their members what an administrator says, and the widest counts', async () => {
    const [ada, bob] = [await made('ada@example.com'), await made('bob@example.com')];
    const group = async (displayName: string, ...members: string[]) =>
      (await ask('POST', 'Groups', { schemas: [GROUP], displayName, members: members.map((value) => ({ value })) }))
        .body.id;
    const [engineers, admins] = [await group('Engineers', ada, bob), await group('Admins', bob)];
    expect((await memberOf(ada))?.role).toBe('viewer');
    const setRole = (id: string, role: 'developer' | 'administrator' | null, as = tenant.principal) =>
      fixture.call(scim.setGroupRole, { id, role }, as);
    expect(await setRole(engineers, 'developer')).toMatchObject({ name: 'Engineers', role: 'developer', members: 2 });
    await setRole(admins, 'administrator');
    expect([(await memberOf(ada))?.role, (await memberOf(bob))?.role]).toEqual(['developer', 'administrator']);
    await patch(`Groups/${admins}`, { op: 'remove', path: `members[value eq "${bob}"]` });
    expect((await memberOf(bob))?.role).toBe('developer');
    await patch(`Groups/${admins}`, { op: 'Add', path: 'members', value: [{ value: ada }] });
    expect((await memberOf(ada))?.role).toBe('administrator');
    expect((await ask('GET', `Users/${ada}`)).body['groups']).toEqual([
      expect.objectContaining({ value: engineers, display: 'Engineers' }),
      expect.objectContaining({ value: admins, display: 'Admins' }),
    ]);
    await ask('DELETE', `Groups/${admins}`);
    await setRole(engineers, null);
    expect([(await memberOf(ada))?.role, (await memberOf(bob))?.role]).toEqual(['viewer', 'viewer']);
    const { items } = await fixture.call(scim.listGroups, {}, tenant.principal);
    expect(items).toEqual([{ id: engineers, name: 'Engineers', members: 2 }]);
    const narrow = { ...tenant.principal, scopes: ['member:manage', 'member:read'] as Permission[] };
    await expect(setRole(engineers, 'administrator', narrow)).rejects.toMatchObject({ code: 'auth.role.too-wide' });
    await expect(setRole('grp_00000000000000000000000000', null)).rejects.toMatchObject({
      code: 'auth.group.not-found',
    });
    await expect(setRole(engineers, null, other.principal)).rejects.toMatchObject({ code: 'auth.group.not-found' });
  });

  it('give roles of the tenant’s own, too, and take them again, but not what was given by hand', async () => {
    const [ada, bob] = [await made('ada@example.com'), await made('bob@example.com')];
    const members = [{ value: ada }, { value: bob }];
    const { id } = (await ask('POST', 'Groups', { schemas: [GROUP], displayName: 'Keys', members })).body;
    const role = async (name: string, ...granted: readonly (typeof workspacePermissions)[number][]) => {
      await fixture.call(tenantRoles.createRole, { name, permissions: [...granted] }, tenant.principal);
      return name;
    };
    const [maker, wide, byHand] = [
      await role('key-maker', 'run:read', 'api-key:manage'),
      await role('wide', ...workspacePermissions),
      await role('by-hand', 'run:read'),
    ];
    const setRole = (name: string | null, as = tenant.principal) =>
      fixture.call(scim.setGroupRole, { id, role: name }, as);
    const rolesNow = async () => [(await memberOf(ada))?.role, (await memberOf(bob))?.role];
    await fixture.call(auth.changeMember, { id: bob, role: byHand }, tenant.principal);
    expect(await setRole(maker)).toMatchObject({ role: maker, members: 2 });
    expect(await rolesNow()).toEqual([maker, byHand]);
    await expect(fixture.call(tenantRoles.deleteRole, { name: maker }, tenant.principal)).rejects.toMatchObject({
      code: 'auth.role.in-use',
    });
    const { items } = await fixture.call(scim.listGroups, {}, tenant.principal);
    expect(items).toMatchObject([{ id, role: maker }]);
    await setRole(wide);
    expect(await rolesNow()).toEqual([wide, byHand]);
    const admins = await ask('POST', 'Groups', { schemas: [GROUP], displayName: 'Admins', members: [{ value: ada }] });
    await fixture.call(scim.setGroupRole, { id: admins.body.id, role: 'administrator' }, tenant.principal);
    expect(await rolesNow()).toEqual(['administrator', byHand]);
    await ask('DELETE', `Groups/${admins.body.id}`);
    await patch(`Users/${ada}`, { op: 'replace', path: 'active', value: false });
    await patch(`Users/${ada}`, { op: 'replace', path: 'active', value: true });
    expect(await rolesNow()).toEqual([wide, byHand]);
    const narrow = { ...tenant.principal, scopes: ['member:manage', 'member:read'] as Permission[] };
    await expect(setRole(maker, narrow)).rejects.toMatchObject({ code: 'auth.role.too-wide' });
    await expect(setRole('nobodys')).rejects.toMatchObject({ code: 'auth.role.not-found' });
    await setRole(null);
    expect(await rolesNow()).toEqual(['viewer', byHand]);
    expect(await fixture.call(tenantRoles.deleteRole, { name: maker }, tenant.principal)).toMatchObject({
      name: maker,
    });
  });

  it('never take the last administrator from the workspace', async () => {
    const id = await made('root@example.com');
    const { body } = await ask('POST', 'Groups', { schemas: [GROUP], displayName: 'Root', members: [{ value: id }] });
    await fixture.call(scim.setGroupRole, { id: body.id, role: 'administrator' }, tenant.principal);
    await fixture.setRole(tenant.principal, 'developer');
    const refused = await patch(`Users/${id}`, { op: 'replace', value: { active: false } });
    expect(refused).toMatchObject({ status: 409, body: { code: 'auth.member.last-administrator' } });
    expect((await ask('DELETE', `Groups/${body.id}`)).status).toBe(409);
    expect((await ask('GET', `Users/${id}`)).body['active']).toBe(true);
  });
});

describe('the protocol', () => {
  it('tells what the server can', async () => {
    const { body } = await ask('GET', 'ServiceProviderConfig');
    expect(body).toMatchObject({
      ...{ patch: { supported: true }, etag: { supported: true }, sort: { supported: true } },
      ...{
        bulk: { supported: false },
        changePassword: { supported: false },
        filter: { supported: true, maxResults: 100 },
      },
    });
    expect((await ask('GET', 'ResourceTypes')).body['totalResults']).toBe(2);
    expect((await ask('GET', 'ResourceTypes/User')).body).toMatchObject({ id: 'User', endpoint: '/Users' });
    expect((await ask('GET', 'Schemas')).body.Resources.map(({ id }) => id)).toEqual(
      expect.arrayContaining([CORE, ENTERPRISE, GROUP]),
    );
    expect((await ask('GET', `Schemas/${CORE}`)).body).toMatchObject({ id: CORE, name: 'User' });
  });

  it('changes nothing that has changed meanwhile', async () => {
    const id = await made('tag@example.com');
    await patch(`Users/${id}`, { op: 'replace', path: 'title', value: 'Dr' });
    const write = (ifMatch: string) => ask('PUT', `Users/${id}`, person('tag@example.com'), { ifMatch });
    expect((await write('W/"1"')).status).toBe(412);
    expect((await write('W/"7", W/"2"')).status).toBe(200);
    expect((await write('*')).status).toBe(200);
    expect((await ask('DELETE', `Users/${id}`, undefined, { ifMatch: '"1"' })).status).toBe(412);
  });

  it('loses none of changes that come together', async () => {
    const id = await made('all@example.com');
    const said = { displayName: 'Ada', title: 'Dr', nickName: 'A', userType: 'own', locale: 'en', timezone: 'UTC' };
    const changes = Object.entries(said).map(([path, value]) => patch(`Users/${id}`, { op: 'add', path, value }));
    for (const { status } of await Promise.all(changes)) expect(status).toBe(200);
    expect((await ask('GET', `Users/${id}`)).body).toMatchObject({ ...said, meta: { version: 'W/"7"' } });
  });

  it('tells the same of a person when it is made, read alone and read in a list, whoever is beside them', async () => {
    const all = [];
    for (const n of [1, 2, 3]) {
      const more = {
        externalId: `x${n}`,
        name: { givenName: 'Ada' },
        emails: [],
        [ENTERPRISE]: { department: 'Engines' },
      };
      all.push(
        (await ask('POST', 'Users', person(`same${n}@example.com`, { schemas: [CORE, ENTERPRISE], ...more }))).body,
      );
    }
    const page = async (query: Record<string, string>) =>
      (await ask('GET', 'Users', undefined, { query })).body.Resources as unknown[];
    expect(await page({})).toEqual(all);
    for (const [at, one] of all.entries()) {
      expect((await ask('GET', `Users/${one.id}`)).body).toEqual(one);
      expect(await page({ startIndex: String(at + 1), count: '1' })).toEqual([one]);
      expect(await page({ filter: `externalId eq "x${at + 1}"` })).toEqual([one]);
    }
    const department = `${ENTERPRISE}:department`;
    expect(await page({ attributes: department, count: '1' })).toEqual([
      { schemas: [CORE, ENTERPRISE], id: all[0]!.id, [ENTERPRISE]: { department: 'Engines' } },
    ]);
  });

  it('refuses what it cannot take, by the word of the protocol, and nothing is left of it', async () => {
    const id = await made('one@example.com');
    for (const [attempt, status, scimType] of [
      [() => ask('POST', 'Users', person('ONE@example.com')), 409, 'uniqueness'],
      [() => ask('POST', 'Users', { schemas: [CORE] }), 400, 'invalidValue'],
      [() => ask('POST', 'Users', { schemas: [CORE], userName: { x: 7 } }), 400, 'invalidValue'],
      [() => ask('POST', 'Users', person(' ')), 400, 'invalidValue'],
      [() => ask('POST', 'Users', person('x'.repeat(321))), 400, 'invalidValue'],
      [() => ask('POST', 'Users', person('big', { title: 'x'.repeat(8_000) })), 400, 'invalidValue'],
      [() => ask('POST', 'Users'), 400, 'invalidSyntax'],
      [() => ask('PUT', `Users/${id}`, { schemas: [CORE] }), 400, 'invalidValue'],
      [() => patch(`Users/${id}`, { op: 'bogus', path: 'title', value: 'x' }), 400, 'invalidSyntax'],
      [() => patch(`Users/${id}`, { op: 'remove' }), 400, 'noTarget'],
      [() => patch(`Users/${id}`, { op: 'replace', path: 'bogus', value: 'x' }), 400, 'invalidPath'],
      [() => patch(`Users/${id}`, { op: 'replace', path: 'active', value: 'perhaps' }), 400, 'invalidValue'],
      [() => ask('PATCH', `Users/${id}`, { Operations: [] }), 400, 'invalidSyntax'],
      [() => find('userName eq'), 400, 'invalidFilter'],
      [() => find('userName'), 400, 'invalidFilter'],
      [() => find(`userName eq "${'x'.repeat(1_000)}"`), 400, 'invalidFilter'],
      [() => ask('GET', 'Users', undefined, { query: { count: 'many' } }), 400, 'invalidValue'],
      [() => ask('GET', 'Users', undefined, { query: { sortOrder: 'up' } }), 400, 'invalidValue'],
      [() => ask('POST', 'Groups', { schemas: [GROUP] }), 400, 'invalidValue'],
      [
        () => ask('POST', 'Groups', { schemas: [GROUP], displayName: 'g', members: [{ value: 'x' }] }),
        400,
        'invalidValue',
      ],
      [
        () => ask('POST', 'Groups', { schemas: [GROUP], displayName: 'g', members: [{ value: id, type: 'Group' }] }),
        400,
        'invalidValue',
      ],
      [() => ask('GET', 'Users/prn_00000000000000000000000000'), 404, undefined],
      [() => ask('POST', 'Users/.search', { filter: 'active pr' }), 400, 'invalidSyntax'],
      [() => ask('GET', 'Users/.search'), 405, undefined],
      [() => ask('POST', 'Devices/.search', {}), 404, undefined],
      [() => ask('GET', 'Devices'), 404, undefined],
      [() => ask('GET', `Users/${id}/photo`), 404, undefined],
      [() => ask('DELETE', 'Users'), 405, undefined],
      [() => ask('POST', `Users/${id}`, person('x')), 405, undefined],
      [() => ask('POST', 'Schemas', {}), 405, undefined],
    ] as const) {
      const { body, ...answer } = await attempt();
      expect([attempt.toString(), answer.status, body['scimType'], body['status']]).toEqual([
        ...[attempt.toString(), status, scimType, String(status)],
      ]);
    }
    expect((await ask('GET', 'Users')).body['totalResults']).toBe(1);
    const stranger = { ...tenant.principal, scopes: ['member:manage'] as Permission[] };
    await expect(
      fixture.call(scim.scimRequest, { method: 'GET', base, path: 'Users', query: {} }, stranger),
    ).rejects.toMatchObject({ code: 'auth.forbidden' });
  });
});
