import { describe, expect, it } from '@jest/globals';
import { fits, readFilter } from './filter.js';
import type { Json } from './protocol.js';
import { patched, received, vocabularies } from './resources.js';
import { selecting } from './selection.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const after = (operations: readonly object[], more: object = {}): Json =>
  received(
    'Users',
    patched('Users', { schemas: [CORE], userName: 'ada', ...more }, { schemas: [PATCH], Operations: operations }),
  );
const without = (resource: Json) => {
  const { schemas: _schemas, meta: _meta, userName: _userName, ...rest } = resource;
  return rest;
};

describe('a patch', () => {
  const work = { value: 'a@x.org', type: 'work', primary: true };

  it.each([
    ['Add', 'phoneNumbers[type eq "work"].value', '1', {}, { phoneNumbers: [{ type: 'work', value: '1' }] }],
    ['Replace', 'phoneNumbers[type eq "mobile"].value', '1', {}, { phoneNumbers: [{ type: 'mobile', value: '1' }] }],
    ['Add', 'phoneNumbers[type eq "fax"].value', 7, {}, { phoneNumbers: [{ type: 'fax', value: '7' }] }],
    [
      ...['Add', 'addresses[type eq "work"].streetAddress', 'Main', {}],
      { addresses: [{ type: 'work', streetAddress: 'Main' }] },
    ],
    ['Add', 'roles[primary eq "True"].value', 'x', {}, { roles: [{ primary: true, value: 'x' }] }],
    [
      'Replace',
      'emails[type eq "work"].value',
      'b@x.org',
      { emails: [work] },
      { emails: [{ ...work, value: 'b@x.org' }] },
    ],
    ['add', 'emails', [work, { value: 'b' }], { emails: [work] }, { emails: [work, { value: 'b' }] }],
    [
      ...['add', 'emails', { value: 'b', primary: true }, { emails: [work] }],
      {
        emails: [
          { ...work, primary: false },
          { value: 'b', primary: true },
        ],
      },
    ],
    [
      'replace',
      'emails[type eq "work"]',
      { value: 'b' },
      { emails: [work] },
      { emails: [{ type: 'work', value: 'b' }] },
    ],
    ['replace', 'emails.value', 'b', { emails: [work] }, { emails: [{ ...work, value: 'b' }] }],
    ['remove', 'emails[type eq "work"].value', undefined, { emails: [work] }, {}],
    ['remove', 'emails[type eq "home"]', undefined, { emails: [work] }, { emails: [work] }],
    ['remove', 'emails', [{ value: 'a@x.org' }], { emails: [work, { value: 'b' }] }, { emails: [{ value: 'b' }] }],
    ['replace', 'emails', null, { emails: [work] }, {}],
    ['replace', 'active', 'False', {}, { active: false }],
    ['Replace', 'NAME.givenname', 'Ada', {}, { name: { givenName: 'Ada' } }],
    [
      'replace',
      'name',
      { givenName: 'A' },
      { name: { familyName: 'L' } },
      { name: { familyName: 'L', givenName: 'A' } },
    ],
    ['Add', `${ENTERPRISE}:department`, 'eng', {}, { [ENTERPRISE]: { department: 'eng' } }],
    ['Add', `${ENTERPRISE}:employeeNumber`, 7, {}, { [ENTERPRISE]: { employeeNumber: '7' } }],
    ['Add', `${ENTERPRISE}:manager`, 'prn_1', {}, { [ENTERPRISE]: { manager: { value: 'prn_1' } } }],
    ['Add', `${ENTERPRISE}:manager`, [{ value: 'prn_1' }], {}, { [ENTERPRISE]: { manager: { value: 'prn_1' } } }],
    ['Replace', `${ENTERPRISE}:manager.value`, 'prn_1', {}, { [ENTERPRISE]: { manager: { value: 'prn_1' } } }],
    [
      'Replace',
      `${ENTERPRISE}:manager`,
      '',
      { [ENTERPRISE]: { manager: { value: 'x' }, department: 'd' } },
      { [ENTERPRISE]: { department: 'd' } },
    ],
    ['remove', ENTERPRISE, undefined, { [ENTERPRISE]: { department: 'd' } }, {}],
    ['replace', ENTERPRISE, { schemas: [ENTERPRISE], department: 'd' }, {}, { [ENTERPRISE]: { department: 'd' } }],
    ['replace', `${CORE}:title`, 'Dr', {}, { title: 'Dr' }],
    ['add', 'urn:example:params:scim:schemas:extension:custom:2.0:User:badge', 'x', {}, {}],
    [
      ...['replace', undefined],
      {
        active: 'False',
        id: 'x',
        bogus: 1,
        'name.familyName': 'L',
        [`${ENTERPRISE}:department`]: 'd',
        [`${ENTERPRISE}:manager`]: 'm',
        'emails[type eq "work"].value': 'b',
      },
      {},
      {
        active: false,
        name: { familyName: 'L' },
        [ENTERPRISE]: { department: 'd', manager: { value: 'm' } },
        emails: [{ type: 'work', value: 'b' }],
      },
    ],
  ] as const)('%s %s %j on %j', (op, path, value, before, expected) => {
    const said = { op, ...(path !== undefined && { path }), ...(value !== undefined && { value }) };
    expect(without(after([said], before))).toEqual(expected);
    // What is said twice is true once.
    expect(without(after([said, said], before))).toEqual(expected);
  });

  it.each([
    ['emails[value co "x"].type', 'work', 'noTarget'],
    ['bogus', 'x', 'invalidPath'],
    ['title[type eq "x"]', 'x', 'invalidPath'],
    ['emails[type eq "x"].bogus', 'x', 'invalidPath'],
    [`${CORE}:bogus`, 'x', 'invalidPath'],
    ['emails[type eq "x"', 'x', 'invalidPath'],
    ['id', 'x', 'mutability'],
    ['groups', [], 'mutability'],
    ['active', 'perhaps', 'invalidValue'],
    ['name', 'Ada', 'invalidValue'],
  ])('refuses %s = %j: %s', (path, value, scimType) => {
    expect(() => after([{ op: 'replace', path, value }])).toThrow(expect.objectContaining({ scimType }));
  });
});

