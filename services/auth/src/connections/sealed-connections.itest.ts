/** What connections and answers keep sealed: under data keys of their tenant, and gone for good with them. */
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auth, connections, directories, type ReplyOf } from '@conclave/contracts';
import { eventually, refusalOf, testIdp } from '@conclave/dev-env/testing';
import { secretKey } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { PepperBox } from '../credentials/pepper-box.js';
import { DestroyDataKeys } from '../data-keys/destroy-data-keys.js';
import { startAuth0, type Auth0Tenant } from '../testing/auth0.js';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { startIssuer, type TestIssuer } from '../testing/test-issuer.js';
import { ConnectionSecrets, type SecretKind } from './connection-secrets.js';
import { SealAnew } from './seal-anew.js';

type Connection = ReplyOf<typeof connections.createConnection>;

const idp = testIdp();
const client = { clientId: 'conclave', clientSecret: 'a-secret-of-the-client' };

/** Every place of something sealed, and the purpose of the key it is under. */
const PLACES: readonly { kind: SecretKind; table: string; column: string; connection: string }[] = [
  { kind: 'connection', table: 'connection', column: 'secret_sealed', connection: 'id' },
  { kind: 'connection', table: 'connection', column: 'standby_sealed', connection: 'id' },
  { kind: 'directory', table: 'directory', column: 'secret_sealed', connection: 'connection_id' },
  { kind: 'connection-sign-in', table: 'sign_in', column: 'provider_sealed', connection: 'connection_id' },
  { kind: 'connection-sign-in', table: 'connection_flow', column: 'sealed', connection: 'connection_id' },
];

