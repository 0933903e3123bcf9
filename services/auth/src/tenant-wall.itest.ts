import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '@conclave/postgres-kit';
import { startAuth, type AuthFixture, type TestTenant } from './testing/auth-fixture.js';

const tables = [
  'tenant',
  'workspace',
  'principal',
  'membership',
  'api_key',
  'sign_in',
  'person',
  'role',
  'policy',
  'policy_set',
  'passkey',
  'spent_challenge',
  'one_time_link',
  'connection',
  'external_identity',
  'connection_flow',
  'saml_assertion',
  'oauth_client',
  'oauth_grant',
  'oauth_token',
  'oauth_wrong_code',
];
const held = ['tenant', 'workspace', 'principal', 'membership', 'api_key'];

describe('the tenant wall of auth', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let b: TestTenant;
  let db: Database;

  beforeAll(async () => {
    fixture = await startAuth();
    [a, b] = [await fixture.createTenant(), await fixture.createTenant()];
    db = fixture.service.app.get(Database);
  });
  afterAll(() => fixture.stop());

  const as = ({ principal }: TestTenant) => ({ tenantId: principal.tenantId, actor: 'test' });

  it.each(tables)('shows rows of %s to their own tenant only', async (table) => {
    const seen = await db.tx(as(a), (tx) => tx.query<{ tenant_id: string }>(`select tenant_id from ${table}`));
    if (held.includes(table)) expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen.map((row) => row.tenant_id)).has(b.principal.tenantId)).toBe(false);
    expect(await db.tx({ tenantId: 'nobody', actor: 'test' }, (tx) => tx.query(`select 1 from ${table}`))).toEqual([]);
  });

  // Operators see which tenants there are, and nothing in them.
  it.each(tables.filter((table) => table !== 'tenant'))(
    'hides %s from the role that works across tenants',
    async (table) => {
      await expect(db.system((tx) => tx.query(`select 1 from ${table}`))).rejects.toThrow('permission denied');
    },
  );

  it('takes no row for another tenant', async () => {
    const insert = db.tx(as(a), (tx) =>
      tx.query(`insert into workspace (tenant_id, id, name, created_at) values ($1, 'wsp_x', 'x', now())`, [
        b.principal.tenantId,
      ]),
    );
    await expect(insert).rejects.toThrow('row-level security');
  });

  it('lets the tenant role neither look credentials up across tenants nor rewrite them', async () => {
    const tries = [
      `select tenant_of_api_key('${b.keyId}')`,
      `select tenant_of_connection('con_x')`,
      `select tenants_of_email_domain('example.com')`,
      `select sweep_connection_flows()`,
      `select tenant_of_sign_in('\\x00')`,
      `select tenant_named('${b.name}')`,
      `update api_key set scopes = '{}'`,
      `update api_key set digest = '\\x00'`,
      `update principal set kind = 'user'`,
      `delete from api_key`,
      `delete from sign_in`,
      `update sign_in set principal_id = ''`,
      `select sweep_sign_ins()`,
      `select sweep_challenges()`,
      `select access_reviews_due()`,
      `update access_review set created_by = ''`,
      `update access_review_item set role = ''`,
      `delete from access_review_item`,
      `select tenant_of_link('\\x00')`,
      `select tenant_of_passkey('\\x00')`,
      `update passkey set principal_id = ''`,
      `update one_time_link set expires_at = now()`,
      `select tenant_of_oauth_client('ocl_x')`,
      `select tenant_of_oauth_grant('gnt_x')`,
      `select tenant_of_oauth_token('\\x00')`,
      `select sweep_oauth()`,
      `select from oauth_signing_key`,
      `update oauth_grant set scopes = '{}'`,
      `update oauth_token set payload = '{}'`,
      `update oauth_client set secret = null`,
    ];
    for (const sql of tries) await expect(db.tx(as(a), (tx) => tx.query(sql))).rejects.toThrow('permission denied');
  });

  it('answers the exchange with one tenant for one exact id', async () => {
    const tenantOf = (id: string) =>
      db.system((tx) => tx.one<{ tenant: string | null }>('select tenant_of_api_key($1) as tenant', [id]));
    expect(await tenantOf(b.keyId)).toEqual({ tenant: b.principal.tenantId });
    for (const pattern of ['%', '', b.keyId.slice(0, -1), `${b.keyId}%`])
      expect(await tenantOf(pattern)).toEqual({ tenant: null });
  });
});
