import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, events, newId, secrets, type ServiceName } from '@conclave/contracts';
import { refusalOf, type TestPrincipal } from '@conclave/dev-env/testing';
import { newRecipient } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { DestroyDataKeys } from '../data-keys/destroy-data-keys.js';
import { startAuth, type AuthFixture } from '../testing/auth-fixture.js';

const VALUE = 'sk-canary-4f1c';

describe('secrets', () => {
  let fixture: AuthFixture;
  let admin: TestPrincipal;
  let stranger: TestPrincipal;

  beforeAll(async () => {
    fixture = await startAuth();
    stranger = (await fixture.createTenant()).principal;
  });
  beforeEach(async () => {
    admin = (await fixture.createTenant()).principal;
  });
  afterAll(() => fixture.stop());

  const create = (name = 'OPENAI_API_KEY', value = VALUE, as = admin) =>
    fixture.call(secrets.createSecret, { name, value }, as);
  const told = async (type: string) => (await fixture.emitted(type, admin.tenantId)).map(({ data }) => data);

  /** Asks as the runtime does for a run of `actor`, and opens what comes. */
  async function lease(name = 'OPENAI_API_KEY', at: Partial<TestPrincipal> = {}, from: ServiceName = 'runtime') {
    const { tenantId, workspaceId: workspace, principal } = { ...admin, ...at };
    const recipient = await newRecipient();
    const as = { from, claims: { tenantId, onBehalfOf: principal.id } };
    const lent = await fixture.call(secrets.leaseSecret, { workspace, name, publicKey: recipient.publicKey }, as);
    const purpose = secrets.leasePurpose({ ...lent, tenantId, workspace, name });
    return { ...lent, value: await recipient.open(lent.sealed, purpose) };
  }

  /** Everything the service keeps, as text. */
  async function everyRow(): Promise<string> {
    const tables = await fixture.database.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'auth'::regnamespace and relkind = 'r'`,
    );
    const texts = tables.map(({ name }) =>
      fixture.database.query<{ row: string }>(`select t::text as row from auth."${name}" t`),
    );
    return (await Promise.all(texts))
      .flat()
      .map(({ row }) => row)
      .join('\n');
  }

  it('are kept, named, renewed and deleted, and each change is in the log without a value', async () => {
    const made = await create();
    expect(made).toEqual({
      id: made.id,
      name: 'OPENAI_API_KEY',
      version: 1,
      createdAt: made.createdAt,
      readable: true,
    });
    const rotated = await fixture.call(secrets.rotateSecret, { id: made.id, value: `${VALUE}-2` }, admin);
    expect(rotated).toEqual({ ...made, version: 2, rotatedAt: expect.any(String) });
    expect((await lease()).value).toBe(`${VALUE}-2`);
    expect(await fixture.call(secrets.listSecrets, {}, admin)).toEqual({ items: [rotated] });
    const rows = await everyRow();
    expect(rows).toContain(made.id);
    expect(rows).not.toContain(VALUE);
    expect(rows).not.toContain(Buffer.from(VALUE).toString('hex'));
    expect(await fixture.call(secrets.deleteSecret, { id: made.id }, admin)).toEqual({ id: made.id });
    expect(await fixture.call(secrets.listSecrets, {}, admin)).toEqual({ items: [] });
    const about = { secret: made.id, workspace: admin.workspaceId, name: 'OPENAI_API_KEY' };
    expect(await told(events.secretCreated.type)).toEqual([{ ...about, version: 1 }]);
    expect(await told(events.secretRotated.type)).toEqual([{ ...about, version: 2 }]);
    expect(await told(events.secretDeleted.type)).toEqual([{ ...about, version: 2 }]);
    expect(await told(events.dataKeyCreated.type)).toEqual([
      expect.objectContaining({ purpose: 'secret', keyId: expect.stringMatching(/^file:[0-9a-f]{16}$/) as unknown }),
    ]);
  });

  it('hold any text up to 64 KiB, and have names like variables', async () => {
    const longest = '🗝️ü\n\0'.padEnd(65_000, 'x');
    await create('PEM', longest);
    expect((await lease('PEM')).value).toBe(longest);
    for (const value of ['', 'ü'.repeat(32_769), 'x'.repeat(65_537), '\ud800'])
      expect(await refusalOf(create('A', value))).toBe('request.invalid');
    for (const name of ['', 'a', '1A', 'A-B', 'A B', 'A'.repeat(65), 'Ä'])
      expect(await refusalOf(create(name))).toBe('request.invalid');
  });

  it('never come back in a refusal', async () => {
    const invalid = fixture.call(secrets.createSecret, { name: 'a', value: VALUE }, admin);
    await expect(invalid).rejects.toMatchObject({ code: 'request.invalid' });
    expect(JSON.stringify(await invalid.catch((error: unknown) => error))).not.toContain(VALUE);
  });

  it('have one name each in a workspace', async () => {
    await create();
    expect(await refusalOf(create())).toBe('auth.secret.exists');
    await expect(create('OPENAI_API_KEY', VALUE, stranger)).resolves.toBeDefined();
  });

  it('are those of one workspace: there is no other’s, of this tenant or another', async () => {
    const { id } = await create();
    const elsewhere = { ...admin, workspaceId: newId('workspace') };
    for (const as of [stranger, elsewhere]) {
      expect(await refusalOf(fixture.call(secrets.rotateSecret, { id, value: 'x' }, as))).toBe('auth.secret.not-found');
      expect(await refusalOf(fixture.call(secrets.deleteSecret, { id }, as))).toBe('auth.secret.not-found');
    }
    expect((await fixture.call(secrets.listSecrets, {}, elsewhere)).items).toEqual([]);
    const permissionless = { ...admin, scopes: [] };
    for (const call of [
      () => create('B', VALUE, permissionless),
      () => fixture.call(secrets.listSecrets, {}, permissionless),
      () => fixture.call(secrets.rotateSecret, { id, value: 'x' }, permissionless),
      () => fixture.call(secrets.deleteSecret, { id }, permissionless),
    ])
      expect(await refusalOf(call())).toBe('auth.forbidden');
  });

  it('are created once per Idempotency-Key, whose record does not let a short value be guessed', async () => {
    const pin = '0417';
    const request = { name: 'PIN', value: pin };
    const as = { claims: admin, idempotencyKey: 'pin' };
    const made = await fixture.call(secrets.createSecret, request, as);
    expect(await fixture.call(secrets.createSecret, request, as)).toEqual(made);
    expect(await refusalOf(fixture.call(secrets.createSecret, { ...request, value: '0418' }, as))).toBe(
      'request.idempotency-mismatch',
    );
    const rows = await everyRow();
    const texts = [pin, JSON.stringify(pin), JSON.stringify(request), JSON.stringify({ value: pin, name: 'PIN' })];
    for (const text of texts) expect(rows).not.toContain(createHash('sha256').update(text).digest('hex'));
  });

  it('are lent to the runtime for a member, for five minutes, and the log says so', async () => {
    const { id } = await create();
    const lent = await lease();
    expect(lent).toMatchObject({ value: VALUE, version: 1 });
    expect(Buffer.from(lent.sealed, 'base64').includes(VALUE)).toBe(false);
    const leftMs = Date.parse(lent.expiresAt) - Date.now();
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(300_000);
    const [leased] = await fixture.emitted(events.secretLeased.type, admin.tenantId);
    expect(leased).toMatchObject({ actor: admin.principal.id });
    expect(leased!.data).toEqual({
      ...{ secret: id, workspace: admin.workspaceId, name: 'OPENAI_API_KEY', version: 1 },
      ...{ service: 'runtime', expiresAt: lent.expiresAt },
    });
  });

  it('are lent to the pod that asked alone: another’s key does not open the lease, nor does any other purpose', async () => {
    await create();
    const { tenantId, workspaceId: workspace, principal } = admin;
    const [asking, another] = [await newRecipient(), await newRecipient()];
    const request = { workspace, name: 'OPENAI_API_KEY', publicKey: asking.publicKey };
    const as = { from: 'runtime' as const, claims: { tenantId, onBehalfOf: principal.id } };
    const lent = await fixture.call(secrets.leaseSecret, request, as);
    const told = { ...lent, tenantId, workspace, name: 'OPENAI_API_KEY' };
    const purpose = secrets.leasePurpose(told);
    await expect(another.open(lent.sealed, purpose)).rejects.toThrow();
    for (const changed of [
      { tenantId: stranger.tenantId },
      { workspace: newId('workspace') },
      { name: 'OTHER' },
      { version: 2 },
      { expiresAt: new Date(0).toISOString() },
    ])
      await expect(asking.open(lent.sealed, secrets.leasePurpose({ ...told, ...changed }))).rejects.toThrow();
    expect(await asking.open(lent.sealed, purpose)).toBe(VALUE);
  });

  it('are lent to nobody else: other services, members who left, other places, keys that are none', async () => {
    const { id } = await create();
    const claims = { tenantId: admin.tenantId, onBehalfOf: admin.principal.id };
    const request = {
      workspace: admin.workspaceId,
      name: 'OPENAI_API_KEY',
      publicKey: Buffer.alloc(32).toString('base64'),
    };
    expect(await refusalOf(fixture.call(secrets.leaseSecret, request, { from: 'runtime', claims }))).toBe(
      'request.invalid',
    );
    await expect(fixture.call(secrets.leaseSecret, request, admin)).rejects.toThrow('Permissions Violation');
    await expect(lease('OPENAI_API_KEY', {}, 'consensus')).rejects.toThrow();
    expect(await refusalOf(lease('OPENAI_API_KEY', { workspaceId: newId('workspace') }))).toBe('auth.member.not-found');
    expect(await refusalOf(lease('OPENAI_API_KEY', { principal: stranger.principal }))).toBe('auth.member.not-found');
    const bo = (await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'viewer' }, admin)).principal;
    expect((await lease('OPENAI_API_KEY', { principal: bo })).value).toBe(VALUE);
    await fixture.call(auth.disableMember, { id: bo.id }, admin);
    expect(await refusalOf(lease('OPENAI_API_KEY', { principal: bo }))).toBe('auth.member.not-found');
    expect(await refusalOf(lease('OTHER'))).toBe('auth.secret.not-found');
    await fixture.call(secrets.deleteSecret, { id }, admin);
    expect(await refusalOf(lease())).toBe('auth.secret.not-found');
  });

  it('cannot be opened when a row is copied to another secret or version', async () => {
    const { id } = await create();
    await create('OTHER', 'another');
    const [{ sealed }] = (await fixture.database.query<{ sealed: string }>(
      'select sealed from auth.secret where id = $1',
      [id],
    )) as [{ sealed: string }];
    await fixture.database.query(`update auth.secret set sealed = $2 where tenant_id = $1 and name = 'OTHER'`, [
      admin.tenantId,
      sealed,
    ]);
    expect(await refusalOf(lease('OTHER'))).toBe('service.internal');
    await fixture.call(secrets.rotateSecret, { id, value: 'newer' }, admin);
    await fixture.database.query('update auth.secret set sealed = $2 where id = $1', [id, sealed]);
    expect(await refusalOf(lease())).toBe('service.internal');
  });

  it('are not written under a key that is destroyed meanwhile: a repeat takes the next key', async () => {
    await create('FIRST');
    const db = fixture.service.app.get(Database);
    const busy = Promise.withResolvers<void>();
    const rivals = db.tx({ tenantId: admin.tenantId, actor: 'test' }, async (tx) => {
      await tx.query('select id from data_key where tenant_id = $1 for update', [admin.tenantId]);
      await busy.promise;
      await tx.query('update data_key set key_id = null, wrapped = null, destroyed_at = now() where tenant_id = $1', [
        admin.tenantId,
      ]);
    });
    const late = create('SECOND');
    const refusal = refusalOf(late);
    for (let waiting = false; !waiting;)
      waiting =
        (
          await fixture.database.query(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          )
        ).length > 0;
    busy.resolve();
    await rivals;
    expect(await refusal).toBe('service.unavailable');
    await create('SECOND');
    expect((await lease('SECOND')).value).toBe(VALUE);
    expect(await refusalOf(lease('FIRST'))).toBe('auth.secret.unreadable');
  });

  it('are gone for good with their tenant’s data key, which the log says; a new value is sealed under a new one', async () => {
    const { id } = await create();
    await create('OPENAI_API_KEY', VALUE, stranger).catch(() => undefined);
    const [gone] = await new DestroyDataKeys(fixture.service.app.get(Database)).run(admin.tenantId);
    expect(await told(events.dataKeyDestroyed.type)).toEqual([{ dataKey: gone, purpose: 'secret' }]);
    expect(await fixture.database.query('select key_id, wrapped from auth.data_key where id = $1', [gone])).toEqual([
      { key_id: null, wrapped: null },
    ]);
    expect(await refusalOf(lease())).toBe('auth.secret.unreadable');
    expect((await fixture.call(secrets.listSecrets, {}, admin)).items).toMatchObject([{ id, readable: false }]);
    expect((await lease('OPENAI_API_KEY', stranger)).value).toBe(VALUE);
    expect(await fixture.call(secrets.rotateSecret, { id, value: 'fresh' }, admin)).toMatchObject({ readable: true });
    expect((await lease()).value).toBe('fresh');
    expect(await new DestroyDataKeys(fixture.service.app.get(Database)).run(admin.tenantId, 'other')).toEqual([]);
  });
});
