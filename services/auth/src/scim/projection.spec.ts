import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from './protocol.js';
import { answered, answering, patched, received } from './resources.js';
import type { Kind } from './vocabulary.js';

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

function expectSame(kind: Kind, resource: Json): void {
  const by = (tell: (one: Json) => Json) => outcome(() => valued(tell(resource)));
  // The library takes an extension off the schemas when nothing that it tells of it says anything.
  const theirs = by((one) => ({ ...answered(kind, one, base), schemas: one['schemas'] }));
  expect(by(answering(kind, base))).toEqual(theirs);
}

describe('what is told of a resource', () => {
  it('is what the library tells of it, whatever a directory said', () => {
    const groups = fc.constantFrom({}, { groups: [{ value: 'grp_1', display: 'Engines' }] }, { active: false });
    fc.assert(
      fc.property(person, groups, (sent, ours) => {
        expectSame('Users', kept('Users', sent, ours));
      }),
      { numRuns: 80 },
    );
    fc.assert(
      fc.property(group, (sent) => {
        expectSame('Groups', kept('Groups', sent));
      }),
      { numRuns: 80 },
    );
  });

  it('is that after patches, too', () => {
    const operations = [
      { op: 'replace', path: 'name.givenName', value: 'Ada' },
      { op: 'add', path: 'emails[type eq "work"].value', value: 'ada@example.com' },
      { op: 'add', path: `${ENTERPRISE}:manager.displayName`, value: 'Bo' },
      { op: 'remove', path: 'emails' },
      { op: 'remove', path: ENTERPRISE },
      { op: 'replace', value: { 'name.familyName': 'Lovelace', active: false } },
    ];
    fc.assert(
      fc.property(person, fc.shuffledSubarray(operations, { minLength: 1 }), (sent, some_) => {
        let resource = kept('Users', sent);
        for (const operation of some_) {
          const after = outcome(() => patched('Users', resource, { schemas: [PATCH], Operations: [operation] }));
          if (typeof after !== 'string') resource = kept('Users', after as Json);
        }
        expectSame('Users', resource);
      }),
      { numRuns: 30 },
    );
  });
});
