import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startConstellation, type Constellation } from '../testing/constellation.js';

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

  it('make a new workspace usable from its first minute', async () => {
    const made = await ask(platform.apiKey, 'POST', '/v1/workspaces', { name: 'second' });
    const workspace = made.body['id'];
    const { body } = await ask(platform.apiKey, 'POST', '/v1/api-keys', { name: 'there', workspace });
    expect((await ask(body['key'] as string, 'GET', '/v1/me')).body['workspace']).toMatchObject({ id: workspace });
  });
});
