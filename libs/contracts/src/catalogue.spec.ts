import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { contracts, eventContracts } from './catalogue.js';
import { contract, serviceNames, type Contract } from './contract.js';
import { edgeRoutes, type EdgeRoute } from './edge-routes.js';
import { generalErrors, type ErrorCode } from './errors.js';
import { ownerPermissions, permissions, roles } from './permissions.js';

const repeated = (names: readonly string[]): string[] => names.filter((name, i) => names.indexOf(name) !== i);
const each = contracts.map((c) => [c.subject, c] as const);
const overHttp = each.flatMap(([subject, c]) => (c.http ? [[subject, c, c.http] as const] : []));
const pathParams = (path: string): string[] => [...path.matchAll(/\{\+?(\w+)\}/g)].map(([, param]) => param!);
const membersOf = (schema: z.ZodType): Record<string, unknown> =>
  (z.toJSONSchema(schema, { io: 'input' }) as { properties?: Record<string, unknown> }).properties ?? {};

describe('operations', () => {
  it('are there', () => {
    expect(contracts.length).toBeGreaterThan(40);
  });

  it.each(each)('%s is well formed and owned by the service it names', (subject, { owner, callers }) => {
    expect(subject).toMatch(/^[a-z]+\.v[1-9](\.[a-z]+(-[a-z]+)*){2}$/);
    expect(subject.split('.')[0]).toBe(owner);
    expect(serviceNames).toContain(owner);
    expect(callers).not.toContain(owner);
    expect(repeated(callers)).toEqual([]);
  });

  it('have a subject each', () => {
    expect(repeated(contracts.map((c) => c.subject))).toEqual([]);
  });

  it('have a route each, whatever the path parameters are called', () => {
    const routes = overHttp.map(([, , http]) => `${http.method} ${http.path.replaceAll(/\{\w+\}/g, '{}')}`);
    expect(repeated(routes)).toEqual([]);
  });

  it.each(overHttp)('%s has a route the edge can build', (_subject, c, http) => {
    expect(http.path).toMatch(/^\/v1(\/([a-z]+(-[a-z]+)*|\{[a-z][A-Za-z]*\}))+(\/\{\+[a-z]+\})?$/);
    expect(Object.keys(membersOf(c.request))).toEqual(expect.arrayContaining(pathParams(http.path)));
    expect(http.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(c.callers).toContain('gateway');
  });

  it.each(overHttp)('%s demands a permission a principal can hold', (_subject, c) => {
    expect(permissions).toContain(c.permission);
  });

  it.each(each)('%s lists refusals of its own service only, once each', (_subject, c) => {
    const own = (code: ErrorCode): boolean =>
      code.startsWith(`${c.owner}.`) || (generalErrors as readonly ErrorCode[]).includes(code);
    expect(c.errors.filter((code) => !own(code))).toEqual([]);
    expect(repeated(c.errors)).toEqual([]);
  });

  it.each(each)('%s refuses a member it does not know', (_subject, c) => {
    const issues = c.request.safeParse({ surprise: 1 }).error?.issues ?? [];
    expect(issues).toContainEqual(expect.objectContaining({ code: 'unrecognized_keys', keys: ['surprise'] }));
  });

  it.each(each)('%s can be described as JSON Schema', (_subject, c) => {
    expect(() => z.toJSONSchema(c.request, { io: 'input' })).not.toThrow();
    expect(() => z.toJSONSchema(c.reply)).not.toThrow();
  });

  it.each(each)(
    '%s shows policies members of its request only, each a text, number, flag or list of texts',
    (_subject, c) => {
      const members = membersOf(c.request) as Record<string, { type?: string; items?: { type?: string } }>;
      for (const name of c.attributes ?? []) {
        const { type, items } = members[name] ?? {};
        expect([name, items ? items.type : type]).toEqual([name, expect.stringMatching(/^(string|integer|boolean)$/)]);
      }
    },
  );

  it('stream over HTTP only', () => {
    expect(contracts.filter((c) => c.transport === 'stream' && !c.http)).toEqual([]);
  });

  it('do not compile without a permission', () => {
    const spec = {
      owner: 'auth',
      subject: 'auth.v1.thing.get',
      request: z.strictObject({}),
      reply: z.object({}),
    } as const;
    const make = (): Contract[] => [
      contract({ ...spec, permission: 'self:read' }),
      // @ts-expect-error -- an operation without a permission is a hole
      contract(spec),
      // @ts-expect-error -- a permission nobody can hold is a hole, too
      contract({ ...spec, permission: 'thing:get' }),
    ];
    expect(make).not.toThrow();
  });
});

describe('routes of the edge’s own', () => {
  const named = edgeRoutes.map((route) => [`${route.method} ${route.path}`, route] as const);

  it('are there once each, and are no contract’s', () => {
    expect(
      repeated([...named.map(([name]) => name), ...overHttp.map(([, , http]) => `${http.method} ${http.path}`)]),
    ).toEqual([]);
  });

  it.each(named)('%s says who may ask, or why anybody may', (_name, { access, asks, uncounted }) => {
    if ('permission' in access) {
      expect(permissions).toContain(access.permission);
      expect(asks.map(({ permission }) => permission)).toEqual([access.permission]);
    } else {
      expect('signIn' in access || access.public.length > 10).toBe(true);
      // Whom it is done for is not known by then, so it is done by the edge itself.
      expect(asks.filter(({ permission }) => permission !== 'service')).toEqual([]);
    }
    expect([
      uncounted === undefined || 'public' in access,
      asks.filter(({ callers }) => !callers.includes('gateway')),
    ]).toEqual([true, []]);
  });

  it('ask everything of others that only the edge may ask, and no route of a contract does', () => {
    const asked = new Set(edgeRoutes.flatMap(({ asks }) => asks));
    expect([...asked].filter(({ http }) => http !== undefined)).toEqual([]);
  });

  it('do not compile without a word on who may ask', () => {
    const route = { method: 'GET', path: '/v1/thing', asks: [] } as const;
    const make = (): EdgeRoute[] => [
      { ...route, access: { public: 'it is only a thing' } },
      // @ts-expect-error -- a route that says nothing of who may ask is a hole
      route,
      // @ts-expect-error -- so is one with a permission nobody can hold
      { ...route, access: { permission: 'thing:get' } },
    ];
    expect(make).not.toThrow();
  });
});

describe('permissions', () => {
  it('each guard an operation', () => {
    expect(permissions.filter((permission) => !contracts.some((c) => c.permission === permission))).toEqual([]);
  });

  it('are all held by owners but that of operators, and in one workspace by administrators', () => {
    const beyond = (held: readonly string[]) => permissions.filter((permission) => !held.includes(permission));
    expect(beyond(ownerPermissions)).toEqual(['platform:operate']);
    expect(beyond(roles.administrator)).toEqual([
      ...['role:manage', 'policy:manage', 'connection:manage', 'tenant:manage', 'platform:operate'],
      'oauth-client:manage',
    ]);
  });

  it('of who may only look change nobody but themselves', () => {
    const looking = [...roles.viewer, ...roles.auditor].filter(
      (permission) => !/:(read|compute)$|^self:/.test(permission),
    );
    expect(looking).toEqual([]);
  });
});

describe('events', () => {
  const events = eventContracts.map((e) => [e.type, e] as const);

  it.each(events)('%s is named in the past tense of its noun and read by somebody', (type, { producer, consumers }) => {
    expect(type).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/);
    expect(consumers.length).toBeGreaterThan(0);
    expect(consumers).not.toContain(producer);
    expect(repeated(consumers)).toEqual([]);
  });

  it('have a type each', () => {
    expect(repeated(eventContracts.map((e) => e.type))).toEqual([]);
  });

  it('reach audit exactly when they are audited', () => {
    const differ = eventContracts.filter((e) => e.audited !== e.consumers.includes('audit'));
    // What became of audit's own events is told to audit, and is no entry.
    expect(differ.map((e) => e.type)).toEqual(['entries.settled']);
  });
});
