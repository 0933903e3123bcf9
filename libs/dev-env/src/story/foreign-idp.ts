/**
 * What an identity provider by others has to bring about, over the public edge and in a real browser: a person signs in at
 * its page, and signs out from here and from there; and it is believed as far as it signs, encrypted or not.
 */
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { chromium, type Page } from 'playwright-core';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import type { Connection } from './jar.js';
import { Api } from './program-voter.js';

/** Whom it knows: `ada`, by this password. */
export const PASSWORD = 'a long password';

/** How it words what it says; signed as a whole and inside, and not encrypted, unless told. */
export interface Wording {
  /** By AES-CBC. */
  readonly encrypts?: boolean;
  readonly signsResponse?: boolean;
  readonly signsAssertion?: boolean;
}

export interface ForeignIdp {
  /** Its metadata. */
  readonly metadata: string;
  /** Where a person signs out there, and where they are led when that is done. */
  readonly leave: string;
  readonly left: string;
  /** Tells it of our side. */
  know(connection: Connection, metadata: string, wording?: Wording): void;
  stop(): void;
}

interface Scene {
  readonly idp: ForeignIdp;
  readonly page: Page;
  readonly origin: string;
  readonly connection: Connection;
  /** Ours, as it is published. */
  readonly metadata: string;
  readonly api: Api;
  close(): Promise<void>;
}

/** The same cases for each of them. */
export function signsPeopleIn(name: string, start: () => Promise<ForeignIdp>): void {
  describe(`${name} as an identity provider`, () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await open(name, start);
    }, 240_000);
    afterAll(() => scene?.close(), 60_000);

    it('lets a person in, and out of both when they sign out here', async () => {
      const { page, origin, connection } = scene;
      await prove(scene);
      await isHeaded(page, 'Runs');
      await signOut(page);
      await page.waitForURL(`${origin}/runs`);
      // There, too: it asks who they are again.
      await page.goto(connection.urls.login);
      await page.locator('input[name=password]').waitFor();
    }, 120_000);

    it('signs a person out here when they sign out there', async () => {
      const { page, origin, idp } = scene;
      await prove(scene);
      await isHeaded(page, 'Runs');
      await page.goto(idp.leave);
      await page.waitForURL(idp.left);
      await page.goto(origin);
      await isHeaded(page, /Sign in/);
    }, 120_000);

    it('lets a person in by an encrypted assertion, even where nothing else is believed, and out again', async () => {
      const { page, api, idp, connection, metadata } = scene;
      const settings = { ...connection.settings, requireEncryption: true };
      await api.call('PATCH', `/v1/connections/${connection.id}`, { settings });
      await prove(scene);
      await isHeaded(page, 'The sign-in was refused.');
      idp.know(connection, metadata, { encrypts: true });
      await page.goto(connection.urls.login);
      await isHeaded(page, 'Runs');
      await signOut(page);
    }, 120_000);

    it('is not believed when nobody signed what it says, or what it encrypted', async () => {
      const { page, api, idp, connection, metadata } = scene;
      idp.know(connection, metadata, { encrypts: true, signsResponse: false });
      await prove(scene);
      await isHeaded(page, 'The sign-in was refused.');
      await api.call('PATCH', `/v1/connections/${connection.id}`, { settings: connection.settings });
      idp.know(connection, metadata, { signsResponse: false, signsAssertion: false });
      await page.goto(connection.urls.login);
      await isHeaded(page, 'The sign-in was refused.');
      idp.know(connection, metadata);
      await page.goto(connection.urls.login);
      await isHeaded(page, 'Runs');
    }, 120_000);
  });
}

/** An installation and the provider, connected, and a browser. */
async function open(name: string, start: () => Promise<ForeignIdp>): Promise<Scene> {
  const platform: Constellation = await startConstellation({ env: { EGRESS_ALLOW: '127.0.0.0/8' } });
  const idp = await start();
  const origin = `http://localhost:${new URL(platform.gateway).port}`;
  const api = new Api(origin, platform.apiKey);
  const settings = { kind: 'saml', metadata: idp.metadata };
  const connection = await api.call<Connection>('POST', '/v1/connections', { name, settings });
  const { principal } = await api.call<{ principal: { id: string } }>('GET', '/v1/me');
  await api.call('POST', `/v1/connections/${connection.id}/identities`, { principal: principal.id, subject: 'ada' });
  const metadata = await (await fetch(origin + new URL(connection.urls.entityId!).pathname)).text();
  idp.know(connection, metadata);
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'];
  const executablePath = process.env['CONCLAVE_CHROMIUM'] ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args });
  return {
    ...{ idp, origin, connection, metadata, api, page: await browser.newPage() },
    async close() {
      await browser.close();
      idp.stop();
      await platform.stop();
    },
  };
}

const isHeaded = (page: Page, title: string | RegExp): Promise<void> =>
  page.getByRole('heading', { level: 1, name: title }).waitFor();

async function prove({ page, connection }: Scene): Promise<void> {
  await page.goto(connection.urls.login);
  await page.locator('input[name=username]').fill('ada');
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.locator('#submit_button, button[type=submit], input[type=submit]').first().click();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /account and appearance/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await isHeaded(page, /Sign in/);
}
