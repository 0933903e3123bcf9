import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseNote, parseVkey, verifyNote } from '@conclave/audit-core';
import { edgeRoutes, laneOf, serviceNames } from '@conclave/contracts';
import { run } from '../processes/run.js';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { EventLogs, forgeries, inEachConsumer, inOrder, otherLane } from './bus-events.js';
import { acrossTenants, askBehindTheEdge, saysAgain } from './bus-strangers.js';
import { allowedTooMuch } from './bus-subjects.js';
import { askEverywhere, nameOf, probes } from './edge-strangers.js';
import { Inside } from './inside.js';
import { Jar } from './jar.js';
import { logIn, openPage, openSignIn } from './log-in.js';
import { MCP_CALLBACK, McpClient, OlderMcpClient } from './mcp-client.js';
import { askMixed, groundOf, mixtures, unjudged } from './mixed-ids.js';
import { Remains } from './remains.js';
import { program } from './story.js';
import { CANARY, ask as askRoute, furnish, plain, requests, routeOf, routes, shakeHands } from './strangers.js';
import { Cache, cached, cachingServices, idsToldToAnybody, tellPeers } from './side-planes.js';
import { Untouched } from './untouched.js';
import { countedTallies, refusedTallies } from './tally-table.js';

/** Whose rows go by themselves: as soon as their work is done, or when they have expired. */
const FLEETING = new Set([
  ...['audit.stage', 'auth.mail', 'runtime.budget_hold', 'runtime.work_to_end', 'consensus.voter_key_challenge'],
  ...['auth.connection_flow', 'auth.oauth_request', 'auth.oauth_wrong_code', 'auth.provider_logout'],
  ...['auth.saml_assertion', 'auth.second_factor_failure', 'auth.spent_challenge'],
]);

interface Answer {
  readonly status: number;
  readonly body: { readonly [member: string]: unknown };
}

type Asked = ReturnType<typeof requests>['known'];

