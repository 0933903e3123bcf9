/** Rotation of key-encryption keys in every place they can be, and from each to the next, while clients are at work. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auth, connections, events, secrets } from '@conclave/contracts';
import { refusalOf, testIdp } from '@conclave/dev-env/testing';
import { newRecipient } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { edge, startAuth, startReplica, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { ringOf } from '../testing/key-ring.js';
import { startKms, type KmsServer } from '../testing/kms.js';
import { makeSoftToken, softTokens, type SoftToken } from '../testing/soft-token.js';
import { startTransit, type TransitServer } from '../testing/transit.js';
import { placeOf } from './data-keys.js';
import { RewrapDataKeys } from './rewrap-data-keys.js';

type Environment = Readonly<Record<string, string>>;

const CLIENTS = 20;
const kek = () => randomBytes(32).toString('base64');
const files = { first: kek(), second: kek() };

describe('a rotation of key-encryption keys', () => {
  let fixture: AuthFixture;
  let tenants: TestTenant[];
  let transit: TransitServer;
  let kms: KmsServer;
  let token: SoftToken | undefined;
  let dir: string;
  /** What reaches each place, whichever keys are used there. */
  let reach: Readonly<Record<'transit' | 'kms' | 'pkcs11', Environment>>;
  let arns: readonly [string, string];

  beforeAll(async () => {
    [transit, kms, dir] = await Promise.all([
      startTransit('conclave'),
      startKms(),
      mkdtemp(join(tmpdir(), 'kek-rotation-')),
    ]);
    if (softTokens)
      token = await makeSoftToken(process.env['SOFTHSM2_CONF']!, { one: { bytes: 32 }, two: { bytes: 32 } });
    await writeFile(join(dir, 'token'), transit.token);
    arns = [kms.makeKey(), kms.makeKey()];
    reach = {
      transit: {
        ...{ SECRETS_TRANSIT_URL: transit.url, SECRETS_TRANSIT_TOKEN_FILE: join(dir, 'token') },
        SECRETS_TRANSIT_ALLOW: '127.0.0.0/8',
      },
      kms: {
        ...{ SECRETS_KMS_ENDPOINT: kms.url, SECRETS_KMS_ALLOW: '127.0.0.0/8' },
        ...{ AWS_ACCESS_KEY_ID: kms.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: kms.credentials.secretAccessKey },
      },
      pkcs11: token?.environment ?? {},
    };
    fixture = await startAuth({
      ...everywhere(),
      SECRETS_KEK: `${files.first},${files.second}`,
      SECRETS_WRAP_BY: 'file',
    });
    tenants = await Promise.all(Array.from({ length: 5 }, () => fixture.createTenant()));
    for (const tenant of tenants) await create(tenant, 'A', tenant.name);
    for (const { principal } of tenants) providers.push((await connect(principal)).id);
    for (const tenant of tenants) shown.push(await answer(tenant));
  });
  afterAll(async () => {
    await fixture.stop();
    await token?.remove();
    await Promise.all([transit.stop(), kms.stop(), rm(dir, { recursive: true })]);
  });

  /** All keys of all places open, as they have to while one of them is replaced. */
  const everywhere = (): Environment => ({
    ...{ ...reach.transit, ...reach.kms, ...reach.pkcs11 },
    ...{ SECRETS_KEK: `${files.second},${files.first}`, SECRETS_KMS_KEYS: `${arns[1]},${arns[0]}` },
    ...(token && { SECRETS_PKCS11_KEYS: 'two,one' }),
  });
  /** What is tested is not how fast this machine is. */
  const patience = () => Date.now() + 60_000;
  const create = ({ principal }: TestTenant, name: string, value: string) =>
    fixture.call(secrets.createSecret, { name, value }, { claims: principal, deadlineAt: patience() });

  async function read({ principal: { tenantId, workspaceId: workspace, principal } }: TestTenant, name = 'A') {
    const recipient = await newRecipient();
    const claims = { tenantId, onBehalfOf: principal.id };
    const as = { from: 'runtime' as const, claims, deadlineAt: patience() };
    const lent = await fixture.call(secrets.leaseSecret, { workspace, name, publicKey: recipient.publicKey }, as);
    return recipient.open(lent.sealed, secrets.leasePurpose({ ...lent, tenantId, workspace, name }));
  }

  const idp = testIdp();
  /** Of each tenant, a connection, whose key signs. */
  const providers: string[] = [];
  const connect = (as: TestTenant['principal']) => {
    const { entityId: idpEntityId, ssoUrl, certificate } = idp;
    const settings = { kind: 'saml' as const, idpEntityId, ssoUrl, certificates: [certificate] };
    return fixture.call(
      connections.createConnection,
      { name: 'idp', settings },
      { claims: as, deadlineAt: patience() },
    );
  };
  const sign = (connection: string) =>
    fixture.call(connections.beginConnectionSignIn, { connection }, { ...edge, deadlineAt: patience() });
  /** Of each tenant, an answer that was shown, and is shown again. */
  const shown: string[] = [];
  const answer = async ({ principal: claims }: TestTenant) => {
    const as = { claims, idempotencyKey: 'once', deadlineAt: patience() };
    return (await fixture.call(auth.createApiKey, { name: 'once' }, as)).key;
  };

  const kept = () =>
    fixture.database.query<{ tenant: string; id: string; purpose: string; keyId: string; wrapped: string }>(
      'select tenant_id as tenant, id, purpose, key_id as "keyId", wrapped from auth.data_key order by 1, 2',
    );

  /** 20 clients that write and read until told to stop. */
  function load() {
    let [over, answered] = [false, 0];
    let tell = (): void => undefined;
    const clients = Array.from({ length: CLIENTS }, async (_, n) => {
      const tenant = tenants[n % tenants.length]!;
      const name = `C${n}_${randomBytes(3).toString('hex').toUpperCase()}`;
      const { id } = await create(tenant, name, 'v0');
      for (let turn = 1; !over; turn++, answered++, tell()) {
        const as = { claims: tenant.principal, deadlineAt: patience() };
        await fixture.call(secrets.rotateSecret, { id, value: `v${turn}` }, as);
        expect(await read(tenant, name)).toBe(`v${turn}`);
        if (n % 4 === 0) expect(await answer(tenant)).toBe(shown[n % tenants.length]);
        if (n % 4 === 1) expect((await sign(providers[n % tenants.length]!)).location).toContain('Signature=');
      }
    });
    return {
      /** Until there were as many turns as there are clients. @throws what one of them failed with */
      async turns(): Promise<void> {
        const { promise, resolve } = Promise.withResolvers<void>();
        const enough = answered + CLIENTS;
        tell = () => void (answered >= enough && resolve());
        await Promise.race([promise, Promise.all(clients)]);
      },
      async stop(): Promise<PromiseSettledResult<void>[]> {
        over = true;
        return (await Promise.allSettled(clients)).filter(({ status }) => status === 'rejected');
      },
    };
  }

  /** The environment of whoever has the new key and those before, then of whoever has the new one alone. */
  const steps: [string, boolean, () => { to: Environment; alone: Environment; keyId: RegExp }][] = [
    ['to another in SECRETS_KEK', true, () => file(files.second)],
    [
      'to Transit',
      true,
      () => ({ to: { SECRETS_WRAP_BY: 'transit' }, alone: reach.transit, keyId: /^transit:.*:v1$/ }),
    ],
    [
      'to a newer version in Transit',
      true,
      () => {
        transit.rotate();
        return { to: { SECRETS_WRAP_BY: 'transit' }, alone: reach.transit, keyId: /^transit:.*:v2$/ };
      },
    ],
    ['to KMS', true, () => inKms(arns[0], arns[1])],
    ['to another key in KMS', true, () => inKms(arns[1], arns[0])],
    ['to a token', softTokens, () => inToken('one', 'two')],
    ['to another key in the token', softTokens, () => inToken('two', 'one')],
    ['back to SECRETS_KEK', true, () => file(files.first)],
  ];
  const file = (key: string) => ({
    to: { SECRETS_KEK: `${key},${files.first},${files.second}`, SECRETS_WRAP_BY: 'file' },
    ...{ alone: { SECRETS_KEK: key }, keyId: /^file:/ },
  });
  const inKms = (key: string, other: string) => ({
    to: { SECRETS_KMS_KEYS: `${key},${other}`, SECRETS_WRAP_BY: 'kms' },
    ...{ alone: { ...reach.kms, SECRETS_KMS_KEYS: key }, keyId: new RegExp(`^kms:${key}$`) },
  });
  const inToken = (key: string, other: string) => ({
    to: { SECRETS_PKCS11_KEYS: `${key},${other}`, SECRETS_WRAP_BY: 'pkcs11' },
    ...{ alone: { ...reach.pkcs11, SECRETS_PKCS11_KEYS: key }, keyId: new RegExp(`^pkcs11:.*:${key}$`) },
  });

  it.each(steps.filter(([, possible]) => possible))(
    'goes %s under 20 clients, none of whom fails, and then needs no other key',
    async (_where, _possible, step) => {
      const { to, alone, keyId } = step();
      const before = await kept();
      const told = (await fixture.emitted(events.dataKeyRewrapped.type)).length;
      const clients = load();
      await clients.turns();
      const ring = ringOf({ ...everywhere(), ...to });
      const done = await new RewrapDataKeys(fixture.service.app.get(Database), ring).run();
      await clients.turns();
      expect(await clients.stop()).toEqual([]);
      const keyIdOfAll = expect.stringMatching(keyId) as unknown;
      expect(done).toEqual({ rewrapped: before.length, unopened: [], keyId: keyIdOfAll });
      const after = await kept();
      expect(new Set(after.map(({ purpose }) => purpose))).toEqual(new Set(['secret', 'connection', 'stored-answer']));
      expect(await fixture.emitted(events.dataKeyRewrapped.type)).toHaveLength(told + before.length);
      const opened = async (keys: ReturnType<typeof ringOf>, rows: typeof after) =>
        Promise.all(rows.map((row) => keys.unwrap(row, placeOf(row.tenant, row))));
      expect(after.map((row) => row.keyId)).toEqual(after.map(() => done.keyId));
      expect(await opened(ringOf(alone), after)).toEqual(await opened(ring, before));
    },
  );

  it('leaves what was copied before it unreadable, once the key of that time is gone', async () => {
    const db = fixture.service.app.get(Database);
    const [tenant] = tenants as [TestTenant];
    const ring = (more: Environment) => new RewrapDataKeys(db, ringOf({ ...everywhere(), ...more })).run();
    await ring({ SECRETS_KMS_KEYS: `${arns[0]},${arns[1]}`, SECRETS_WRAP_BY: 'kms' });
    const backup = (await kept()).find(
      ({ tenant: of, purpose }) => of === tenant.principal.tenantId && purpose === 'secret',
    )!;
    await ring({ SECRETS_WRAP_BY: 'kms' });
    kms.setState(arns[0], 'PendingDeletion');
    expect(await read(tenant)).toBe(tenant.name);
    const put = ({ keyId, wrapped }: typeof backup) =>
      fixture.database.query('update auth.data_key set key_id = $2, wrapped = $3 where id = $1', [
        backup.id,
        keyId,
        wrapped,
      ]);
    const current = (await kept()).find(({ id }) => id === backup.id)!;
    await put(backup);
    expect(await refusalOf(read(tenant))).toBe('service.misconfigured');
    await put(current);
    expect(await read(tenant)).toBe(tenant.name);
  });

  it('is over for a replica that has the newest key alone', async () => {
    await fixture.service.stop();
    const others = Object.entries(fixture.environment).filter(([name]) => !/^(SECRETS|AWS)_/.test(name));
    const environment = Object.fromEntries(others);
    const replica = await startReplica({ ...fixture, environment }, { ...reach.kms, SECRETS_KMS_KEYS: arns[1] });
    for (const tenant of tenants) expect(await read(tenant)).toBe(tenant.name);
    await replica.stop();
    await fixture.restart();
  });
});
