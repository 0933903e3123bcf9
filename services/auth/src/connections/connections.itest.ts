import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auth, connections, events, newId, ownerPermissions, roles, type RequestInputOf } from '@conclave/contracts';
import { refusalOf, refusedWith, testIdp, type TestPrincipal } from '@conclave/dev-env/testing';
import { selfSignedCertificate } from '@conclave/nest-kit';
import { startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

type Given = RequestInputOf<typeof connections.createConnection>;

const idp = testIdp();
const saml = {
  kind: 'saml' as const,
  ...{ idpEntityId: idp.entityId, ssoUrl: idp.ssoUrl, certificates: [idp.certificate] },
};
const oidc = {
  kind: 'oidc',
  issuer: 'https://issuer.example.com',
  clientId: 'conclave',
  clientSecret: 'a secret of the client',
} as const;
const github = { kind: 'github', clientId: 'Iv1.1', clientSecret: 'a secret of the client' } as const;

function weakCertificate(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
  return selfSignedCertificate(privateKey, 'idp', new Date(), 1);
}

describe('connections', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let b: TestTenant;
  let admin: TestPrincipal;
  let named = 0;

  beforeAll(async () => {
    fixture = await startAuth();
    [a, b] = [await fixture.createTenant(), await fixture.createTenant()];
    admin = a.principal;
  });
  afterAll(() => fixture.stop());

  const create = (given: Partial<Given> = {}, as = admin) =>
    fixture.call(connections.createConnection, { name: `connection ${(named += 1)}`, settings: saml, ...given }, as);
  const change = (id: string, given: object, as = admin) =>
    fixture.call(connections.changeConnection, { id, ...given }, as);
  const told = async (type: string) => (await fixture.emitted(type, admin.tenantId)).map(({ data }) => data);

  it('of each kind are made, read and told of without their secrets', async () => {
    for (const settings of [saml, oidc, github]) {
      const made = await create({ settings });
      expect(made).toMatchObject({ settings: { kind: settings.kind }, provisioning: { mode: 'invited-only' } });
      expect(await fixture.call(connections.getConnection, { id: made.id }, admin)).toEqual(made);
      expect((await fixture.call(connections.listConnections, { limit: 1 }, admin)).items).toEqual([made]);
      expect(made.urls.callback).toMatch(/^https:\/\/conclave\.example\.com\/auth\/(saml|oidc)\/con_/);
      const [row] = await fixture.database.query<{ text: string }>(
        'select c::text as text from auth.connection c where id = $1',
        [made.id],
      );
      for (const text of [JSON.stringify(made), row!.text, JSON.stringify(await told(events.connectionCreated.type))])
        expect(text).not.toMatch(/a secret|PRIVATE/);
      expect((await told(events.connectionCreated.type)).at(-1)).toMatchObject({ connection: made.id });
    }
  });

  it('are read out of the metadata of a provider', async () => {
    const { settings } = await create({ settings: { kind: 'saml', metadata: idp.metadata, emailAttribute: 'mail' } });
    expect(settings).toMatchObject({ ...saml, emailAttribute: 'mail', allowUnsolicited: false });
    const reason = (metadata: string) => refusedWith(create({ settings: { kind: 'saml', metadata } }));
    expect(await reason('<x/>')).toMatchObject({ code: 'auth.connection.invalid' });
  });

  it('are read only out of metadata that a certificate signed, where the connection names it', async () => {
    const [publisher, stranger] = [testIdp('https://federation.example.com/'), testIdp(idp.entityId)];
    const metadataCertificate = publisher.certificate;
    const plain = idp.metadata.replace(/<!--.*-->/, '').replace('EntityDescriptor ', 'EntityDescriptor ID="_md" ');
    const metadata = publisher.sign(plain, 'EntityDescriptor');
    const signed = { kind: 'saml' as const, metadata, metadataCertificate };
    const { id, settings } = await create({ settings: signed });
    expect(settings).toMatchObject({ ...saml, metadataCertificate, sloUrl: idp.sloUrl });
    expect(settings).not.toHaveProperty('metadata');
    const byStranger = stranger.sign(plain, 'EntityDescriptor');
    for (const [wrong, says] of [
      [{ metadata: plain }, 'metadata: it is not signed as a whole'],
      [{ metadata: byStranger }, 'metadata: metadataCertificate did not sign it as it is'],
      [{ ssoUrl: idp.ssoUrl }, 'settings: signed metadata say ssoUrl themselves'],
      [{ certificates: [stranger.certificate] }, 'settings: signed metadata say certificates themselves'],
      [{ metadataCertificate: 'x' }, 'metadataCertificate: not an X.509 certificate in PEM'],
      [{ metadataCertificate: weakCertificate() }, 'metadataCertificate: RSA of at least 2048 bits is needed'],
    ] as const) {
      const given = { ...signed, ...wrong } as Given['settings'];
      const refused = { code: 'auth.connection.invalid', params: { reason: says } };
      expect(await refusedWith(create({ settings: given }))).toMatchObject(refused);
      expect(await refusedWith(change(id, { settings: given }))).toMatchObject(refused);
      expect(await fixture.call(connections.testConnection, { settings: given }, admin)).toEqual({
        ...{ ok: false, checks: [{ check: 'settings', ok: false, says }] },
      });
    }
    expect((await fixture.call(connections.getConnection, { id }, admin)).settings).toEqual(settings);
  });

  it('are not saved while anything that trust rests on is missing, null, blank or weak', async () => {
    const required = { saml: ['idpEntityId', 'ssoUrl', 'certificates'], oidc: ['issuer', 'clientId', 'clientSecret'] };
    for (const [settings, members] of [
      [saml, required.saml],
      [oidc, required.oidc],
      [github, ['clientId', 'clientSecret']],
    ] as const)
      for (const member of members)
        for (const blank of [undefined, null, '', [], [''], {}]) {
          const given = { settings: { ...settings, [member]: blank } } as unknown as Partial<Given>;
          const code = await refusalOf(create(given));
          expect([member, blank, code]).toEqual([
            member,
            blank,
            expect.stringMatching(/^(request|auth\.connection)\.invalid$/),
          ]);
        }
    for (const weak of [
      { certificates: [weakCertificate()] },
      { certificates: ['x'] },
      { ssoUrl: 'http://idp.example.com/sso' },
    ])
      expect(await refusalOf(create({ settings: { ...saml, ...weak } }))).toBe('auth.connection.invalid');
  });

  it('make people at sight only in domains, in a role and in a workspace that their maker could give', async () => {
    const workspace = admin.workspaceId;
    const emailDomains = ['example.com'];
    const settings = { ...saml, emailAttribute: 'mail' };
    const jit = (role: keyof typeof roles, place = workspace) =>
      ({ settings, provisioning: { mode: 'just-in-time', role, workspace: place }, emailDomains }) as const;
    expect((await create(jit('viewer'))).provisioning).toEqual(jit('viewer').provisioning);
    for (const unfit of [{ emailDomains: [] }, { settings: saml }])
      expect(await refusalOf(create({ ...jit('viewer'), ...unfit }))).toBe('auth.connection.invalid');
    expect(await refusalOf(create({ provisioning: { mode: 'directory', workspace: newId('workspace') } }))).toBe(
      'auth.workspace.not-found',
    );
    for (const place of [newId('workspace'), b.principal.workspaceId])
      expect(await refusalOf(create(jit('viewer', place)))).toBe('auth.workspace.not-found');
    const narrow = { ...admin, scopes: ['connection:manage' as const, ...roles.viewer] };
    expect(await refusalOf(create(jit('developer'), narrow))).toBe('auth.role.too-wide');
    const { id } = await create({ settings });
    expect(await refusalOf(change(id, jit('developer'), narrow))).toBe('auth.role.too-wide');
    expect(await refusalOf(change(id, { settings: saml }, narrow))).toBe('auth.role.too-wide');
    expect(await refusalOf(create({ emailDomains }, narrow))).toBe('auth.role.too-wide');
  });

  it('change, but stay with their provider, and are told of by what changed', async () => {
    const { id, name } = await create();
    const next = testIdp();
    const changed = await change(id, { settings: { ...saml, certificates: [idp.certificate, next.certificate] } });
    expect(changed).toMatchObject({ name, settings: { certificates: [idp.certificate, next.certificate] } });
    expect((await told(events.connectionChanged.type)).at(-1)).toEqual({
      ...{ connection: id, kind: 'saml', changed: ['settings'], enabled: true },
    });
    for (const settings of [{ ...saml, idpEntityId: 'https://other.example.com' }, oidc])
      expect(await refusalOf(change(id, { settings }))).toBe('auth.connection.invalid');
    const other = await create();
    expect(await refusalOf(change(id, { name: other.name }))).toBe('auth.connection.exists');
    expect(await refusalOf(create({ name }))).toBe('auth.connection.exists');
    expect(await change(id, { enabled: false })).toHaveProperty('disabledAt');
    expect(await change(id, { enabled: true })).not.toHaveProperty('disabledAt');
    const gone = await fixture.call(connections.deleteConnection, { id }, admin);
    expect(gone.id).toBe(id);
    expect(await refusalOf(fixture.call(connections.getConnection, { id }, admin))).toBe('auth.connection.not-found');
    expect((await told(events.connectionDeleted.type)).at(-1)).toEqual({ connection: id, kind: 'saml' });
  });

  it('have the runs that were started through them end when it is asked for, by who may cancel these', async () => {
    const [{ id }, { id: gone }] = [await create(), await create()];
    const remove = (as = admin) => fixture.call(connections.deleteConnection, { id: gone, runs: 'cancel' }, as);
    const narrow = { ...admin, scopes: ownerPermissions.filter((permission) => permission !== 'run:cancel') };
    for (const enabled of [undefined, true])
      expect(await refusalOf(change(id, { enabled, runs: 'cancel' }))).toBe('request.invalid');
    for (const refused of [change(id, { enabled: false, runs: 'cancel' }, narrow), remove(narrow)])
      expect(await refusalOf(refused)).toBe('auth.forbidden');
    await change(id, { enabled: false });
    expect(await told(events.credentialDistrusted.type)).toEqual([]);
    expect(await change(id, { enabled: false, runs: 'cancel' })).toHaveProperty('disabledAt');
    expect((await told(events.connectionChanged.type)).at(-1)).toMatchObject({ changed: ['enabled'], enabled: false });
    await remove();
    expect(await told(events.credentialDistrusted.type)).toEqual([{ credential: id }, { credential: gone }]);
  });

  it('are tried before they are kept, by who could keep them', async () => {
    const test = (settings: Given['settings'], as = admin) =>
      fixture.call(connections.testConnection, { settings }, as);
    expect(await test(saml)).toMatchObject({ ok: true, checks: [{ check: 'settings' }, { check: 'certificate 1' }] });
    expect(await test({ ...saml, certificates: ['x'] })).toMatchObject({ ok: false });
    const inside = { ...oidc, issuer: 'https://169.254.169.254' };
    expect(await test(inside)).toMatchObject({ ok: false, checks: [{ ok: true }, { check: 'provider', ok: false }] });
    const others = { ...admin, scopes: roles.administrator };
    expect(await refusalOf(test(saml, others))).toBe('auth.forbidden');
    expect(await refusalOf(create({}, others))).toBe('auth.forbidden');
  });

  it('vouch for whom an administrator links, for one person per name, and for nobody mightier than the administrator', async () => {
    const { id } = await create();
    const { principal } = await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'viewer' }, admin);
    const link = (who: string, subject = 'bo', as = admin) =>
      fixture.call(connections.linkIdentity, { id, principal: who, subject }, as);
    const linked = await link(principal.id);
    expect(linked).toMatchObject({ connection: id, principal: principal.id, subject: 'bo' });
    expect((await fixture.call(connections.listIdentities, { id }, admin)).items).toEqual([linked]);
    expect(await refusalOf(link(admin.principal.id))).toBe('auth.identity.taken');
    expect(await refusalOf(link(b.principal.principal.id, 'x'))).toBe('auth.member.not-found');
    const narrow = { ...admin, scopes: ['connection:manage' as const, ...roles.viewer] };
    expect(await refusalOf(link(admin.principal.id, 'x', narrow))).toBe('auth.role.too-wide');
    expect(await refusalOf(link(principal.id, 'bo2', narrow))).toBe('auth.role.too-wide');
    const unlink = fixture.call(connections.unlinkIdentity, { id, principal: principal.id }, admin);
    expect(await unlink).toEqual({ removed: 1 });
    expect(JSON.stringify(await told(events.identityLinked.type))).not.toContain('bo');
    expect(await told(events.identityUnlinked.type)).toHaveLength(1);
  });

  it('are nobody’s business in another tenant', async () => {
    const { id } = await create();
    const as = b.principal;
    const calls = [
      fixture.call(connections.getConnection, { id }, as),
      change(id, { enabled: false }, as),
      fixture.call(connections.deleteConnection, { id }, as),
      fixture.call(connections.listIdentities, { id }, as),
      fixture.call(connections.linkIdentity, { id, principal: as.principal.id, subject: 'x' }, as),
      fixture.call(connections.unlinkIdentity, { id, principal: as.principal.id }, as),
    ];
    expect(await Promise.all(calls.map(refusalOf))).toEqual(calls.map(() => 'auth.connection.not-found'));
    expect((await fixture.call(connections.listConnections, {}, as)).items).toEqual([]);
  });

  it('are fifty at most', async () => {
    await fixture.database.query(
      `insert into auth.connection (tenant_id, id, kind, name, settings, secret_sealed, certificate, provisioning, email_domains, created_at, enabled_at)
       select $1, 'con_' || n, 'oidc', 'n' || n, '{}', '', null, '{}', '{}', now(), now() from generate_series(1, 50) n`,
      [b.principal.tenantId],
    );
    expect(await refusedWith(create({}, b.principal))).toMatchObject({
      code: 'auth.connection.too-many',
      params: { limit: 50 },
    });
  });
});
