/** Identity providers as administrators connect them and as people find them, in a real browser. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connections } from '@conclave/contracts';
import type { Page } from 'playwright-core';
import { enterAt, gone, hasBrowser, openDesk, renew, see, type Desk, type WatchedPage } from './browser.js';
import { FakeEdge } from './fake-edge.js';
import { newWorld } from './world.js';

(hasBrowser ? describe : describe.skip)('identity providers', () => {
  let desk: Desk;
  let watched: WatchedPage;
  let page: Page;
  let edge: FakeEdge;

  beforeAll(async () => {
    desk = await openDesk();
    ({ watched } = desk);
    ({ page } = watched);
  });
  afterAll(() => desk?.close());
  beforeEach(async () => {
    edge = await FakeEdge.start(await newWorld(), desk.consoleDir);
    await renew(watched);
  });
  afterEach(async () => {
    await edge.close();
    expect(watched.faults).toEqual([]);
  });

  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const dialog = () => page.getByRole('dialog');

  it('are found by the address or the organisation of who signs in, who is led there and back to where they were', async () => {
    await page.goto(`${edge.url}/decisions`);
    await page.getByLabel('Work e-mail or organisation').fill('ada@acme.example.com');
    await page.keyboard.press('Enter');
    const way = page.getByRole('link', { name: 'Sign in with Acme Login' });
    await see(way);
    expect(await way.getAttribute('href')).toMatch(/\/auth\/oidc\/con_\w+\/login\?returnTo=%2Fdecisions$/);
    await page.getByLabel('Work e-mail or organisation').fill('Nobody');
    await page.keyboard.press('Enter');
    await see(page.getByText('No provider is known for this.'));
  });

  it('are led to from a domain that its DNS says is theirs', async () => {
    await enterAt(page, edge.url, '/connections');
    await button('Add a mail domain').click();
    await dialog().getByLabel('Domain').fill('Acme.example.com');
    await dialog().getByRole('button', { name: 'Add' }).click();
    await see(page.getByText('_conclave-challenge.acme.example.com'));
    await button('Check acme.example.com').click();
    await see(page.getByRole('row', { name: /acme\.example\.com.*Proven/ }));
    await button('Give acme.example.com up').click();
    await dialog().getByRole('button', { name: 'Give it up' }).click();
    await gone(button('Check acme.example.com'));
  });

  it('are tried, connected, disabled and deleted', async () => {
    await enterAt(page, edge.url, '/connections');
    await button('Connect a provider').click();
    await dialog().getByText('OpenID Connect', { exact: true }).click();
    await page.getByLabel('Name').fill('New Login');
    await page.getByLabel('Issuer').fill('http://login.example.com');
    await page.getByLabel('Client id').fill('c');
    await page.getByRole('textbox', { name: 'Client secret' }).fill('s');
    await button('Test').click();
    await see(page.getByText('https is required'));
    await page.getByLabel('Issuer').fill('https://login.example.com');
    await button('Test').click();
    await see(page.getByText('The issuer answers.'));
    await page.getByLabel('E-mail domains').fill('example.com, example.org');
    await page.getByLabel(/Let in anybody/).check();
    await button('Connect').last().click();
    await see(dialog().getByText('Callback (ACS, redirect address)'));
    expect(edge.writes.at(-1)).toMatchObject({
      subject: connections.createConnection.subject,
      request: {
        ...{ name: 'New Login', emailDomains: ['example.com', 'example.org'] },
        settings: { kind: 'oidc', issuer: 'https://login.example.com', clientId: 'c', clientSecret: 's' },
        provisioning: { mode: 'just-in-time', role: 'viewer' },
      },
    });
    await button('Done').click();
    await button('Disable New Login').click();
    await dialog().getByRole('button', { name: 'Disable' }).click();
    await button('Enable New Login').click();
    await see(button('Disable New Login'));
    await button('Delete New Login').click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await gone(button('Delete New Login'));
  });
});
