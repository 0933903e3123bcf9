import { readFileSync, writeFileSync } from 'node:fs';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { permissions } from '@conclave/contracts';
import { contextTokens } from '@conclave/nest-kit';
import { forgedTokens } from '@conclave/nest-kit/testing';
import { run } from '../processes/run.js';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { openSecrets, signingKey } from '../secrets.js';
import { program } from './story.js';
import { CANARY, ask as askRoute, furnish, plain, requests, routeOf, routes } from './strangers.js';
import { countedTallies, refusedTallies } from './tally-table.js';

interface Answer {
  readonly status: number;
  readonly body: { readonly [member: string]: unknown };
}

describe('the members of a workspace, over the public API', () => {
  let platform: Constellation;
  beforeAll(async () => {
    platform = await startConstellation();
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
  async function addMember(name: string, role: string) {
    const { status, body } = await ask(platform.apiKey, 'POST', '/v1/members', { name, kind: 'user', role });
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
    expect(await refusal(manager, 'POST', '/v1/api-keys', { name: 'x', principal: id, scopes: ['run:create'] })).toBe(
      'auth.scope.too-wide',
    );
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
    expect(headers.get('location')).toBe(`${platform.gateway}/scim/v2/Users/${String(body['id'])}`);
    const { body: key } = await ask(platform.apiKey, 'POST', '/v1/api-keys', { name: 'Fay', principal: body['id'] });
    expect((await ask(key['key'] as string, 'GET', '/v1/me')).body).toMatchObject({
      ...{ role: 'viewer', principal: { name: 'fay@example.com' } },
    });
    const path = `Users/${String(body['id'])}`;
    const patch = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'Replace', path: 'active', value: 'False' }],
    };
    expect((await scim(directory, 'PATCH', path, patch, 'application/json')).body['active']).toBe(false);
    const until = Date.now() + 5_000;
    // The edge has to have heard of it, too: `/v1/me` is answered by auth, which knows at once.
    while ((await scim(key['key'] as string, 'GET', 'Users')).status !== 401) expect(Date.now()).toBeLessThan(until);
    expect((await ask(key['key'] as string, 'GET', '/v1/me')).status).toBe(401);
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

  it('make a new workspace usable from its first minute', async () => {
    const made = await ask(platform.apiKey, 'POST', '/v1/workspaces', { name: 'second' });
    const workspace = made.body['id'];
    const { body } = await ask(platform.apiKey, 'POST', '/v1/api-keys', { name: 'there', workspace });
    expect((await ask(body['key'] as string, 'GET', '/v1/me')).body['workspace']).toMatchObject({ id: workspace });
  });

  it('get nothing out of another tenant on any route: an id that is there is answered as one that never was', async () => {
    const theirs = await furnish(platform.gateway, platform.apiKey);
    const secrets = [...theirs.values(), CANARY, platform.workspace];
    const asOwner = async () => {
      const answers = new Map<string, Awaited<ReturnType<typeof askRoute>>>();
      for (const route of routes.filter(({ http }) => http.method === 'GET' && http.path.endsWith('/{id}')))
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
    const after = await asOwner();
    expect([...before.values()].map(({ status }) => status)).not.toContain(404);
    // An erasure goes on by itself.
    for (const [route, answer] of [...before].filter(([name]) => name !== 'GET /v1/audit/erasures/{id}'))
      expect([route, after.get(route)]).toEqual([route, answer]);
  }, 120_000);

  it('come in by their credentials alone: a context token opens nothing at the edge, forged or signed by auth itself', async () => {
    const secrets = openSecrets(join(dirname(platform.devFile), 'secrets.json'));
    const keyOf = (service: string) =>
      createPrivateKey({
        key: Buffer.from(secrets.of(`${service}.service-key`, signingKey), 'base64'),
        format: 'der',
        type: 'pkcs8',
      });
    const auth = keyOf('auth');
    const { body } = await ask(platform.apiKey, 'GET', '/v1/me');
    const principal = body['principal'] as { id: string; kind: string; name: string };
    const claims = { tenantId: platform.tenant, workspaceId: platform.workspace, principal, scopes: permissions };
    const tokens = contextTokens({
      service: 'auth',
      privateKey: secrets.of('auth.service-key', signingKey),
      publicKeys: {},
    });
    const kit = { auth, authPublic: createPublicKey(auth), runtime: keyOf('runtime'), claims };
    const forged = [...(await forgedTokens(kit)), ['genuine', await tokens.sign(claims, 60_000)] as const];
    for (const [how, token] of forged.filter(([, text]) => /^[!-~]+$/.test(text)))
      for (const [name, value] of [
        ['authorization', `Bearer ${token}`],
        ['cookie', `conclave=${token}`],
        ['conclave-token', token],
      ] as const) {
        const { status } = await fetch(`${platform.gateway}/v1/me`, { headers: { [name]: value } });
        expect([how, name, status]).toEqual([how, name, token.length > 10_000 ? 431 : 401]);
      }
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
});
