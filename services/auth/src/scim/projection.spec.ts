import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from './protocol.js';
import { answered, answering, patched, received, type Kind } from './resources.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const base = 'https://conclave.example.com/scim/v2';
const meta = { created: '2026-01-02T03:04:05.678Z', lastModified: '2026-11-30T09:00:00.000Z', version: 'W/"3"' };

const text = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('Ada', 'ä\u{1f600}', '__proto__', 'constructor'));
const some = (members: Record<string, fc.Arbitrary<unknown>>) => fc.record(members, { requiredKeys: [] });
const several = (
  value: fc.Arbitrary<unknown>,
  types: readonly string[],
  more: Record<string, fc.Arbitrary<unknown>> = {},
) =>
  fc.array(some({ value, display: text, type: fc.constantFrom(...types), primary: fc.boolean(), ...more }), {
    maxLength: 3,
  });
const link = fc.webUrl();

/** Everything a directory can say of a person, and some that nobody knows. */
const person = some({
  ...{ displayName: text, nickName: text, title: text, userType: text, locale: text, timezone: text, unknown: text },
  ...{ preferredLanguage: text, active: fc.boolean(), profileUrl: link, externalId: text, password: text },
  name: some({ formatted: text, familyName: text, givenName: text, middleName: text, unknown: text }),
  emails: several(text, ['work', 'home', 'other']),
  phoneNumbers: several(text, ['work', 'mobile', 'fax']),
  ims: several(text, ['aim', 'xmpp']),
  photos: several(link, ['photo', 'thumbnail']),
  addresses: fc.array(some({ formatted: text, locality: text, country: text, type: fc.constant('work') }), {
    maxLength: 2,
  }),
  entitlements: several(text, ['a', 'b']),
  roles: several(text, ['admin', 'reader']),
  x509Certificates: several(fc.constant('MIID'), ['any']),
  [ENTERPRISE]: some({
    ...{ employeeNumber: text, costCenter: text, organization: text, division: text, department: text, unknown: text },
    manager: some({ value: text, displayName: text }),
  }),
}).map((said) => ({ schemas: [CORE, ENTERPRISE], userName: 'ada@example.com', ...said }));

const group = some({ externalId: text, members: fc.array(fc.record({ value: text }), { maxLength: 4 }) }).map(
  (said) => ({
    schemas: [GROUP],
    displayName: 'Engines',
    ...said,
  }),
);

/** As the tables give it back: JSON of what was understood, with what is ours. */
function kept(kind: Kind, sent: Json, ours: Json = {}): Json {
  const { schemas: _schemas, password: _password, members, ...said } = received(kind, sent);
  return {
    schemas: kind === 'Groups' ? [GROUP] : ENTERPRISE in said ? [CORE, ENTERPRISE] : [CORE],
    ...said,
    ...(members !== undefined && {
      members: (members as { value: string }[]).map(({ value }) => ({ value, type: 'User' })),
    }),
    ...{ id: 'prn_1', ...ours, meta },
  };
}

const NAMES = [
  ...[
    'userName',
    'USERNAME',
    'name',
    'name.givenName',
    'name.unknown',
    'emails',
    'emails.value',
    'Emails.Type',
    'active',
  ],
  ...['groups', 'groups.value', 'groups.$ref', 'meta', 'meta.location', 'meta.version', 'id', 'schemas', 'externalId'],
  ...['password', 'unknown', 'unknown.part', 'displayName', 'members', 'members.value', 'addresses.country', 'photos'],
  ...[ENTERPRISE, `${ENTERPRISE}:department`, `${ENTERPRISE}:manager`, `${ENTERPRISE}:manager.displayName`],
  ...[`${CORE}:userName`, `${CORE}:name.givenName`],
];
const list = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 }).map((names) => names.join(','));
const query = fc.oneof(
  fc.constant({}),
  list.map((attributes) => ({ attributes })),
  list.map((excludedAttributes) => ({ excludedAttributes })),
  fc.tuple(list, list).map(([attributes, excludedAttributes]) => ({ attributes, excludedAttributes })),
  fc
    .constantFrom('emails[type eq "work"]', 'userName, active', ' userName', 'userName eq "x"')
    .map((attributes) => ({ attributes })),
);

/** Without what is empty. */
function valued(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const isList = Array.isArray(value);
  const members = Object.entries(value).flatMap(([name, member]) => {
    const one = valued(member);
    return one === undefined ? [] : [[name, one] as const];
  });
  if (members.length === 0) return undefined;
  return isList ? members.map(([, member]) => member) : Object.fromEntries(members);
}

/** What the one says, or why it refuses. */
const outcome = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return String(error);
  }
};

function expectSame(kind: Kind, resource: Json, asked: Record<string, string>): void {
  const by = (way: (kind: Kind, asked: { base: string; query: Record<string, string> }) => (one: Json) => Json) =>
    outcome(() => valued(way(kind, { base, query: asked })(resource)));
  // The library takes an extension off the schemas when nothing that it tells of it says anything.
  const theirs = by((of, request) => (one) => ({ ...answered(of, one, request), schemas: one['schemas'] }));
  expect({ asked, ours: by(answering) }).toEqual({ asked, ours: theirs });
}

describe('what is told of a resource', () => {
  it('is what the library tells of it, whatever a directory said and asks for', () => {
    const groups = fc.constantFrom({}, { groups: [{ value: 'grp_1', display: 'Engines' }] }, { active: false });
    fc.assert(
      fc.property(person, groups, query, (sent, ours, asked) => {
        expectSame('Users', kept('Users', sent, ours), asked);
      }),
      { numRuns: 80 },
    );
    fc.assert(
      fc.property(group, query, (sent, asked) => {
        expectSame('Groups', kept('Groups', sent), asked);
      }),
      { numRuns: 80 },
    );
  });

  it('is that after patches, too', async () => {
    const operations = [
      { op: 'replace', path: 'name.givenName', value: 'Ada' },
      { op: 'add', path: 'emails[type eq "work"].value', value: 'ada@example.com' },
      { op: 'add', path: `${ENTERPRISE}:manager.displayName`, value: 'Bo' },
      { op: 'remove', path: 'emails' },
      { op: 'remove', path: ENTERPRISE },
      { op: 'replace', value: { 'name.familyName': 'Lovelace', active: false } },
    ];
    await fc.assert(
      fc.asyncProperty(person, fc.shuffledSubarray(operations, { minLength: 1 }), query, async (sent, some_, asked) => {
        let resource = kept('Users', sent);
        for (const operation of some_) {
          const after = await patched('Users', resource, { schemas: [PATCH], Operations: [operation] }).catch(
            () => resource,
          );
          resource = kept('Users', after);
        }
        expectSame('Users', resource, asked);
      }),
      { numRuns: 30 },
    );
  });
});
