/** Signing in and out at an identity provider by others: pysaml2 over xmlsec1, by the Python that `SAML_PYTHON` names. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auth, connections, type ReplyOf } from '@conclave/contracts';
import { Pysaml2, refusalOf } from '@conclave/dev-env/testing';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

type Connection = ReplyOf<typeof connections.createConnection>;

describe('pysaml2 as an identity provider', () => {
  let idp: Pysaml2;
  let fixture: AuthFixture;
  let a: TestTenant;
  let connection: Connection;
  let metadata: string;

  const ask = <T = string>(question: object): Promise<T> => idp.ask<T>(question);

  beforeAll(async () => {
    idp = new Pysaml2('https://pysaml2.example.com');
    fixture = await startAuth();
    a = await fixture.createTenant();
    const settings = { kind: 'saml' as const, metadata: await idp.ask() };
    connection = await fixture.call(connections.createConnection, { name: 'pysaml2', settings }, a.principal);
    const link = { id: connection.id, principal: a.principal.principal.id, subject: 'ada' };
    await fixture.call(connections.linkIdentity, link, a.principal);
    ({ xml: metadata } = await fixture.call(connections.getSamlMetadata, { connection: connection.id }, edge));
  });
  afterAll(async () => {
    idp?.stop();
    await fixture?.stop();
  });

  async function signIn(how: object) {
    const { urls, id } = connection;
    const { location, flow } = await fixture.call(connections.beginConnectionSignIn, { connection: id }, edge);
    const query = Object.fromEntries(new URL(location).searchParams);
    const response = await ask({ metadata, query, acs: urls.callback, spEntityId: urls.entityId, ...how });
    const answer = { kind: 'saml' as const, response: Buffer.from(response.trim()).toString('base64') };
    return fixture.call(connections.finishConnectionSignIn, { connection: id, flow, answer }, edge);
  }

  it.each([
    ...[{}, { signResponse: false }, { signAssertion: false }],
    ...['xmlenc#aes128-cbc', 'xmlenc#aes256-cbc', 'xmlenc11#aes128-gcm', 'xmlenc11#aes256-gcm'].map((encrypt) => ({
      encrypt,
    })),
    { encrypt: 'xmlenc11#aes256-gcm', signResponse: false },
  ])('reads our metadata and requests, and is believed: %j', async (how) => {
    const { secret } = await signIn(how);
    expect((await fixture.exchange(secret, 'sign-in')).principal).toEqual(a.principal.principal);
  });

  it('verifies the signature of our metadata, which it does not once they are changed or another signed them', async () => {
    const { certificateFile } = idp.about;
    const ours = join(dirname(certificateFile), 'ours.pem');
    const [, base64 = ''] = /<ds:X509Certificate>([^<]+)/.exec(metadata)!;
    writeFileSync(ours, new X509Certificate(Buffer.from(base64, 'base64')).toString());
    const isSigned = (by: string, xml = metadata) => ask<boolean>({ metadata: xml, signedBy: by });
    const changed = metadata.replace('isDefault="true"', 'isDefault="false"');
    expect(changed).not.toBe(metadata);
    const verdicts = [await isSigned(ours), await isSigned(ours, changed), await isSigned(certificateFile)];
    expect(verdicts).toEqual([true, false, false]);
  });

  it('signs its metadata, which are read where its certificate has to have signed them, and no others', async () => {
    const { certificateFile, ssoUrl, entityId: idpEntityId, sloUrl } = idp.about;
    const metadataCertificate = readFileSync(certificateFile, 'utf8');
    const [signed, plain] = [await ask({ sign: true }), await ask({})];
    const create = (xml: string) => {
      const settings = { kind: 'saml' as const, metadata: xml, metadataCertificate };
      return fixture.call(connections.createConnection, { name: 'signed', settings }, a.principal);
    };
    for (const wrong of [plain, signed.replace(ssoUrl, 'https://evil.example.com/sso')])
      expect(await refusalOf(create(wrong))).toBe('auth.connection.invalid');
    expect((await create(signed)).settings).toMatchObject({ idpEntityId, ssoUrl, sloUrl });
  });

  const queryOf = (location: string) => Object.fromEntries(new URL(location).searchParams);
  const askOf = <T>(question: object): Promise<T> => {
    const { entityId: spEntityId, providerLogout: slo } = connection.urls;
    return ask<T>({ metadata, spEntityId, slo, ...question });
  };

  it('reads our sign-outs, and its answer is believed', async () => {
    const { secret } = await signIn({});
    const { provider } = await fixture.call(auth.endSignIn, { secret }, edge);
    const query = queryOf(provider!.location);
    const says = await askOf<{ subject: string; sessions: string[]; query: string }>({ logout: 'answer', query });
    expect([says.subject, says.sessions.length]).toEqual(['ada', 1]);
    const response = { binding: 'redirect' as const, query: says.query };
    const finished = { connection: connection.id, flow: provider!.flow, response };
    expect(await fixture.call(connections.finishSamlLogout, finished, edge)).toEqual({ complete: true });
  });

  it.each(['redirect', 'post'] as const)('signs people out by %s, and reads our answer', async (binding) => {
    const { secret } = await signIn({});
    const { query, form } = await askOf<{ query: string; form: string }>({ logout: 'order' });
    const message = Buffer.from(form.trim()).toString('base64');
    const request = binding === 'redirect' ? { binding, query } : { binding, message };
    const { location } = await fixture.call(connections.answerSamlLogout, { connection: connection.id, request }, edge);
    expect(await refusalOf(fixture.exchange(secret, 'sign-in'))).toBe('auth.unauthenticated');
    const answer = queryOf(location);
    expect(answer['RelayState']).toBe(binding === 'redirect' ? 'there & back' : undefined);
    expect(await askOf({ logout: 'read answer', query: answer })).toMatchObject({ ok: true });
  });

  it('is not believed unsigned, or encrypted in a way that answers questions about the plain text', async () => {
    for (const how of [
      { signResponse: false, signAssertion: false },
      { encrypt: 'xmlenc#aes256-cbc', signResponse: false },
      { encrypt: 'xmlenc#tripledes-cbc' },
    ])
      expect([how, await refusalOf(signIn(how))]).toEqual([how, 'auth.connection.refused']);
  });
});