describe('what connections and answers keep sealed', () => {
  let fixture: AuthFixture;
  let issuer: TestIssuer;
  let auth0: Auth0Tenant;
  let a: Household;
  let b: Household;

  beforeAll(async () => {
    [fixture, issuer, auth0] = await Promise.all([
      startAuth({ PUBLIC_URL: 'http://localhost:4680' }),
      startIssuer(),
      startAuth0(),
    ]);
    a = await household();
    b = await household();
  });
  afterAll(() => Promise.all([fixture.stop(), issuer.stop(), auth0.stop()]));

  /** A tenant with one of everything. */
  interface Household extends TestTenant {
    readonly saml: Connection;
    readonly oidc: Connection;
  }

  async function household(): Promise<Household> {
    const tenant = await fixture.createTenant();
    const { principal } = tenant;
    const saml = await fixture.call(
      connections.createConnection,
      {
        name: 'saml',
        settings: {
          ...{ kind: 'saml' as const, idpEntityId: idp.entityId, ssoUrl: idp.ssoUrl, sloUrl: idp.ssoUrl },
          certificates: [idp.certificate],
        },
      },
      principal,
    );
    await fixture.call(connections.rollConnectionKey, { id: saml.id, step: 'prepare' }, principal);
    const settings = { kind: 'oidc' as const, issuer: issuer.url, ...client };
    const oidc = await fixture.call(connections.createConnection, { name: 'oidc', settings }, principal);
    for (const { id } of [saml, oidc])
      await fixture.call(
        connections.linkIdentity,
        { id, principal: principal.principal.id, subject: 'ada' },
        principal,
      );
    const made = { ...tenant, saml, oidc };
    await keepDirectory(made);
    await answer(made);
    return made;
  }

  const keepDirectory = ({ principal, oidc }: Household) =>
    fixture.call(
      directories.putDirectory,
      {
        ...{ id: oidc.id, workspace: principal.workspaceId },
        settings: { kind: 'auth0', url: auth0.url, clientId: auth0.client.id, clientSecret: auth0.client.secret },
      },
      principal,
    );
  const answer = ({ principal }: TestTenant, idempotencyKey = 'once') =>
    fixture.call(auth.createApiKey, { name: 'once' }, { claims: principal, idempotencyKey });

  const metadata = ({ saml }: Household) => fixture.call(connections.getSamlMetadata, { connection: saml.id }, edge);
  const begin = ({ id }: Connection) => fixture.call(connections.beginConnectionSignIn, { connection: id }, edge);
  async function signInBySaml({ saml }: Household): Promise<string> {
    const { flow, location } = await begin(saml);
    const xml = inflateRawSync(Buffer.from(new URL(location).searchParams.get('SAMLRequest')!, 'base64')).toString();
    const said = { entityId: saml.urls.entityId!, acs: saml.urls.callback, requestId: /ID="([^"]+)"/.exec(xml)![1]! };
    const response = Buffer.from(await idp.respond(said)).toString('base64');
    const request = { connection: saml.id, flow, answer: { kind: 'saml' as const, response } };
    return (await fixture.call(connections.finishConnectionSignIn, request, edge)).secret;
  }
  const beginByOidc = ({ oidc }: Household) => {
    issuer.register({ id: client.clientId, secret: client.clientSecret, callback: oidc.urls.callback });
    return begin(oidc);
  };
  async function signInByOidc(of: Household): Promise<string> {
    const { flow, location } = await beginByOidc(of);
    const request = {
      ...{ connection: of.oidc.id, flow },
      answer: { kind: 'code' as const, query: await issuer.walk(location) },
    };
    return (await fixture.call(connections.finishConnectionSignIn, request, edge)).secret;
  }
  /** Where a browser goes that signs out: the provider is told by the name it uses, which was kept sealed. */
  const signOut = async (secret: string) => (await fixture.call(auth.endSignIn, { secret }, edge)).provider?.location;

  async function reading({ principal, oidc: { id } }: Household): Promise<string | undefined> {
    const last = () => fixture.call(directories.getDirectory, { id }, principal).then((directory) => directory.last);
    const before = (await last())?.at;
    await fixture.call(directories.readDirectory, { id, dryRun: true }, principal);
    return eventually(async () => {
      const now = await last();
      expect([now?.at === undefined, now?.at === before]).toEqual([false, false]);
      return now!.reason ?? now!.state;
    });
  }

  const kept = async (tenant: TestTenant) => {
    const parts = PLACES.map(
      ({ kind, table, column, connection }) =>
        `select '${kind}' as kind, '${table}' as "table", '${column}' as "column", ${connection} as id, ${column} as sealed
         from auth.${table} where tenant_id = $1 and ${column} is not null`,
    );
    type Row = { kind: SecretKind; table: string; column: string; id: string; sealed: string };
    return fixture.database.query<Row>(parts.join(' union all '), [tenant.principal.tenantId]);
  };
  const put = ({ table, column, sealed: before }: { table: string; column: string; sealed: string }, sealed: string) =>
    fixture.database.query(`update auth.${table} set ${column} = $2 where ${column} = $1`, [before, sealed]);
  const purposes = async (tenant: TestTenant) => {
    const sql = 'select id, purpose from auth.data_key where tenant_id = $1 and destroyed_at is null';
    const rows = await fixture.database.query<{ id: string; purpose: string }>(sql, [tenant.principal.tenantId]);
    return new Map(rows.map(({ id, purpose }) => [id, purpose]));
  };

  it('is under a data key of the tenant, one for each kind of thing', async () => {
    const secret = await signInBySaml(a);
    await beginByOidc(a);
    const rows = await kept(a);
    expect(new Set(rows.map(({ table, column }) => `${table}.${column}`)).size).toBe(PLACES.length);
    const of = await purposes(a);
    expect(rows.map(({ sealed }) => of.get(sealed.split(':')[0]!))).toEqual(rows.map(({ kind }) => kind));
    const [stored] = await fixture.database.query<{ key: string }>(
      `select response->>'key' as key from auth.idempotency where tenant_id = $1 and key = 'once'`,
      [a.principal.tenantId],
    );
    expect(of.get(stored!.key.split(':')[0]!)).toBe('stored-answer');
    expect(await signOut(secret)).toContain('SAMLRequest');
  });

  it('opens as it was sealed before there were data keys for it, and is then sealed anew', async () => {
    const secret = await signInBySaml(a);
    const { tenantId } = a.principal;
    const config = { API_KEY_PEPPER: secretKey.parse(fixture.pepper) };
    const secrets = fixture.service.app.get(ConnectionSecrets);
    for (const row of (await kept(a)).filter(({ table }) => table !== 'connection_flow')) {
      const text = await secrets.open({ tenantId, actor: 'service:auth' }, row.kind, row.id, row.sealed);
      const place = `connection/${tenantId}/${row.id}${row.kind === 'directory' ? '/directory' : ''}`;
      await put(row, new PepperBox(config, 'connections').seal(text!, place));
    }
    const made = await answer(a);
    const before = new PepperBox(config, 'stored-answers').seal(made.key, made.id);
    await fixture.database.query(
      `update auth.idempotency set response = jsonb_set(response::jsonb, '{key}', to_jsonb($2::text)) where tenant_id = $1 and key = 'once'`,
      [tenantId, before],
    );
    const old = async () => (await kept(a)).filter(({ sealed }) => !sealed.includes(':')).length;
    expect(await old()).toBeGreaterThanOrEqual(PLACES.length - 1);
    expect(await answer(a)).toEqual(made);
    const works = async () => {
      expect((await metadata(a)).xml).toContain('EntityDescriptor');
      await signInByOidc(a);
      expect(await reading(a)).toBe('done');
    };
    await works();
    await fixture.service.app.get(SealAnew).rounds.run();
    expect(await old()).toBe(0);
    await works();
    expect(await signOut(secret)).toContain('SAMLRequest');
  });

  it('is gone for good with the data keys of its tenant, wherever a copy of it lies', async () => {
    const [bySaml, copies] = [await signInBySaml(a), await kept(a)];
    await answer(a, 'late');
    const destroyed = await new DestroyDataKeys(fixture.service.app.get(Database)).run(a.principal.tenantId);
    expect(destroyed).toHaveLength(4);
    const isGone = async () => {
      expect(await refusalOf(metadata(a))).toBe('auth.connection.not-found');
      expect(await refusalOf(begin(a.saml))).toBe('auth.connection.refused');
      expect(await refusalOf(beginByOidc(a))).toBe('auth.connection.refused');
      expect(await reading(a)).toBe('the key its secret was sealed under was destroyed');
    };
    await isGone();
    expect(await refusalOf(answer(a, 'late'))).toBe('request.idempotency-forgotten');
    expect(await signOut(bySaml)).toBeUndefined();
    for (const step of ['drop', 'prepare', 'swap', 'drop'] as const)
      await fixture.call(connections.rollConnectionKey, { id: a.saml.id, step }, a.principal);
    const settings = { kind: 'oidc' as const, issuer: issuer.url, ...client };
    await fixture.call(connections.changeConnection, { id: a.oidc.id, settings }, a.principal);
    await keepDirectory(a);
    expect(await signOut(await signInBySaml(a))).toContain('SAMLRequest');
    await signInByOidc(a);
    expect(await reading(a)).toBe('done');
    for (const { table, column, id, sealed } of copies.filter((row) => /^(connection|directory)$/.test(row.table)))
      await fixture.database.query(
        `update auth.${table} set ${column} = $2 where ${table === 'connection' ? 'id' : 'connection_id'} = $1 and ${column} is not null`,
        [id, sealed],
      );
    await isGone();
    expect(await signOut(await signInBySaml(b))).toContain('SAMLRequest');
    await signInByOidc(b);
    expect(await reading(b)).toBe('done');
  });
});
