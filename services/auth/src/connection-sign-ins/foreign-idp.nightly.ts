/** Signing in at an identity provider by others: pysaml2 over xmlsec1, by the Python that `SAML_PYTHON` names. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connections, type ReplyOf } from '@conclave/contracts';
import { refusalOf } from '@conclave/dev-env/testing';
import { selfSignedCertificate } from '@conclave/nest-kit';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

type Connection = ReplyOf<typeof connections.createConnection>;

const PROGRAM = resolve(import.meta.dirname, '../../src/testing/pysaml2-idp.py');

describe('pysaml2 as an identity provider', () => {
  const dir = mkdtempSync(join(tmpdir(), 'conclave-idp-'));
  const [keyFile, certificateFile] = [join(dir, 'key.pem'), join(dir, 'certificate.pem')];
  const about = { entityId: 'https://pysaml2.example.com/metadata', ssoUrl: 'https://pysaml2.example.com/sso' };
  const ask = (question: object): string =>
    execFileSync(process.env['SAML_PYTHON']!, [PROGRAM], {
      input: JSON.stringify({ ...about, keyFile, certificateFile, ...question }),
      encoding: 'utf8',
    });
  let fixture: AuthFixture;
  let a: TestTenant;
  let connection: Connection;
  let metadata: string;

  beforeAll(async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }));
    writeFileSync(certificateFile, selfSignedCertificate(privateKey, 'idp', new Date(), 1));
    fixture = await startAuth();
    a = await fixture.createTenant();
    const settings = { kind: 'saml' as const, metadata: ask({}) };
    connection = await fixture.call(connections.createConnection, { name: 'pysaml2', settings }, a.principal);
    const link = { id: connection.id, principal: a.principal.principal.id, subject: 'ada' };
    await fixture.call(connections.linkIdentity, link, a.principal);
    ({ xml: metadata } = await fixture.call(connections.getSamlMetadata, { connection: connection.id }, edge));
  });
  afterAll(async () => {
    await fixture.stop();
    rmSync(dir, { recursive: true });
  });

  async function signIn(how: object) {
    const { urls, id } = connection;
    const { location, flow } = await fixture.call(connections.beginConnectionSignIn, { connection: id }, edge);
    const query = Object.fromEntries(new URL(location).searchParams);
    const response = ask({ metadata, query, acs: urls.callback, spEntityId: urls.entityId, ...how });
    const answer = { kind: 'saml' as const, response: Buffer.from(response.trim()).toString('base64') };
    return fixture.call(connections.finishConnectionSignIn, { connection: id, flow, answer }, edge);
  }

  it.each([{}, { signResponse: false }, { signAssertion: false }])(
    'reads our metadata and requests, and is believed: %j',
    async (how) => {
      const { secret } = await signIn(how);
      expect((await fixture.exchange(secret, 'sign-in')).principal).toEqual(a.principal.principal);
    },
  );

  it('is not believed unsigned, or encrypted in a way that answers questions about the plain text', async () => {
    for (const how of [{ signResponse: false, signAssertion: false }, { encrypt: true }])
      expect(await refusalOf(signIn(how))).toBe('auth.connection.refused');
  });
});
