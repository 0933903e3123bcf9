/**
 * SimpleSAMLphp as an identity provider, as Debian packages it, on PHP's own server. It encrypts with CBC alone, which is
 * believed where it signs the response around it. `SIMPLESAMLPHP` names where it is.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { selfSignedCertificate } from '@conclave/nest-kit';
import { freePort } from '@conclave/nest-kit/testing';
import { PASSWORD, signsPeopleIn, type ForeignIdp, type Wording } from './foreign-idp.js';
import type { Connection } from './jar.js';

const PROGRAM = process.env['SIMPLESAMLPHP']!;

signsPeopleIn('SimpleSAMLphp', startForeignIdp);

async function startForeignIdp(): Promise<ForeignIdp> {
  const dir = mkdtempSync(join(tmpdir(), 'conclave-simplesamlphp-'));
  for (const name of ['config', 'metadata', 'cert', 'tmp', 'www']) mkdirSync(join(dir, name));
  symlinkSync(join(PROGRAM, 'www'), join(dir, 'www/simplesaml'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/simplesaml`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  writeFileSync(join(dir, 'cert/idp.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(dir, 'cert/idp.crt'), selfSignedCertificate(privateKey, 'idp', new Date(), 1));
  writeFileSync(join(dir, 'config/config.php'), configOf(dir, `${url}/`));
  writeFileSync(join(dir, 'config/authsources.php'), PEOPLE);
  writeFileSync(join(dir, 'metadata/saml20-idp-hosted.php'), HOSTED);
  const env = { PATH: process.env['PATH'], SIMPLESAMLPHP_CONFIG_DIR: join(dir, 'config') };
  const args = ['-d', 'opcache.enable=0', '-S', `127.0.0.1:${port}`, '-t', join(dir, 'www')];
  const server: ChildProcess = spawn('php', args, { env, stdio: 'ignore' });
  let answer: Response | undefined;
  for (let tries = 0; ; tries += 1) {
    answer = await fetch(`${url}/saml2/idp/metadata.php`).catch(() => undefined);
    if (answer?.ok) break;
    if (tries > 100)
      throw new Error(`SimpleSAMLphp answers ${answer?.status}: ${(await answer?.text())?.slice(0, 2_000)}`);
    await new Promise((again) => setTimeout(again, 100));
  }
  const left = `${url}/module.php/core/frontpage_welcome.php`;
  return {
    metadata: await answer.text(),
    leave: `${url}/saml2/idp/SingleLogoutService.php?ReturnTo=${encodeURIComponent(left)}`,
    left,
    know: (connection, metadata, wording = {}) =>
      writeFileSync(join(dir, 'metadata/saml20-sp-remote.php'), partnerOf(connection, metadata, wording)),
    stop() {
      server.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const configOf = (dir: string, baseUrl: string): string => `<?php
$config = [
  'baseurlpath' => '${baseUrl}', 'certdir' => '${dir}/cert/', 'loggingdir' => '${dir}/tmp/', 'datadir' => '${dir}/tmp/',
  'tempdir' => '${dir}/tmp', 'metadatadir' => '${dir}/metadata', 'secretsalt' => 'for tests only', 'auth.adminpassword' => 'x',
  'timezone' => 'UTC', 'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
  'store.type' => 'phpsession', 'session.phpsession.savepath' => '${dir}/tmp', 'session.cookie.secure' => false,
  'session.cookie.samesite' => 'Lax', 'logging.handler' => 'file', 'logging.level' => 7, 'showerrors' => true, 'errorreporting' => false,
  'language.default' => 'en', 'metadata.sources' => [['type' => 'flatfile']], 'admin.protectmetadata' => false,
];
`;

const PEOPLE = `<?php
$config = ['people' => ['exampleauth:UserPass', 'ada:${PASSWORD}' => ['uid' => ['ada'], 'mail' => ['ada@example.com']]]];
`;

const HOSTED = `<?php
$metadata['__DYNAMIC:1__'] = [
  'host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'people',
  'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'redirect.sign' => true,
  'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  'authproc' => [3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']],
];
`;

const BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP';

/** Our side as it keeps partners; the key is the one our metadata names. */
function partnerOf({ urls }: Connection, metadata: string, wording: Wording): string {
  const { encrypts = false, signsResponse = true, signsAssertion = true } = wording;
  const [, base64 = ''] = /<ds:X509Certificate>([^<]+)/.exec(metadata)!;
  expect(new X509Certificate(Buffer.from(base64, 'base64')).publicKey.asymmetricKeyType).toBe('rsa');
  return `<?php
$metadata['${urls.entityId}'] = [
  'AssertionConsumerService' => [['Binding' => '${BINDING}-POST', 'Location' => '${urls.callback}', 'index' => 0]],
  'SingleLogoutService' => [['Binding' => '${BINDING}-Redirect', 'Location' => '${urls.providerLogout}']],
  'certData' => '${base64}', 'validate.authnrequest' => true, 'validate.logout' => true, 'sign.logout' => true,
  'saml20.sign.response' => ${signsResponse}, 'saml20.sign.assertion' => ${signsAssertion}, 'assertion.encryption' => ${encrypts},
  'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
];
`;
}