describe('a patch of a large group', () => {
  const members = Array.from({ length: 4_000 }, (_, at) => ({ value: `prn_${at}`, type: 'User' }));
  const apply = (operations: readonly object[]) =>
    patched('Groups', { displayName: 'g', members }, { schemas: [PATCH], Operations: operations })['members'];
  const one = (op: string, value: object[]) => [{ op, path: 'members', value }];
  const many = (count: number, of: (at: number) => object) => Array.from({ length: count }, (_, at) => of(at));

  it('is carried out, or looks at too much and is refused', () => {
    expect(apply(many(50, (at) => ({ op: 'remove', path: `members[value eq "prn_${at}"]` })))).toHaveLength(3_950);
    expect(apply(one('remove', members.slice(1)))).toEqual([members[0]]);
    expect(
      apply(
        one(
          'add',
          many(9_000, (at) => ({ value: 'x', type: `t${at % 3}` })),
        ),
      ),
    ).toHaveLength(4_003);
    const costly = one(
      'remove',
      many(1_000, (at) => ({ type: `t${at}` })),
    );
    expect(() => apply(costly)).toThrow(expect.objectContaining({ scimType: 'tooMany' }));
  });
});

describe('a filter', () => {
  const ada = {
    id: 'prn_1',
    userName: 'Ada',
    active: true,
    emails: [{ value: 'ada@x.org', type: 'work' }],
    [ENTERPRISE]: { department: 'eng', manager: { value: 'prn_2' } },
    meta: { created: '2026-01-02T00:00:00.000Z' },
  };

  it.each([
    ['userName eq "ADA"', true],
    ['USERNAME Eq "ada" AND not (active eq false)', true],
    ['id eq "PRN_1"', false],
    [`${CORE}:userName sw "a"`, true],
    [`${ENTERPRISE.toLowerCase()}:department eq "eng"`, true],
    [`${ENTERPRISE}:manager eq "prn_2"`, true],
    [`${ENTERPRISE}:manager.value ne "prn_2"`, false],
    ['emails co "x.org"', true],
    ['emails[type eq "work" and value ew ".org"]', true],
    ['emails[type eq "home" or value ew ".com"]', false],
    ['emails.type eq "work" and (userName eq "x" or userName pr)', true],
    ['title pr', false],
    ['title eq null and userName ne null', true],
    ['title ne "x"', true],
    ['active eq "True"', true],
    ['meta.created gt "2026-01-01T00:00:00Z" and meta.created lt "2026-01-02T01:00:00+01:00"', false],
    ['meta.created ge "2026-01-02T01:00:00+01:00"', true],
    ['userName eq "\\u0041da"', true],
    ['userName eq "x" or userName eq "Ada" and active eq false', false],
  ])('%s: %s', (text, expected) => {
    expect(fits(readFilter(vocabularies.Users, text), ada)).toBe(expected);
  });

  it.each([
    ['deep', `${'('.repeat(13)}active pr${')'.repeat(13)}`],
    ['long', Array.from({ length: 61 }, () => 'id pr').join(' or ')],
    ['longer', `userName eq "${'x'.repeat(1_000)}"`],
    ['open', '(active pr'],
    ['of two parts', 'active pr userName pr'],
    ['of no operand', 'userName eq'],
    ['of no JSON', "userName eq 'x'"],
    ['of a NUL', 'userName eq "\\u0000"'],
    ['of an unknown attribute', 'bogus eq "x"'],
    ['of no attribute', 'eq "x"'],
    ['by order of a boolean', 'active gt true'],
    ['of no time', 'meta.created gt "soon"'],
    ['of parts', 'name eq "x"'],
    ['empty', ''],
  ])('that is %s is refused', (_, text) => {
    expect(() => readFilter(vocabularies.Users, text)).toThrow(expect.objectContaining({ scimType: 'invalidFilter' }));
  });

  it('looks at each comparison once, however they are joined', () => {
    const text = Array.from({ length: 20 }, () => '(id eq 1 or id eq 2)').join(' and ');
    const filter = readFilter(vocabularies.Users, text);
    const began = performance.now();
    for (let time = 0; time < 10_000; time++) fits(filter, ada);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('a selection', () => {
  const resource = {
    ...{ schemas: [CORE, ENTERPRISE], id: 'prn_1', userName: 'ada' },
    ...{ emails: [{ value: 'a', type: 'work' }], [ENTERPRISE]: { department: 'd', costCenter: 'c' } },
  };
  const told = { schemas: resource.schemas, id: 'prn_1' };

  it.each([
    [{ attributes: 'userName' }, { ...told, userName: 'ada' }],
    [{ attributes: `${CORE}:USERNAME, title` }, { ...told, userName: 'ada' }],
    [{ attributes: 'emails.value,phoneNumbers.value' }, { ...told, emails: [{ value: 'a' }] }],
    [{ attributes: 'emails.value,emails' }, { ...told, emails: resource.emails }],
    [{ attributes: `${ENTERPRISE}:department` }, { ...told, [ENTERPRISE]: { department: 'd' } }],
    [{ attributes: '__proto__,constructor,toString' }, told],
    [
      { excludedAttributes: `id,schemas,emails,${ENTERPRISE}:department` },
      { ...told, userName: 'ada', [ENTERPRISE]: { costCenter: 'c' } },
    ],
    [{ excludedAttributes: 'emails.type,__proto__' }, { ...resource, emails: [{ value: 'a' }] }],
    [{ attributes: '' }, resource],
  ])('%j', (query, expected) => {
    expect(selecting(vocabularies.Users, query)(resource)).toEqual(expected);
  });
});

describe('names that strangers give', () => {
  const NAMES = [
    '__proto__',
    '__PROTO__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '__defineGetter__',
  ];
  const evil = [
    ...NAMES,
    ...NAMES.flatMap((name) => [`${name}.zzz`, `${name}.${name}`, `emails.${name}`, `name.${name}`]),
    ...NAMES.flatMap((name) => [`${CORE}:${name}.zzz`, `${ENTERPRISE}:${name}.zzz`, `urn:${name}:zzz`]),
    ...['\\u005f_proto__', '__proto__\u0130', 'ＥＭＡＩＬＳ', 'constructor[prototype pr]', 'emails[0]', '..', '.', ':'],
  ];
  const texts = evil.flatMap((name) => [
    ...[name, `${name} eq "a"`, `${name} pr`, `${name}[value eq "a"]`, `not (${name} eq 1)`],
    ...[`emails[${name} eq "a"].value`, `emails[type eq "work"].${name}`, `emails[${name}.zzz eq "a"]`],
  ]);
  const owners = [Object, Array, Function, String, Map].flatMap((one) => [one, one.prototype as object]);
  const snapshot = () =>
    [...owners, vocabularies.Users, vocabularies.Users.words].flatMap((owner) =>
      Reflect.ownKeys(owner).flatMap((key) => {
        const described = Object.getOwnPropertyDescriptor(owner, key) as unknown as Json;
        return [key, described['value'] ?? described['get']];
      }),
    );
  const tried = (attempt: () => unknown): string => {
    try {
      attempt();
      return 'fine';
    } catch (error) {
      return (error as { readonly scimType?: string }).scimType ?? String(error);
    }
  };

  it('are looked up and never written', () => {
    const before = snapshot();
    const outcomes = new Set<string>();
    const evilBody = (name: string) => JSON.parse(`{${JSON.stringify(name)}: {"zzz": "a", "value": "b"}}`) as Json;
    for (const text of texts) {
      outcomes.add(tried(() => fits(readFilter(vocabularies.Users, text), { userName: 'ada' })));
      outcomes.add(
        tried(() => selecting(vocabularies.Users, { attributes: text, excludedAttributes: text })({ id: 'x' })),
      );
      for (const op of ['add', 'replace', 'remove'])
        for (const value of ['a', evilBody('__proto__')])
          outcomes.add(tried(() => after([{ op, path: text, value }], { emails: [{ value: 'x' }] })));
      outcomes.add(tried(() => after([{ op: 'add', value: evilBody(text) }])));
      for (const body of [evilBody(text), { emails: [evilBody(text)] }, { [ENTERPRISE]: evilBody(text) }])
        outcomes.add(tried(() => received('Users', { userName: 'ada', ...body })));
    }
    expect([...outcomes].toSorted()).toEqual(['fine', 'invalidFilter', 'invalidPath']);
    const now = snapshot();
    expect(now.length === before.length && now.every((one, at) => Object.is(one, before[at]))).toBe(true);
    expect(Reflect.get({}, 'zzz')).toBeUndefined();
  });
});
