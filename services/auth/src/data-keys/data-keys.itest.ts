import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConclaveError, events, secrets } from '@conclave/contracts';
import { refusalOf, type TestPrincipal } from '@conclave/dev-env/testing';
import { newRecipient, secretKey } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { startAuth, startReplica, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { SigningKeys } from '../oauth/signing-keys.js';
import { secretsEnvironment } from './config.js';
import { FileKeys } from './file-keys.js';
import type { KeyEncryption, WrappedKey } from './key-encryption.js';
import { RewrapDataKeys } from './rewrap-data-keys.js';

const JOB = join(import.meta.dirname, '../jobs/data-keys.js');
const [old, next] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];

describe('data keys', () => {
  let fixture: AuthFixture;
  let tenants: TestTenant[];

  beforeAll(async () => {
    fixture = await startAuth({ SECRETS_KEK: `${old},${next}` });
    tenants = await Promise.all(Array.from({ length: 5 }, () => fixture.createTenant()));
    for (const { principal } of tenants) await create(principal, 'A', valueOf(principal));
  });
  afterAll(() => fixture.stop());

  const valueOf = ({ tenantId }: TestPrincipal) => `value of ${tenantId}`;
  /** What is tested is not how fast this machine is. */
  const patient = (claims: TestPrincipal) => ({ claims, deadlineAt: Date.now() + 60_000 });
  const create = (as: TestPrincipal, name: string, value: string) =>
    fixture.call(secrets.createSecret, { name, value }, patient(as));
  const kept = () =>
    fixture.database.query<{ tenant_id: string; id: string; key_id: string | null; wrapped: string | null }>(
      'select tenant_id, id, key_id, wrapped from auth.data_key order by tenant_id, id',
    );

  async function read({ tenantId, workspaceId: workspace, principal }: TestPrincipal, name = 'A'): Promise<string> {
    const recipient = await newRecipient();
    const claims = { tenantId, onBehalfOf: principal.id };
    const as = { from: 'runtime' as const, claims, deadlineAt: Date.now() + 60_000 };
    const lent = await fixture.call(secrets.leaseSecret, { workspace, name, publicKey: recipient.publicKey }, as);
    return recipient.open(lent.sealed, secrets.leasePurpose({ ...lent, tenantId, workspace, name }));
  }

  function job(keys: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const env = { ...fixture.environment, SECRETS_KEK: keys };
    return new Promise((done) => {
      execFile(process.execPath, [JOB, ...args], { env }, (error, stdout, stderr) =>
        done({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  }

  /** Keys in a store that is away for whom it is said to be. */
  const away = (keys: KeyEncryption, isAway: (key: WrappedKey) => boolean): KeyEncryption => ({
    current: () => keys.current(),
    holds: (id) => keys.holds(id),
    wrap: (key, place) => keys.wrap(key, place),
    unwrap: (key, place) =>
      isAway(key)
        ? Promise.reject(new ConclaveError('service.unavailable', { service: 'kms' }))
        : keys.unwrap(key, place),
  });

  it('are one for each tenant, and open for no other', async () => {
    const before = await kept();
    expect(new Set(before.map(({ tenant_id }) => tenant_id)).size).toBe(tenants.length);
    expect(new Set(before.map(({ wrapped }) => wrapped)).size).toBe(tenants.length);
    const [a, b] = before;
    const set = (row: typeof a, wrapped: string | null) =>
      fixture.database.query('update auth.data_key set wrapped = $2 where id = $1', [row!.id, wrapped]);
    await set(b, a!.wrapped);
    const robbed = tenants.find(({ principal }) => principal.tenantId === b!.tenant_id)!.principal;
    expect(await refusalOf(read(robbed))).toBe('service.internal');
    await set(b, b!.wrapped);
    expect(await read(robbed)).toBe(valueOf(robbed));
  });

  it('go on under the next key-encryption key from where a rotation broke off', async () => {
    const keys = new FileKeys([secretKey.parse(randomBytes(32).toString('base64')), secretKey.parse(old)]);
    let left = 2;
    const dying: KeyEncryption = {
      current: () => keys.current(),
      holds: (id) => keys.holds(id),
      unwrap: (key, place) => keys.unwrap(key, place),
      wrap: (key, place) => (left-- > 0 ? keys.wrap(key, place) : Promise.reject(new Error('crash'))),
    };
    const before = await kept();
    const db = fixture.service.app.get(Database);
    await expect(new RewrapDataKeys(db, dying).run()).rejects.toThrow('crash');
    const untouched = (await kept()).filter(({ wrapped }) => before.some((row) => row.wrapped === wrapped));
    expect(untouched).toHaveLength(tenants.length - 2);
    expect(await new RewrapDataKeys(db, keys).run()).toEqual({
      ...{ rewrapped: 3, unopened: [], keyId: await keys.current() },
    });
    expect(await new RewrapDataKeys(db, keys).run()).toMatchObject({ rewrapped: 0 });
    const back = new FileKeys([secretKey.parse(old)]);
    const both: KeyEncryption = {
      ...dying,
      current: () => back.current(),
      wrap: (key, place) => back.wrap(key, place),
    };
    expect(await new RewrapDataKeys(db, both).run()).toMatchObject({ rewrapped: tenants.length });
  });

  it('that do not open are told of and tried again, while the others are wrapped anew', async () => {
    const db = fixture.service.app.get(Database);
    const [broken, late, other] = await kept();
    const set = (wrapped: string | null) =>
      fixture.database.query('update auth.data_key set wrapped = $2 where id = $1', [broken!.id, wrapped]);
    await set(other!.wrapped);
    const keys = new FileKeys([secretKey.parse(next), secretKey.parse(old)]);
    let busy = 1;
    const passing = away(keys, (key) => key.wrapped === late!.wrapped && busy-- > 0);
    const { rewrapped, unopened } = await new RewrapDataKeys(db, passing).run();
    const { tenant_id: tenant, id: key, key_id: keyId } = broken!;
    expect(unopened).toEqual([{ tenant, key, keyId, why: expect.any(String) as unknown }]);
    expect({ rewrapped, busy }).toEqual({ rewrapped: tenants.length - 1, busy: -1 });
    const told = await job(`${next},${old}`, 'rewrap');
    expect(told).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(told.stdout)).toMatchObject({ rewrapped: 0, unopened });
    await set(broken!.wrapped);
    expect(await new RewrapDataKeys(db, keys).run()).toMatchObject({ rewrapped: 1, unopened: [] });
    const back = new FileKeys([secretKey.parse(old), secretKey.parse(next)]);
    expect(await new RewrapDataKeys(db, back).run()).toMatchObject({ rewrapped: tenants.length });
  });

  it('are left for later, all of them, when what opens them is away', async () => {
    const many = `insert into auth.data_key (tenant_id, id, purpose, key_id, wrapped, created_at)
      select tenant_id, id || n, 'p' || n, key_id, wrapped, now()
      from (select * from auth.data_key limit 1) k, generate_series(1, 30) n`;
    await fixture.database.query(many);
    let asked = 0;
    const keys = away(new FileKeys([secretKey.parse(next), secretKey.parse(old)]), () => asked++ >= 0);
    const run = new RewrapDataKeys(fixture.service.app.get(Database), keys).run();
    await expect(run).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(asked).toBe(20);
    await fixture.database.query("delete from auth.data_key where purpose like 'p%'");
  });

  it('are wrapped anew while 20 clients read and write, none of whom fails; then the old key can go', async () => {
    const already = (await fixture.emitted(events.dataKeyRewrapped.type)).length;
    let [asked, over] = [0, false];
    const clients = Array.from({ length: 20 }, async (_, client) => {
      const { principal } = tenants[client % tenants.length]!;
      const { id } = await create(principal, `B${client}`, 'b0');
      for (let n = 1; !over || asked < 200; n++, asked += 2) {
        await fixture.call(secrets.rotateSecret, { id, value: `b${n}` }, patient(principal));
        expect(await read(principal, `B${client}`)).toBe(`b${n}`);
      }
    });
    const done = await job(`${next},${old}`, 'rewrap').finally(() => (over = true));
    expect((await Promise.allSettled(clients)).filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    const { rewrapped, keyId } = JSON.parse(done.stdout) as { rewrapped: number; keyId: string };
    expect(rewrapped).toBe(tenants.length);
    expect(new Set((await kept()).map(({ key_id }) => key_id))).toEqual(new Set([keyId]));
    expect(await fixture.emitted(events.dataKeyRewrapped.type)).toHaveLength(already + rewrapped);

    await fixture.service.stop();
    const replica = await startReplica(fixture, { SECRETS_KEK: next });
    for (const { principal } of tenants) expect(await read(principal)).toBe(valueOf(principal));
    expect(await read(tenants[1]!.principal, 'B1')).toMatch(/^b[1-9]/);
    await replica.stop();
    const without = await startReplica(fixture, { SECRETS_KEK: old });
    expect(await refusalOf(read(tenants[0]!.principal))).toBe('service.misconfigured');
    await without.stop();
    await fixture.restart();
  });

  it('wrap the keys that sign access tokens, too, of which an operator makes a new one', async () => {
    const { id: first } = await fixture.service.app.get(SigningKeys).current();
    const made = await job(`${next},${old}`, 'rotate-signing-key');
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: '' });
    const { id, signsFrom } = JSON.parse(made.stdout) as { id: string; signsFrom: string };
    expect(Date.parse(signsFrom)).toBeGreaterThan(Date.now() + 30_000);
    expect(JSON.parse((await job(`${old},${next}`, 'rewrap')).stdout)).toMatchObject({ rewrapped: tenants.length + 1 });
    const replica = await startReplica(fixture, { SECRETS_KEK: old });
    const keys = replica.app.get(SigningKeys);
    expect((await keys.current()).id).toBe(first);
    expect((await keys.published()).map(({ kid }) => kid)).toEqual([first, id]);
    await replica.stop();
  });

  it('are destroyed by an operator for one tenant, by name', async () => {
    const [gone, stays] = tenants as [TestTenant, TestTenant];
    const { code, stdout, stderr } = await job(old, 'destroy', '--tenant', gone.name, '--purpose', 'secret');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const row = (await kept()).find(({ tenant_id }) => tenant_id === gone.principal.tenantId)!;
    expect(JSON.parse(stdout)).toEqual({ tenant: gone.principal.tenantId, destroyed: [row.id] });
    expect(row).toMatchObject({ key_id: null, wrapped: null });
    expect(await refusalOf(read(gone.principal))).toBe('auth.secret.unreadable');
    expect(await read(stays.principal)).toBe(valueOf(stays.principal));
    expect((await job(old, 'destroy', '--tenant', 'nobody')).stderr).toContain('no tenant named "nobody"');
    expect(await job(old, 'rewrap', '--tenant', gone.name)).toMatchObject({ code: 1, stdout: '' });
  });

  it('need a key-encryption key, or auth does not start', async () => {
    expect((await job('', 'rewrap')).stderr).toContain(
      'auth cannot start; it needs SECRETS_KEK, SECRETS_TRANSIT_URL, SECRETS_KMS_KEYS or SECRETS_PKCS11_MODULE',
    );
    const { SECRETS_KEK: keys } = secretsEnvironment;
    for (const text of ['c2hvcnQ=', `${old},`, `${old} ${next}`]) expect(keys.safeParse(text).success).toBe(false);
    expect(keys.parse(`${old}, ${next}`)).toHaveLength(2);
  });
});
