/**
 * SimpleSAMLphp as an identity provider, as Debian packages it, on PHP's own server: a person signs in at its page, in a
 * real browser, and signs out from here and from there. It encrypts with CBC alone, which is believed where it signs the
 * response around it. `SIMPLESAMLPHP` names where it is.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { connections, ReplyOf } from '@conclave/contracts';
import { selfSignedCertificate } from '@conclave/nest-kit';
import { freePort } from '@conclave/nest-kit/testing';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startConstellation, type Constellation } from '../testing/constellation.js';

type Connection = ReplyOf<typeof connections.getConnection>;

const PROGRAM = process.env['SIMPLESAMLPHP']!;

describe('SimpleSAMLphp as an identity provider', () => {
  let platform: Constellation;
  let idp: ForeignIdp;
  let browser: Browser;
  let page: Page;
  let connection: Connection;
  let origin: string;
  let metadata: string;

  const api = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
    const answer = await fetch(origin + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };

  beforeAll(async () => {
    [platform, idp] = [await startConstellation({ env: { EGRESS_ALLOW: '127.0.0.0/8' } }), await startForeignIdp()];
    origin = `http://localhost:${new URL(platform.gateway).port}`;
    const theirs = await (await fetch(`${idp.url}/saml2/idp/metadata.php`)).text();
    const settings = { kind: 'saml', metadata: theirs };
    connection = await api<Connection>('POST', '/v1/connections', { name: 'SimpleSAMLphp', settings });
    const { principal } = await api<{ principal: { id: string } }>('GET', '/v1/me');
    await api('POST', `/v1/connections/${connection.id}/identities`, { principal: principal.id, subject: 'ada' });
    metadata = await (await fetch(origin + new URL(connection.urls.entityId!).pathname)).text();
    idp.know(connection, metadata);
    const args = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'];
    browser = await chromium.launch({ executablePath: process.env['CONCLAVE_CHROMIUM'] ?? '/usr/bin/chromium', args });
    page = await browser.newPage();
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    idp?.stop();
    await platform?.stop();
  }, 60_000);

  const prove = async () => {
    await page.goto(connection.urls.login);
    await page.locator('input[name=username]').fill('ada');
    await page.locator('input[name=password]').fill('a long password');
    await page.locator('#submit_button, button[type=submit], input[type=submit]').first().click();
  };
  const signIn = async () => {
    await prove();
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
  };

  it('lets a person in, and out of both when they sign out here', async () => {
    await signIn();
    await page.getByRole('button', { name: /account and appearance/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { level: 1, name: /Sign in/ }).waitFor();
    expect(page.url()).toBe(`${origin}/runs`);
    // There, too: it asks who they are again.
    await page.goto(connection.urls.login);
    await page.locator('input[name=password]').waitFor();
  }, 120_000);

  it('signs a person out here when they sign out there', async () => {
    await signIn();
    const afterwards = `${idp.url}/module.php/core/frontpage_welcome.php`;
    await page.goto(`${idp.url}/saml2/idp/SingleLogoutService.php?ReturnTo=${encodeURIComponent(afterwards)}`);
    await page.waitForURL(afterwards);
    await page.goto(origin);
    await page.getByRole('heading', { level: 1, name: /Sign in/ }).waitFor();
  }, 120_000);

  it('lets a person in by an encrypted assertion, even where nothing else is believed, and out again', async () => {
    const settings = { ...connection.settings, requireEncryption: true };
    await api('PATCH', `/v1/connections/${connection.id}`, { settings });
    await prove();
    await page.getByRole('heading', { level: 1, name: 'The sign-in was refused.' }).waitFor();
    idp.know(connection, metadata, `'assertion.encryption' => true,`);
    await page.goto(connection.urls.login);
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
    await page.getByRole('button', { name: /account and appearance/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { level: 1, name: /Sign in/ }).waitFor();
  }, 120_000);

  it('is not believed when nobody signed what it encrypted', async () => {
    idp.know(connection, metadata, `'assertion.encryption' => true, 'saml20.sign.response' => false,`);
    await prove();
    await page.getByRole('heading', { level: 1, name: 'The sign-in was refused.' }).waitFor();
  }, 120_000);
});

interface ForeignIdp {
  readonly url: string;
  /** Tells it of our side. */
  know(connection: Connection, metadata: string, more?: string): void;
  stop(): void;
}

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
  const server: ChildProcess = spawn(
    'php',
    ['-d', 'opcache.enable=0', '-S', `127.0.0.1:${port}`, '-t', join(dir, 'www')],
    {
      env,
      stdio: 'ignore',
    },
  );
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(`${url}/saml2/idp/metadata.php`).catch(() => undefined);
    if (answer?.ok) break;
    if (tries > 100)
      throw new Error(`SimpleSAMLphp answers ${answer?.status}: ${(await answer?.text())?.slice(0, 2_000)}`);
    await new Promise((again) => setTimeout(again, 100));
  }
  return {
    url,
    know: (connection, metadata, more = '') =>
      writeFileSync(join(dir, 'metadata/saml20-sp-remote.php'), partnerOf(connection, metadata, more)),
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
$config = ['people' => ['exampleauth:UserPass', 'ada:a long password' => ['uid' => ['ada'], 'mail' => ['ada@example.com']]]];
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
function partnerOf({ urls }: Connection, metadata: string, more: string): string {
  const [, base64 = ''] = /<ds:X509Certificate>([^<]+)/.exec(metadata)!;
  expect(new X509Certificate(Buffer.from(base64, 'base64')).publicKey.asymmetricKeyType).toBe('rsa');
  return `<?php
$metadata['${urls.entityId}'] = [
  'AssertionConsumerService' => [['Binding' => '${BINDING}-POST', 'Location' => '${urls.callback}', 'index' => 0]],
  'SingleLogoutService' => [['Binding' => '${BINDING}-Redirect', 'Location' => '${urls.providerLogout}']],
  'certData' => '${base64}', 'validate.authnrequest' => true, 'validate.logout' => true, 'sign.logout' => true,
  'saml20.sign.response' => true, 'saml20.sign.assertion' => true, ${more}
  'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
];
`;
}
