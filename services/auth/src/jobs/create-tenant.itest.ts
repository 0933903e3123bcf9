import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { events, invitations } from '@conclave/contracts';
import { SITE, edge, startAuth, type AuthFixture } from '../testing/auth-fixture.js';

const JOB = join(import.meta.dirname, 'create-tenant.js');

describe('create-tenant job', () => {
  let fixture: AuthFixture;

  beforeAll(async () => {
    fixture = await startAuth();
  });
  afterAll(() => fixture.stop());

  function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const env = {
      ...fixture.database.environmentOf('auth'),
      API_KEY_PEPPER: fixture.pepper,
      API_KEY_ENV: 'test',
      PUBLIC_URL: SITE,
    };
    return new Promise((done) => {
      execFile(process.execPath, [JOB, ...args], { env }, (error, stdout, stderr) =>
        done({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  }
  const freshName = () => `job-${randomBytes(4).toString('hex')}`;

  it('prints one line whose key and link open the door to the new tenant', async () => {
    const name = freshName();
    const { code, stdout, stderr } = await run('--name', name, '--admin', 'Grace');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trimEnd()).not.toContain('\n');
    const made = JSON.parse(stdout) as Record<'tenant' | 'workspace' | 'principal' | 'apiKey' | 'welcome', string>;
    expect(await fixture.exchange(made.apiKey)).toMatchObject({
      tenantId: made.tenant,
      workspaceId: made.workspace,
      principal: { id: made.principal, name: 'Grace' },
    });
    const told = await fixture.emitted(undefined, made.tenant);
    const types = [events.tenantCreated, events.apiKeyCreated, events.linkCreated].map(({ type }) => type);
    expect(told.map(({ type }) => type)).toEqual(types);
    const { purpose } = await fixture.call(
      invitations.openLink,
      { link: made.welcome.replace(`${SITE}/welcome#`, '') },
      edge,
    );
    expect(purpose).toBe('bootstrap');
    expect(told[0]).toMatchObject({ data: { tenant: made.tenant, name } });
  });

  it('refuses a name that is taken, and changes nothing', async () => {
    const name = freshName();
    await run('--name', name);
    const before = await fixture.emitted();
    const { code, stdout, stderr } = await run('--name', name);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('A tenant of this name exists.');
    expect(await fixture.emitted()).toEqual(before);
  });

  it('with --if-absent prints the ids of what exists, without key or link', async () => {
    const name = freshName();
    const first = JSON.parse((await run('--name', name, '--if-absent')).stdout) as Record<string, string>;
    const second = JSON.parse((await run('--name', name, '--if-absent')).stdout) as Record<string, string>;
    const { apiKey, welcome, ...ids } = first;
    expect([apiKey, welcome]).not.toContain(undefined);
    expect(second).toEqual(ids);
  });

  it('makes one tenant when two start at once', async () => {
    const name = freshName();
    const both = await Promise.all([run('--name', name, '--if-absent'), run('--name', name, '--if-absent')]);
    const tenants = both.map(({ stdout }) => (JSON.parse(stdout) as { tenant: string }).tenant);
    expect(tenants[0]).toBe(tenants[1]);
    expect(both.filter(({ stdout }) => stdout.includes('apiKey'))).toHaveLength(1);
  });

  it('says what is wrong with its arguments or environment', async () => {
    expect(await run()).toMatchObject({ code: 1, stdout: '' });
    expect((await run('--name', 'bad\u0007name')).stderr).toContain('control characters');
    expect((await run('--nom', 'x')).stderr).toContain('--nom');
  });
});
