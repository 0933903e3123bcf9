import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auth, events, newId, ownerPermissions, roles } from '@conclave/contracts';
import { eventually, refusalOf } from '@conclave/dev-env/testing';
import { Database, pgConnections, type Connection, type ConnectionSource } from '@conclave/postgres-kit';
import { formatApiKey } from '../api-keys/api-key-format.js';
import { Authenticator } from './authenticator.js';
import { AccessTokens } from '../oauth/access-tokens.js';
import { CredentialDigest } from './credential-digest.js';
import { FailedAttempts } from './failed-attempts.js';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

describe('credential exchange', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let b: TestTenant;
  const exchange = (secret: string, kind: 'api-key' | 'sign-in' = 'api-key') =>
    fixture.call(auth.exchangeCredential, { kind, secret }, edge);

  beforeAll(async () => {
    fixture = await startAuth();
    [a, b] = [await fixture.createTenant(), await fixture.createTenant()];
  });
  afterAll(() => fixture.stop());

  it('gives a context for the key’s own tenant, workspace, principal and scopes, for five minutes', async () => {
    const before = Date.now();
    const { token, expiresAt, credentialId, csrf } = await exchange(a.key);
    const claims = await (await fixture.bus.as('consensus')).tokens.verify(token);
    expect(claims).toMatchObject({
      issuer: 'auth',
      tenantId: a.principal.tenantId,
      workspaceId: a.principal.workspaceId,
      principal: { id: a.principal.principal.id, kind: 'user', name: 'Ada' },
      credentialId: a.keyId,
      rootCredentialId: a.keyId,
      scopes: ownerPermissions,
    });
    expect(credentialId).toBe(a.keyId);
    expect(csrf).toBeUndefined();
    expect(claims.expiresAt).toBe(expiresAt);
    expect(expiresAt - before).toBeGreaterThan(298_000);
    expect(expiresAt - before).toBeLessThanOrEqual(301_000);
  });

  it('never gives one tenant’s context for another’s key', async () => {
    const [one, other] = [await fixture.exchange(a.key), await fixture.exchange(b.key)];
    expect(one.tenantId).not.toBe(other.tenantId);
    expect(one.tenantId).toBe(a.principal.tenantId);
    expect(other.tenantId).toBe(b.principal.tenantId);
  });

  it('refuses every key that is not exactly the one that was made', async () => {
    const wrong = [
      '',
      'x',
      a.key.slice(0, -1),
      `${a.key}x`,
      ` ${a.key}`,
      a.key.toUpperCase(),
      formatApiKey('test', a.keyId, new Uint8Array(32)),
      formatApiKey('live', a.keyId, new Uint8Array(32)),
      formatApiKey('test', newId('apiKey'), new Uint8Array(32)),
      'ccl_test_%00_x',
      "' or 1=1 --",
      '\u0000',
      '🔑'.repeat(60),
    ];
    for (const secret of wrong) {
      const expected = secret === '' ? 'request.invalid' : 'auth.unauthenticated';
      expect([secret, await refusalOf(exchange(secret))]).toEqual([secret, expected]);
    }
    expect(await refusalOf(exchange(a.key, 'sign-in'))).toBe('auth.unauthenticated');
  });

  it('says the same of unknown, wrong, expired and revoked keys', async () => {
    const { principal } = await fixture.createTenant();
    const [expired, revoked] = [
      await fixture.call(auth.createApiKey, { name: 'short', expiresAt: inMs(60_000) }, principal),
      await fixture.call(auth.createApiKey, { name: 'gone' }, principal),
    ];
    await fixture.call(auth.revokeApiKey, { id: revoked.id }, principal);
    await expect(exchange(expired.key)).resolves.toBeDefined();
    await fixture.database.query('update auth.api_key set expires_at = now() where id = $1', [expired.id]);
    const problems = await Promise.all(
      [
        expired.key,
        revoked.key,
        formatApiKey('test', revoked.id, new Uint8Array(32)),
        formatApiKey('test', newId('apiKey'), new Uint8Array(32)),
        'malformed',
      ].map((secret) => exchange(secret).catch((error: { code: string; params: object }) => error)),
    );
    for (const problem of problems) expect(problem).toMatchObject({ code: 'auth.unauthenticated', params: {} });
  });

  it('takes the same steps for an unknown key as for a known one that is wrong or over', async () => {
    const { principal } = await fixture.createTenant();
    const revoked = await fixture.call(auth.createApiKey, { name: 'gone' }, principal);
    await fixture.call(auth.revokeApiKey, { id: revoked.id }, principal);
    const said: string[] = [];
    const { DATABASE_URL: app, DATABASE_SYSTEM_URL: system } = fixture.database.environmentOf('auth');
    const db = new Database(recording(app, said), recording(system, said));
    const authenticator = new Authenticator(
      { SIGN_IN_IDLE_MINUTES: 120, STEP_UP_MINUTES: 15 },
      db,
      fixture.service.app.get(CredentialDigest),
      fixture.service.app.get(AccessTokens),
      fixture.service.app.get(FailedAttempts),
    );
    const steps = async (key: string) => {
      said.length = 0;
      expect(await refusalOf(authenticator.apiKey(key))).toBe('auth.unauthenticated');
      return [...said];
    };
    const unknown = await steps(formatApiKey('test', newId('apiKey'), new Uint8Array(32)));
    expect(unknown.length).toBeGreaterThan(1);
    expect(await steps(formatApiKey('test', a.keyId, new Uint8Array(32)))).toEqual(unknown);
    expect(await steps(revoked.key)).toEqual(unknown);
    await db.close();
  });

  it('puts on record who was not let in with a key of the tenant, once for those alike, and nothing of what they had', async () => {
    const { principal, keyId } = await fixture.createTenant();
    const { tenantId } = principal;
    const over = await fixture.call(auth.createApiKey, { name: 'gone' }, principal);
    await fixture.call(auth.revokeApiKey, { id: over.id }, principal);
    const wrong = formatApiKey('test', keyId, new Uint8Array(32));
    for (const [secret, address] of [
      [wrong, '192.0.2.7'],
      [wrong, '192.0.2.8'],
      [over.key, undefined],
      [formatApiKey('test', newId('apiKey'), new Uint8Array(32)), '192.0.2.9'],
    ] as const)
      expect(await refusalOf(fixture.call(auth.exchangeCredential, { kind: 'api-key', secret, address }, edge))).toBe(
        'auth.unauthenticated',
      );
    const told = await eventually(async () => {
      const found = (await fixture.emitted(events.authenticationFailed.type, tenantId)).map(({ data }) => data);
      expect(found).toHaveLength(2);
      return found;
    });
    const whose = { method: 'api-key', principal: principal.principal.id, times: 1 };
    expect(told).toContainEqual({ ...whose, credential: keyId, reason: 'wrong', address: '192.0.2.7' });
    expect(told).toContainEqual({ ...whose, credential: over.id, reason: 'over' });
    expect(JSON.stringify(told)).not.toContain(wrong.slice(-20));
    expect(
      (await fixture.emitted(events.authenticationFailed.type)).every(({ data }) => data['address'] !== '192.0.2.9'),
    ).toBe(true);
  });

  it('lets a role that shrank shrink the keys made under it', async () => {
    const tenant = await fixture.createTenant();
    await fixture.setRole(tenant.principal, 'viewer');
    const { scopes } = await fixture.exchange(tenant.key);
    expect([...scopes!].sort()).toEqual([...roles.viewer].sort());
  });

  it('refuses the keys of a disabled principal', async () => {
    const tenant = await fixture.createTenant();
    await fixture.database.query('update auth.principal set disabled_at = now() where tenant_id = $1', [
      tenant.principal.tenantId,
    ]);
    expect(await refusalOf(exchange(tenant.key))).toBe('auth.unauthenticated');
    expect(await refusalOf(fixture.call(auth.getMe, {}, tenant.principal))).toBe('auth.unauthenticated');
  });

  it('never gives a context that outlives its key', async () => {
    const key = await fixture.call(auth.createApiKey, { name: 'short', expiresAt: inMs(90_000) }, a.principal);
    const { expiresAt } = await exchange(key.key);
    expect(expiresAt).toBeLessThanOrEqual(Date.parse(key.expiresAt!));
  });

  it('writes the time of last use once a minute at most', async () => {
    const tenant = await fixture.createTenant();
    const lastUsed = async () => {
      const sql = 'select last_used_at from auth.api_key where id = $1';
      const [row] = await fixture.database.query<{ last_used_at: Date | null }>(sql, [tenant.keyId]);
      return row!.last_used_at!.getTime();
    };
    const first = await lastUsed();
    await exchange(tenant.key);
    expect(await lastUsed()).toBe(first);
    await fixture.database.query(`update auth.api_key set last_used_at = now() - interval '61 s' where id = $1`, [
      tenant.keyId,
    ]);
    await exchange(tenant.key);
    expect(await lastUsed()).toBeGreaterThanOrEqual(first);
  });

  it('answers services only, and of those only the edge', async () => {
    const request = { kind: 'api-key' as const, secret: a.key };
    expect(await refusalOf(fixture.call(auth.exchangeCredential, request, a.principal))).toBe('auth.forbidden');
    const consensus = await fixture.bus.as('consensus');
    await expect(consensus.rpc.callAsService(auth.exchangeCredential, {}, request)).rejects.toThrow('Permissions');
    const token = await consensus.tokens.sign({}, 60_000);
    const smuggled = (await fixture.bus.as('gateway')).rpc.call(auth.exchangeCredential, request, { token });
    expect(await refusalOf(smuggled)).toBe('auth.forbidden');
  });

  it('keeps nothing a key could be made from', async () => {
    const rows = await fixture.database.query<{ all: string }>(
      `select (select string_agg(k::text, ' ') from auth.api_key k) || (select string_agg(e::text, ' ') from auth.outbound_event e) as all`,
    );
    const secret = a.key.slice(-49, -6);
    expect(rows[0]!.all).toContain(a.keyId);
    expect(rows[0]!.all).not.toContain(secret);
    expect(rows[0]!.all).not.toContain(Buffer.from(a.key).toString('hex'));
  });
});

/** Plain connections of auth that write down what is asked. */
function recording(url: string, said: string[]): ConnectionSource {
  const source = pgConnections({ url, schema: 'auth', size: 1, applicationName: 'test' }, () => undefined);
  return {
    close: () => source.close(),
    async acquire() {
      const connection = await source.acquire();
      const query: Connection['query'] = (sql, params) => {
        said.push(sql);
        return connection.query(sql, params);
      };
      return { ...connection, query };
    },
  };
}

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