describe('the members of a workspace, over the public API', () => {
  const canary = 'canary of the second tenant';
  let platform: Constellation;
  /** What the second tenant has. */
  let others: ReadonlyMap<string, string>;
  let furnishing: ReturnType<typeof furnish> | undefined;
  /** What the first has, made when it is first asked for. */
  const firstTenants = () => (furnishing ??= furnish(platform.gateway, platform.apiKey));
  beforeAll(async () => {
    platform = await startConstellation({ env: { TENANT_ERASURE_GRACE_HOURS: '0' } });
    others = await furnish(platform.gateway, platform.apiKeyB, canary);
  }, 180_000);
  afterAll(() => platform?.stop(), 60_000);

  async function ask(key: string, method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(platform.gateway + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      body: body ? JSON.stringify(body) : null,
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }
  const refusal = async (key: string, method: string, path: string, body?: object) =>
    (await ask(key, method, path, body)).body['code'];
  async function addMember(name: string, role: string, kind: 'user' | 'agent' = 'user') {
    const { status, body } = await ask(platform.apiKey, 'POST', '/v1/members', { name, kind, role });
    expect(status).toBe(201);
    const { id } = body['principal'] as { id: string };
    const made = await ask(platform.apiKey, 'POST', '/v1/api-keys', { name, principal: id });
    expect(made.status).toBe(201);
    return { id, key: made.body['key'] as string };
  }

  it('work with keys of their own, see their role change, and are out at once when disabled', async () => {
    const { id, key } = await addMember('Bo', 'developer');
    const me = await ask(key, 'GET', '/v1/me');
    expect(me).toMatchObject({ status: 200, body: { principal: { id, name: 'Bo' }, role: 'developer' } });
    expect(await ask(platform.apiKey, 'PATCH', `/v1/members/${id}`, { role: 'auditor' })).toMatchObject({
      status: 200,
      body: { role: 'auditor' },
    });
    expect((await ask(key, 'GET', '/v1/me')).body['role']).toBe('auditor');
    expect((await ask(platform.apiKey, 'DELETE', `/v1/members/${id}`)).body).toHaveProperty('disabledAt');
    const until = Date.now() + 3_000;
    while ((await ask(key, 'GET', '/v1/me')).status !== 401) expect(Date.now()).toBeLessThan(until);
  });

  it('count any ballots under any rule, keeping nothing, and are told by a code what does not go together', async () => {
    const asked = (sent: unknown) => ask(platform.apiKey, 'POST', '/v1/tally', sent as object);
    for (const { says, sent, answer } of countedTallies)
      expect({ says, ...(await asked(sent)) }).toMatchObject({ says, status: 200, body: answer });
    for (const { says, sent, status, code, reason } of refusedTallies)
      expect({ says, sent, ...(await asked(sent)) }).toMatchObject({
        says,
        status,
        body: { code, ...(reason && { reason }) },
      });
  });

  it('gain nothing their role does not hold, and nothing in another tenant', async () => {
    const { id, key } = await addMember('Cy', 'viewer');
    expect(await refusal(key, 'POST', '/v1/members', { name: 'x', kind: 'user', role: 'viewer' })).toBe(
      'auth.forbidden',
    );
    expect(await refusal(key, 'PATCH', `/v1/members/${id}`, { role: 'administrator' })).toBe('auth.forbidden');
    const { body } = await ask(platform.apiKey, 'POST', '/v1/api-keys', {
      name: 'manager',
      scopes: ['member:manage', 'api-key:manage', 'self:read'],
    });
    const manager = body['key'] as string;
    expect(await refusal(manager, 'PATCH', `/v1/members/${id}`, { role: 'administrator' })).toBe('auth.role.too-wide');
    const robot = { name: 'CI', kind: 'service-account', role: 'viewer' };
    const { principal } = (await ask(platform.apiKey, 'POST', '/v1/members', robot)).body as {
      principal: { id: string };
    };
    for (const [holder, code] of [
      [id, 'auth.role.too-wide'],
      [principal.id, 'auth.scope.too-wide'],
    ])
      expect(
        await refusal(manager, 'POST', '/v1/api-keys', { name: 'x', principal: holder, scopes: ['run:create'] }),
      ).toBe(code);
    for (const [method, path, sent] of [
      ['PATCH', `/v1/members/${id}`, { role: 'viewer' }],
      ['DELETE', `/v1/members/${id}`, undefined],
      ['POST', '/v1/api-keys', { name: 'x', principal: id }],
    ] as const)
      expect(await refusal(platform.apiKeyB, method, path, sent)).toBe('auth.member.not-found');
    const { workspace } = platform;
    expect(await refusal(platform.apiKeyB, 'POST', '/v1/api-keys', { name: 'x', workspace })).toBe(
      'auth.workspace.not-found',
    );
  });

  it('are provisioned by a directory (SCIM), and out at once when it says so', async () => {
    const scopes = ['scim:provision', 'self:read'];
    const { body: made } = await ask(platform.apiKey, 'POST', '/v1/api-keys', { name: 'directory', scopes });
    const scim = async (key: string, method: string, path: string, body?: object, type = 'application/scim+json') => {
      const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': type }) };
      const sent = { method, headers, ...(body && { body: JSON.stringify(body) }) };
      const response = await fetch(`${platform.gateway}/scim/v2/${path}`, sent);
      const text = await response.text();
      const told = text === '' ? {} : (JSON.parse(text) as Answer['body']);
      return {
        status: response.status,
        type: response.headers.get('content-type')?.split(';')[0],
        body: told,
        headers: response.headers,
      };
    };
    const directory = made['key'] as string;
    const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'fay@example.com' };
    const { status, type, body, headers } = await scim(directory, 'POST', 'Users', user);
    expect([status, type]).toEqual([201, 'application/scim+json']);
    const site = `http://localhost:${new URL(platform.gateway).port}`;
    expect(headers.get('location')).toBe(`${site}/scim/v2/Users/${String(body['id'])}`);
    await ask(platform.apiKey, 'PATCH', `/v1/members/${String(body['id'])}`, { role: 'developer' });
    const { body: key } = await ask(platform.apiKey, 'POST', '/v1/api-keys', { name: 'Fay', principal: body['id'] });
    expect((await ask(key['key'] as string, 'GET', '/v1/me')).body).toMatchObject({
      ...{ role: 'developer', principal: { name: 'fay@example.com' } },
    });
    const theirs = key['key'] as string;
    const { body: run } = await ask(theirs, 'POST', '/v1/runs', {
      agent: 'human',
      input: { question: 'Are you there?' },
    });
    const followed = await fetch(`${platform.gateway}/v1/runs/${String(run['id'])}/events`, {
      headers: { authorization: `Bearer ${theirs}` },
      signal: AbortSignal.timeout(20_000),
    });
    const path = `Users/${String(body['id'])}`;
    const patch = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'Replace', path: 'active', value: 'False' }],
    };
    expect((await scim(directory, 'PATCH', path, patch, 'application/json')).body['active']).toBe(false);
    const until = Date.now() + 5_000;
    // The edge has to have heard of it, too: `/v1/me` is answered by auth, which knows at once.
    while ((await scim(theirs, 'GET', 'Users')).status !== 401) expect(Date.now()).toBeLessThan(until);
    // What was open is cut off or comes to its end, and what they set to work ends.
    await followed.text().catch(() => undefined);
    const stateOf = async () => (await ask(platform.apiKey, 'GET', `/v1/runs/${String(run['id'])}`)).body['state'];
    while ((await stateOf()) !== 'canceled') expect(Date.now()).toBeLessThan(until);
    expect(Date.now()).toBeLessThan(until);
    const error = (status: number) => ({
      ...{ status, type: 'application/scim+json' },
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status) },
    });
    expect(await scim('nobody', 'GET', 'Users')).toMatchObject(error(401));
    expect(await scim(key['key'] as string, 'GET', 'Users')).toMatchObject(error(401));
    const { key: reader } = await addMember('Ray', 'viewer');
    expect(await scim(reader, 'GET', 'Users')).toMatchObject(error(403));
    expect(await scim(directory, 'POST', 'Users', user, 'text/plain')).toMatchObject(error(415));
    expect(await scim(directory, 'POST', 'Users', { ...user, title: 'x'.repeat(600_000) })).toMatchObject(error(413));
    expect(await scim(platform.apiKeyB, 'GET', path)).toMatchObject(error(404));
    expect(await refusal(directory, 'GET', '/v1/members')).toBe('auth.forbidden');
  });

  it('are forgotten when they ask: their names are gone, and every proof holds', async () => {
    const { id, key } = await addMember('Dora Whose Name Goes', 'developer');
    const dir = dirname(platform.devFile);
    const env = { ...process.env, CONCLAVE_STATE_DIR: dir };
    const conclave = async (...words: string[]) =>
      JSON.parse((await run(process.execPath, [program, 'audit', ...words, '--json'], { env, cwd: dir })).stdout) as {
        readonly [member: string]: unknown;
      };
    const vkey = (await ask(platform.apiKey, 'GET', '/v1/audit/log')).body['vkey'] as string;
    const [before, after] = [join(dir, 'before.jsonl'), join(dir, 'after.jsonl')];
    await conclave('export', '--out', before);
    const erased = await conclave('erase', id, '--reason', 'asked to');
    expect(erased['logged']).toMatchObject({ proof: expect.stringMatching(/^c2sp\.org\/tlog-proof@v1\n/) });
    const nameOf = async () => ((await ask(key, 'GET', '/v1/me')).body['principal'] as { name: string }).name;
    const until = Date.now() + 30_000;
    while ((await nameOf()) !== 'erased') expect(Date.now()).toBeLessThan(until);
    expect(JSON.stringify((await ask(platform.apiKey, 'GET', '/v1/members')).body)).not.toContain('Whose Name Goes');
    await conclave('export', '--out', after);
    const [since] = readFileSync(before, 'utf8').split('\n');
    writeFileSync(join(dir, 'since.json'), since!);
    const verdict = await conclave('verify', after, '--vkey', vkey, '--since', join(dir, 'since.json'));
    expect(verdict).toMatchObject({ status: 'trusted', export: { from: 0, filtered: false } });
    expect(await conclave('timestamps')).toEqual({ items: [] });
    const found = await conclave('list', '--about', id);
    expect(JSON.stringify(found)).not.toContain('Whose Name Goes');
  });

  it('are reviewed, and the report of it is verified offline', async () => {
    const { id, key } = await addMember('Gone By Now', 'developer');
    const dir = dirname(platform.devFile);
    const env = { ...process.env, CONCLAVE_STATE_DIR: dir };
    const conclave = async (...words: string[]) => {
      const all = [program, 'access-reviews', ...words, '--json'];
      const { stdout } = await run(process.execPath, all, { env, cwd: dir });
      return JSON.parse(stdout) as { readonly [member: string]: unknown };
    };
    const due = new Date(Date.now() + 86_400_000).toISOString();
    const review = (await conclave('begin', 'Winter', '--due', due))['id'] as string;
    expect(await conclave('revoke', review, id, '--reason', 'left')).toMatchObject({ decision: 'revoke' });
    expect((await conclave('items', review, '--open'))['items']).not.toContainEqual(
      expect.objectContaining({ subject: id }),
    );
    await conclave('close', review);
    const until = Date.now() + 5_000;
    while ((await ask(key, 'GET', '/v1/me')).status !== 401) expect(Date.now()).toBeLessThan(until);
    const file = join(dir, 'report.jsonl');
    await conclave('report', review, '--out', file);
    const vkey = (await ask(platform.apiKey, 'GET', '/v1/audit/log')).body['vkey'] as string;
    const verify = () => conclave('verify', file, '--vkey', vkey);
    const report = { review, outcomes: { revoked: 1 } };
    expect(await verify()).toMatchObject({ status: 'trusted', exitCode: 0, report });
    expect(await conclave('verify', file)).toMatchObject({ status: 'consistent-untrusted' });
    writeFileSync(file, readFileSync(file, 'utf8').replace('"outcome":"kept"', '"outcome":"gone"'));
    expect(await verify()).toMatchObject({ status: 'bad-log-proof', exitCode: 3 });
    writeFileSync(file, readFileSync(file, 'utf8').split('\n').slice(0, -4).join('\n'));
    expect(await verify()).toMatchObject({ status: 'malformed', exitCode: 6 });
    expect(await conclave('list')).toMatchObject({ items: [{ id: review, closedBy: expect.any(String) }] });
  });

  it('stay in when Redis forgets everything, and whoever is out stays out', async () => {
    const signIn = async () => {
      const { headers, body } = await fetch(`${platform.gateway}/v1/sign-ins`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiKey: platform.apiKey }),
      }).then(async (response) => ({ headers: response.headers, body: (await response.json()) as { csrf: string } }));
      const [cookie = ''] = (headers.getSetCookie()[0] ?? '').split(';');
      return { cookie, 'x-conclave-csrf': body.csrf };
    };
    const me = async (headers: object) =>
      (await fetch(`${platform.gateway}/v1/me`, { headers: { ...headers } })).status;
    const [stays, leaves] = [await signIn(), await signIn()];
    await fetch(`${platform.gateway}/v1/sign-ins/current`, { method: 'DELETE', headers: leaves });
    expect([await me(stays), await me(leaves)]).toEqual([200, 401]);
    await platform.wipeRedis();
    expect([await me(stays), await me(leaves), await me({ cookie: 'conclave=guess' })]).toEqual([200, 401, 401]);
  });

  it('make a new workspace usable from its first minute', async () => {
    const made = await ask(platform.apiKey, 'POST', '/v1/workspaces', { name: 'second' });
    const workspace = made.body['id'];
    const { body } = await ask(platform.apiKey, 'POST', '/v1/api-keys', { name: 'there', workspace });
    expect((await ask(body['key'] as string, 'GET', '/v1/me')).body['workspace']).toMatchObject({ id: workspace });
  });

  it('get nothing out of another tenant on any route: an id that is there is answered as one that never was', async () => {
    const theirs = await firstTenants();
    const secrets = [...theirs.values(), CANARY, platform.workspace];
    // An authorization is nobody's before a person has answered it.
    const readable = ({ http: { method, path } }: (typeof routes)[number]) =>
      method === 'GET' && path.endsWith('/{id}') && path !== '/v1/authorizations/{id}';
    const asOwner = async () => {
      const answers = new Map<string, Awaited<ReturnType<typeof askRoute>>>();
      for (const route of routes.filter(readable))
        answers.set(
          routeOf(route),
          await askRoute(platform.gateway, platform.apiKey, route, requests(route, theirs).known.request),
        );
      return answers;
    };
    const before = await asOwner();
    const malformed: string[] = [];
    for (const route of routes) {
      const { known, unknown } = requests(route, theirs);
      const answer = await askRoute(platform.gateway, platform.apiKeyB, route, known.request);
      const revealed = secrets.filter((secret) => answer.text.includes(secret) && !known.ids.includes(secret));
      expect([routeOf(route), answer.status >= 500, revealed]).toEqual([routeOf(route), false, []]);
      if (known.ids.length === 0) continue;
      const guess = await askRoute(platform.gateway, platform.apiKeyB, route, unknown.request);
      if (answer.status === 400) malformed.push(routeOf(route));
      expect([routeOf(route), plain(answer, known.ids)]).toEqual([routeOf(route), plain(guess, unknown.ids)]);
    }
    expect(malformed).toEqual([]);
    const streams = routes.filter(({ transport, http }) => transport === 'stream' && http.method === 'GET');
    const shake = (key: string, route: (typeof routes)[number], { request }: Asked) =>
      shakeHands(platform.gateway, key, route, request);
    const opened = [];
    for (const route of streams) {
      const { known, unknown } = requests(route, theirs);
      const [answer, guess] = [
        await shake(platform.apiKeyB, route, known),
        await shake(platform.apiKeyB, route, unknown),
      ];
      expect([routeOf(route), plain(answer, known.ids)]).toEqual([routeOf(route), plain(guess, unknown.ids)]);
      if (answer.status === 101) opened.push(routeOf(route));
    }
    expect(opened).toEqual([]);
    const events = routes.find(({ http }) => http.path === '/v1/runs/{id}/events')!;
    expect((await shake(platform.apiKey, events, requests(events, theirs).known)).status).toBe(101);
    const after = await asOwner();
    expect([...before.values()].map(({ status }) => status)).not.toContain(404);
    // An erasure goes on by itself.
    for (const [route, answer] of [...before].filter(([name]) => name !== 'GET /v1/audit/erasures/{id}'))
      expect([route, after.get(route)]).toEqual([route, answer]);
  }, 120_000);

  it('get nothing out of another tenant where the edge has routes of its own: sign-in, SCIM, OAuth, SAML, deliveries', async () => {
    expect(Object.keys(probes).sort()).toEqual(edgeRoutes.map(nameOf).sort());
    const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'canary@example.com' };
    const { body: provisioned } = await ask(platform.apiKey, 'POST', '/scim/v2/Users', user);
    const theirs = new Map([...(await firstTenants()), ['prn', String(provisioned['id'])]]);
    const asOwner = async () =>
      Promise.all(
        [`Users/${theirs.get('prn')}`, `Groups/${theirs.get('grp')}`].map(
          async (path) => (await ask(platform.apiKey, 'GET', `/scim/v2/${path}`)).body,
        ),
      );
    const before = await asOwner();
    expect(before.map(({ id }) => id)).toEqual([theirs.get('prn'), theirs.get('grp')]);
    const stranger = {
      ...{ gateway: platform.gateway, apiKey: platform.apiKeyB },
      ...{ browser: () => openSignIn(platform.gateway, platform.apiKeyB), own: others },
    };
    for await (const { route, revealed, answer, apart } of askEverywhere(stranger, theirs, [
      ...theirs.values(),
      CANARY,
    ])) {
      expect([route, answer.status >= 500, revealed]).toEqual([route, false, []]);
      if (apart) expect([route, apart[0]]).toEqual([route, apart[1]]);
    }
    expect(await asOwner()).toEqual(before);
  }, 120_000);

  describe('get nothing out of another tenant behind the edge', () => {
    const [own, foreign] = ['said in the run itself', 'said by a stranger'];
    let inside: Inside;
    let theirs: ReadonlyMap<string, string>;
    let cache: Cache;
    let watched: Untouched;
    beforeAll(async () => {
      inside = new Inside(platform);
      theirs = await firstTenants();
      cache = new Cache(platform.redis);
      const run = theirs.get('run')!;
      await cache.keep(platform.tenantB, run, `${foreign}, kept`);
      await cache.keep(platform.tenant, run, `${own}, kept`);
      watched = await Untouched.watch(platform, run);
    }, 60_000);
    afterAll(async () => {
      cache?.close();
      await watched?.close();
      await inside?.close();
    });
    const isTold = async (text: string) => {
      for (const until = Date.now() + 5_000; !watched.told.includes(text);) {
        expect(Date.now()).toBeLessThan(until);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      // Of what happened to the run, nothing: only what was said in it.
      const { told, over } = watched;
      expect([told.includes(foreign), told.includes('"seq"'), over]).toEqual([false, false, false]);
    };

    it('by any operation, under whichever context: its owner answers as of what never was, or not at all', async () => {
      const hidden = [...theirs.values(), CANARY, platform.workspace];
      const { body: me } = await ask(platform.apiKey, 'GET', '/v1/me');
      const principal = me['principal'] as { id: string; kind: string; name: string };
      const { forged } = await inside.contextsOf(principal);
      const context = await inside.contextOf(platform.apiKeyB);
      const { tenantB: tenant, tenant: other } = platform;
      const stranger = { context, tenant, other, onBehalfOf: principal.id, forged };
      const wrong: unknown[] = [];
      for await (const said of askBehindTheEdge(inside, stranger, theirs, hidden)) {
        const { operation, under, answer, codes, code, apart } = said;
        const revealed = said.revealed.filter((id) => id !== theirs.get(saysAgain[operation] ?? ''));
        const faults = {
          ...(answer.status >= 500 && { answer }),
          ...(revealed.length > 0 && !(operation in acrossTenants) && { revealed }),
          ...(codes && !codes.includes(code) && { code, codes }),
          ...(apart && (apart[0] !== apart[1] || code === 'request.invalid') && { apart }),
        };
        if (Object.keys(faults).length > 0) wrong.push({ operation, under, ...faults });
      }
      expect(wrong).toEqual([]);
      expect(await watched.changed()).toEqual([]);
    }, 120_000);

    it('by what processes of a service tell each other, what is cached, or what listeners tell anybody', async () => {
      await isTold(`${own}, kept`);
      await tellPeers(inside, platform.tenantB, theirs, foreign);
      await tellPeers(inside, platform.tenant, theirs, own);
      await isTold(own);
      expect(await watched.changed()).toEqual([]);
      expect(cachingServices(inside).toSorted()).toEqual(Object.keys(cached).sort());
      expect(await cache.unlisted()).toEqual([]);
      expect(await idsToldToAnybody(inside)).toEqual([]);
    }, 60_000);

    it('by any event that names what another has, or stands where only others’ do', async () => {
      const made = await ask(platform.operatorKey!, 'POST', '/v1/tenants', { name: 'Forgers' });
      const forger = String(made.body['id']);
      const named = { credentialId: watched.credential, subject: theirs.get('prn')!, scopeId: theirs.get('run')! };
      const naming = forgeries(forger, laneOf(forger), theirs, named);
      const displaced = forgeries(platform.tenant, otherLane(platform.tenant), theirs, named);
      const logs = await EventLogs.open(platform.postgres);
      try {
        await logs.settled();
        await logs.append([...naming, ...displaced]);
        await logs.settled();
        const letters = await logs.deadLettersOf([...naming, ...displaced]);
        expect(letters.filter(({ id }) => displaced.some((one) => one.id === id))).toEqual(
          inEachConsumer(displaced, expect.stringContaining('do not stand in lane')),
        );
        const ofOthers = naming.filter(({ event, data }) => 'tenant' in data && !event.ofOperators);
        const orders = naming.filter(({ event }) => event.type === 'tenant.erasing');
        expect(letters.filter(({ id }) => [...ofOthers, ...orders].some((one) => one.id === id))).toEqual(
          inOrder([
            ...inEachConsumer(ofOthers, expect.stringContaining('names another tenant')),
            ...inEachConsumer(orders, 'No erasure of this tenant was asked for.'),
          ]),
        );
        expect(await watched.changed(displaced.map(({ id }) => id))).toEqual([]);
      } finally {
        await logs.close();
      }
      await tellPeers(inside, platform.tenant, theirs, `${own}, after events`);
      await isTold(`${own}, after events`);
    }, 120_000);

    it('by a subject that is not a service’s own to say or hear', async () => {
      for (const service of serviceNames)
        expect([service, await allowedTooMuch(service, await inside.as(service))]).toEqual([service, []]);
    }, 60_000);
  });

  it('get nothing out of another tenant by one id among their own, wherever in a request it stands', async () => {
    const theirs = new Map([...(await firstTenants()), ['ten', platform.tenant]]);
    const hidden = [...theirs.values(), CANARY, platform.workspace];
    expect(mixtures.filter(({ route }) => route.http === undefined)).toEqual([]);
    const remains = await Remains.open(platform, join(dirname(platform.devFile), 'services'));
    try {
      const ground = await groundOf(platform.gateway, platform.apiKeyB, others);
      const before = await remains.quietDigestsOf(platform.tenant);
      const wrong: unknown[] = [];
      const alike: string[] = [];
      for (const { at, foreign, apart, own } of await askMixed(platform.gateway, platform.apiKeyB, ground, theirs)) {
        const told = hidden.filter((secret) => apart[0].includes(secret));
        const isApart = apart[0] !== apart[1] && !(at in unjudged);
        if (foreign.status >= 500 || told.length > 0 || isApart) wrong.push({ at, told, apart });
        // Otherwise something else was refused, and nothing is shown of this place.
        if (foreign.status < 400 || apart[0] === own) alike.push(at);
      }
      expect(wrong).toEqual([]);
      expect(alike.toSorted()).toEqual(Object.keys(unjudged).toSorted());
      const after = await remains.quietDigestsOf(platform.tenant);
      expect([...after].filter(([name, digest]) => before.get(name) !== digest)).toEqual([]);
    } finally {
      await remains.close();
    }
  }, 120_000);

  it('come in by their credentials alone: a context token opens nothing at the edge, forged or signed by auth itself', async () => {
    const { body } = await ask(platform.apiKey, 'GET', '/v1/me');
    const principal = body['principal'] as { id: string; kind: string; name: string };
    const { forged, genuine } = await new Inside(platform).contextsOf(principal);
    const all = [...forged, ['genuine', genuine] as const];
    for (const [how, token] of all.filter(([, text]) => /^[!-~]+$/.test(text)))
      for (const [name, value] of [
        ['authorization', `Bearer ${token}`],
        ['cookie', `conclave=${token}`],
        ['conclave-token', token],
      ] as const) {
        const { status } = await fetch(`${platform.gateway}/v1/me`, { headers: { [name]: value } });
        expect([how, name, status]).toEqual([how, name, token.length > 10_000 ? 431 : 401]);
      }
  });

  it('let the command line act for them by the code it shows, within what they said, and stop it at once', async () => {
    const { gateway } = platform;
    const page = await openPage(gateway, platform.apiKey);
    const home = join(dirname(platform.devFile), 'home');
    const login = await logIn(gateway, home, 'self:read run:read', async (userCode) => {
      const { shown } = (await page('POST', '/v1/device-codes/open', { userCode })).body;
      return page('POST', '/v1/device-codes/decide', { userCode, allow: true, shown });
    });
    expect(login).toMatchObject({ code: 0, said: { url: gateway, me: { scopes: ['run:read', 'self:read'] } } });
    expect((await login.conclave('whoami')).stdout).toContain(`at ${gateway}`);
    expect((await login.conclave('status')).code).toBe(0);
    expect(await refusal(login.accessToken, 'GET', '/v1/api-keys')).toBe('auth.forbidden');
    const { body } = await page('GET', '/v1/grants');
    const [{ id }] = body['items'] as [{ id: string }];
    expect((await page('DELETE', `/v1/grants/${id}`)).status).toBe(200);
    const until = Date.now() + 5_000;
    while ((await ask(login.accessToken, 'GET', '/v1/me')).status !== 401) expect(Date.now()).toBeLessThan(until);
    const refused = await login.conclave('whoami');
    expect([refused.code, refused.stderr]).toEqual([13, expect.stringContaining(`conclave login --url ${gateway}`)]);
  }, 60_000);

  it('find the authorization server where its metadata says, which speaks its protocol, also when it refuses', async () => {
    const { gateway } = platform;
    const speak = async (path: string, form?: Record<string, string>, headers: Record<string, string> = {}) => {
      const sent = form ? { method: 'POST', body: new URLSearchParams(form), headers } : { headers };
      const response = await fetch(gateway + path, { ...sent, redirect: 'manual' });
      return { response, status: response.status, text: await response.text() };
    };
    for (const name of ['oauth-authorization-server', 'openid-configuration']) {
      const { text } = await speak(`/.well-known/${name}`);
      const metadata = JSON.parse(text) as Record<string, string>;
      expect(metadata['jwks_uri']).toBe(`${metadata['issuer']}/oauth/jwks.json`);
    }
    expect((JSON.parse((await speak('/oauth/jwks.json')).text) as { keys: unknown[] }).keys).toHaveLength(1);
    const html = { accept: 'text/html' };
    const lost = await speak('/oauth/authorize?client_id=nobody', undefined, html);
    expect([lost.status, lost.text]).toEqual([
      400,
      expect.stringContaining('<h1>The program’s request cannot be answered.'),
    ]);
    expect(lost.response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(lost.response.headers.get('x-frame-options')).toMatch(/deny/i);
    const query = new URLSearchParams({
      ...{
        client_id: 'conclave-cli',
        response_type: 'code',
        redirect_uri: 'http://127.0.0.1:1/callback',
        scope: 'run:read',
      },
      ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
    });
    const led = await speak(`/oauth/authorize?${query.toString()}`);
    expect([led.status, led.response.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/\/authorize\/[\w-]+$/),
    ]);
    const cookies = led.response.headers.getSetCookie();
    expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual(['conclave-oauth', 'conclave-oauth.sig']);
    for (const cookie of cookies) expect(cookie).toMatch(/path=\/oauth\/authorize\/.*httponly/i);
    for (const [form, type, status] of [
      [{}, undefined, 400],
      [{ client_id: 'conclave-cli', grant_type: 'refresh_token', refresh_token: 'x'.repeat(20_000) }, undefined, 413],
      [{ client_id: 'conclave-cli' }, 'application/json', 415],
    ] as const) {
      const { response, text } = await speak('/oauth/token', form, type ? { 'content-type': type } : {});
      expect([response.status, Object.keys(JSON.parse(text) as object)]).toEqual([
        status,
        expect.arrayContaining(['error']),
      ]);
      expect(response.headers.get('cache-control')).toContain('no-store');
    }
    for (const path of ['/oauth/session/end', '/oauth/userinfo', '/oauth/reg', '/session/end', '/oauth'])
      expect((await speak(path, undefined, { accept: 'application/json' })).status).toBe(404);
  });

  it.each([
    ['from a refusal on', McpClient, true, ''],
    ['from where it looks by itself', McpClient, false, ''],
    ['and spells the resource with a slash', OlderMcpClient, true, '/'],
  ])('let a client of MCP act for them that finds its way %s', async (_, Client, isTold, slash) => {
    const issuer = new URL(platform.console).origin;
    const program = { name: 'MCP client', kind: 'public', redirectUris: [MCP_CALLBACK] };
    const { body } = await ask(platform.apiKey, 'POST', '/v1/oauth-clients', program);
    const client = new Client(String(body['id']), `${issuer}/v1/me`);
    const refusal = await fetch(`${issuer}/v1/me`);
    expect([refusal.status, await client.goOn(isTold ? { refusal } : {})]).toEqual([401, 'REDIRECT']);
    const browser = new Jar(issuer);
    const led = await browser.get(client.leadsTo!.pathname + client.leadsTo!.search);
    const page = await openPage(issuer, platform.apiKey);
    const question = `/v1/authorizations/${led.headers.get('location')!.split('/').at(-1)}`;
    const { shown, scopes } = (await page('GET', question)).body;
    expect(scopes).toEqual(expect.arrayContaining(['self:read', 'run:create']));
    const answer = await page('POST', question, { allow: true, shown });
    const { pathname, search } = new URL(String(answer.body['location']));
    const callback = new URL((await browser.get(pathname + search)).headers.get('location')!).searchParams;
    expect([callback.get('state'), callback.get('iss')]).toEqual(['as it was sent', issuer]);
    expect(await client.goOn({ callback })).toBe('AUTHORIZED');
    const first = client.accessToken;
    expect(await client.goOn()).toBe('AUTHORIZED');
    expect(client.resources).toEqual(Array.from({ length: 3 }, () => issuer + slash));
    expect(client.asked).toContain('/.well-known/oauth-protected-resource');
    for (const token of [first, client.accessToken]) {
      const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as object;
      expect(claims).toMatchObject({ aud: issuer, client_id: body['id'] });
      expect((await ask(token, 'GET', '/v1/me')).status).toBe(200);
    }
    expect(client.accessToken).not.toBe(first);
  });

  it('are narrowed by a policy at every owner with the next request, on record, and free again without it', async () => {
    const path = '/v1/policies/no-listing';
    const source = 'forbid (principal, action == Action::"run:read", resource);';
    const runs = async () => (await ask(platform.apiKey, 'GET', '/v1/runs')).body;
    expect(await ask(platform.apiKey, 'PUT', path, { source })).toMatchObject({ status: 200, body: { version: 1 } });
    const soon = Date.now() + 5_000;
    while ((await runs())['code'] === undefined) expect(Date.now()).toBeLessThan(soon);
    expect(await runs()).toMatchObject({ code: 'auth.forbidden', permission: 'run:read', policies: ['no-listing'] });
    expect((await ask(platform.apiKeyB, 'GET', '/v1/runs')).status).toBe(200);
    const entries = async () =>
      (await ask(platform.apiKey, 'GET', '/v1/audit/entries?type=authorization.refused')).body['items'] as {
        body: string;
      }[];
    const until = Date.now() + 30_000;
    while ((await entries()).length === 0) expect(Date.now()).toBeLessThan(until);
    const [{ body = '' } = {}] = await entries();
    expect(JSON.parse(Buffer.from(body, 'base64').toString())).toMatchObject({
      data: { permission: 'run:read', operation: 'runtime.v1.run.list', policies: ['no-listing'], times: 1 },
    });
    await ask(platform.apiKey, 'DELETE', path);
    const later = Date.now() + 5_000;
    while ((await runs())['code'] !== undefined) expect(Date.now()).toBeLessThan(later);
  });

  describe('leave entries of what they do that name what decided', () => {
    interface Entry {
      readonly type: string;
      readonly actor: string;
      readonly data: Readonly<Record<string, unknown>>;
      readonly verdict?: {
        readonly bundle: string;
        readonly by: readonly string[];
        readonly passed?: readonly string[];
      };
    }
    const entriesOf = async (key: string, query: string): Promise<Entry[]> => {
      const { body } = await ask(key, 'GET', `/v1/audit/entries?limit=100&${query}`);
      return (body['items'] as { body: string }[]).map(
        (item) => JSON.parse(Buffer.from(item.body, 'base64').toString()) as Entry,
      );
    };
    /** The newest entry that is meant, once it is there. */
    async function entryOf(query: string, isMeant: (entry: Entry) => boolean = () => true): Promise<Entry> {
      for (const until = Date.now() + 30_000; ;) {
        const found = (await entriesOf(platform.apiKey, query)).find(isMeant);
        if (found) return found;
        expect(Date.now()).toBeLessThan(until);
      }
    }

    it('of whichever service, and none of what nobody had to permit', async () => {
      const { body: me } = await ask(platform.apiKeyB, 'GET', '/v1/me');
      const { id: owner } = me['principal'] as { id: string };
      const acts = ['run.created', 'decision.opened', 'webhook.created', 'hold.placed', 'member.added'];
      let all: Entry[] = [];
      for (const until = Date.now() + 30_000; !acts.every((act) => all.some(({ type }) => type === act));) {
        expect(Date.now()).toBeLessThan(until);
        all = await entriesOf(platform.apiKeyB, '');
      }
      // Getting in and out is nobody's to permit.
      const atTheDoor = ['sign-in.opened', 'authentication.failed', 'credential.revoked'];
      const wrong = all.filter(
        ({ type, actor, verdict }) =>
          String(verdict?.by) !== (actor === owner && !atTheDoor.includes(type) ? 'owner' : 'undefined'),
      );
      expect(wrong).toEqual([]);
    });

    it('a role, policies it passed or was refused by, and their version, which each change makes another', async () => {
      const put = async (id: string, version: number, source: string) => {
        expect(await ask(platform.apiKey, 'PUT', `/v1/policies/${id}`, { source })).toMatchObject({
          body: { version },
        });
        const isMeant = ({ data }: Entry) => data['policy'] === id && data['version'] === version;
        const { data, verdict } = await entryOf('type=policy.changed', isMeant);
        expect(verdict?.by).toEqual(['owner']);
        return data['bundle'];
      };
      const forbidding = (agent: string) =>
        `forbid (principal, action == Action::"run:create", resource) when { resource has agents && resource.agents.contains("${agent}") };`;
      /** Starts a run. @returns what its entry says */
      async function verdictOn({ id, key }: { readonly id: string; readonly key: string }) {
        const { status, body } = await ask(key, 'POST', '/v1/runs', { agent: 'human', input: { question: 'Go on?' } });
        expect(status).toBe(202);
        return (await entryOf(`type=run.created&actor=${id}`, ({ data }) => data['run'] === body['id'])).verdict;
      }
      /** Commands without a text are refused by policies first. */
      const commandIs = async (key: string, code: string) => {
        for (const until = Date.now() + 6_000; (await refusal(key, 'POST', '/v1/runs', { agent: 'command' })) !== code;)
          expect(Date.now()).toBeLessThan(until);
      };
      const developer = await addMember('Di', 'developer');
      const first = await verdictOn(developer);
      expect(first).toMatchObject({ bundle: expect.stringMatching(/^\d+\+[0-9a-f]{8}$/), by: ['role:developer'] });

      const permitted = ['run:create', 'run:read', 'self:read'];
      await ask(platform.apiKey, 'POST', '/v1/roles', { name: 'runner', permissions: permitted });
      const second = (await entryOf('type=role.created', ({ data }) => data['role'] === 'runner')).data['bundle'];
      const ed = await addMember('Ed', 'runner');
      expect(await verdictOn(ed)).toMatchObject({ bundle: second, by: ['custom-role:runner'] });

      await put('no-hooks', 1, 'forbid (principal, action == Action::"webhook:manage", resource);');
      const third = await put('no-commands', 1, forbidding('command'));
      await commandIs(developer.key, 'auth.forbidden');
      const passed = [...(first?.passed ?? []), 'no-commands'];
      expect(await verdictOn(developer)).toEqual({ bundle: third, by: ['role:developer'], passed });
      const refused = await entryOf(`type=authorization.refused&actor=${developer.id}`);
      expect(refused.verdict).toEqual({ bundle: third, by: ['policy:no-commands'] });

      const fourth = await put('no-commands', 2, forbidding('model'));
      await commandIs(developer.key, 'request.invalid');
      expect(await verdictOn(developer)).toEqual({ bundle: fourth, by: ['role:developer'], passed });
      expect((await ask(platform.apiKey, 'GET', '/v1/roles')).body['bundle']).toBe(fourth);
      expect(new Set([first?.bundle, second, third, fourth]).size).toBe(4);
      for (const id of ['no-hooks', 'no-commands']) await ask(platform.apiKey, 'DELETE', `/v1/policies/${id}`);
    });

    it('of an agent in its own name: it is a member with a key, and out at once like anybody', async () => {
      const { id, key } = await addMember('Triage', 'developer', 'agent');
      const { body: listed } = await ask(platform.apiKey, 'GET', '/v1/members');
      expect(listed['items']).toContainEqual(
        expect.objectContaining({ principal: { id, kind: 'agent', name: 'Triage' }, role: 'developer' }),
      );
      const { body: run } = await ask(key, 'POST', '/v1/runs', { agent: 'human', input: { question: 'Go on?' } });
      expect(await entryOf(`type=run.created&actor=${id}`)).toMatchObject({
        ...{ actor: id, data: { run: run['id'] }, verdict: { by: ['role:developer'] } },
      });
      expect((await ask(platform.apiKey, 'DELETE', `/v1/members/${id}`)).body).toHaveProperty('disabledAt');
      for (const until = Date.now() + 5_000; (await ask(key, 'GET', '/v1/runs')).status !== 401;)
        expect(Date.now()).toBeLessThan(until);
    });
  });

  describe('of a tenant that operators', () => {
    const admin = async (words: readonly string[], key = platform.operatorKey!) => {
      const env = { ...process.env, CONCLAVE_URL: platform.gateway, CONCLAVE_API_KEY: key };
      const { code, stdout, stderr } = await run(process.execPath, [program, 'admin', ...words, '--json'], { env });
      expect([words, code, stderr]).toEqual([words, 0, stderr]);
      return JSON.parse(stdout) as { readonly [member: string]: unknown };
    };
    const answersSoon = async (code: string | undefined) => {
      for (const until = Date.now() + 5_000; (await refusal(platform.apiKeyB, 'GET', '/v1/me')) !== code;)
        expect(Date.now()).toBeLessThan(until);
    };
    let vkey: string;

    it('suspend are shut out within five seconds, streams included, and lose nothing', async () => {
      vkey = (await ask(platform.apiKeyB, 'GET', '/v1/audit/log')).body['vkey'] as string;
      const headers = { authorization: `Bearer ${platform.apiKeyB}` };
      const stream = await fetch(`${platform.gateway}/v1/runs/${others.get('run')}/events`, { headers });
      const closed = stream.text().catch(() => 'cut');
      const { tenantB } = platform;
      const before = Date.now();
      await admin(['tenants', 'suspend', tenantB, '--reason', 'unpaid']);
      await answersSoon('auth.tenant.suspended');
      await closed;
      expect(Date.now() - before).toBeLessThan(8_000);
      expect((await ask(platform.apiKey, 'GET', '/v1/me')).status).toBe(200);
      expect(await admin(['tenants', 'resume', tenantB])).toMatchObject({ state: 'active' });
      await answersSoon(undefined);
      expect(await ask(platform.apiKeyB, 'GET', `/v1/runs/${others.get('run')}`)).toMatchObject({ status: 200 });
    }, 60_000);

    it('erase leave nothing anywhere but the proof, whoever dies on the way, and others everything', async () => {
      const { tenantB: tenant, tenant: other } = platform;
      const remains = await Remains.open(platform, join(dirname(platform.devFile), 'services'));
      const [everywhere, untouched] = [await remains.rowsOf(tenant), await remains.rowsOf(other)];
      expect(everywhere.length).toBeGreaterThan(40);
      const { name } = await admin(['tenants', 'show', tenant]);
      await admin(['tenants', 'suspend', tenant, '--reason', 'they leave']);
      const erase = ['tenants', 'erase', tenant, '--reason', 'they left'];
      await admin([...erase, '--yes', '--name', String(name)]);
      await Promise.all((['consensus', 'audit', 'auth'] as const).map((service) => platform.kill9(service)));
      await platform.whenReady('auth');
      const proof = await admin(['tenants', 'erasure', tenant, '--wait']);
      expect(proof).toMatchObject({
        tenant,
        finishedAt: expect.any(String),
        dataKeys: expect.any(Number),
        waitingFor: [],
      });
      const answers = proof['answers'] as { service: string; rows: number; detail: { checkpoint?: string } }[];
      expect(answers.map(({ service }) => service).sort()).toEqual([
        ...['audit', 'auth', 'consensus', 'delivery', 'marketplace', 'metrics', 'runtime'],
      ]);
      const note = parseNote(answers.find(({ service }) => service === 'audit')!.detail.checkpoint!);
      expect((await verifyNote(note, [parseVkey(vkey)])).signers).toHaveLength(1);

      expect(await remains.rowsOf(tenant)).toEqual([]);
      expect(await remains.tablesWith(canary)).toEqual([]);
      expect(await remains.elsewhere(canary)).toEqual([]);
      expect(await remains.elsewhere(tenant)).toEqual([]);
      expect(everywhere.filter((table) => table !== 'auth.scim_user')).toEqual(
        expect.arrayContaining([
          'auth.api_key',
          'runtime.run',
          'audit.entry',
          'consensus.decision',
          'delivery.webhook',
        ]),
      );
      const kept = new Set(await remains.rowsOf(other));
      expect(untouched.filter((table) => !kept.has(table) && !FLEETING.has(table))).toEqual([]);
      expect(await remains.tablesWith(CANARY)).not.toEqual([]);
      await remains.close();

      expect(await refusal(platform.apiKeyB, 'GET', '/v1/me')).toBe('auth.unauthenticated');
      expect(await refusal(platform.operatorKey!, 'GET', `/v1/tenants/${tenant}`)).toBe('auth.tenant.not-found');
      const told = async () =>
        (await ask(platform.operatorKey!, 'GET', '/v1/audit/entries?type=tenant.erased')).body['items'] as object[];
      for (const until = Date.now() + 15_000; (await told()).length === 0;) expect(Date.now()).toBeLessThan(until);
    }, 120_000);
  });
});
