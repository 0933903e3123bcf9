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

  it('are connected as their vendor has it, with its tenants, domains and groups', async () => {
    await enterAt(page, edge.url, '/connections');
    await see(page.getByRole('row', { name: /Acme Login.*Okta/ }));
    await button('Connect a provider').click();
    await dialog().getByText('OpenID Connect', { exact: true }).click();
    await page.getByLabel('Name').fill('Ours');
    await page.getByLabel('Client id').fill('c');
    await page.getByRole('textbox', { name: 'Client secret' }).fill('s');
    const tested = async () => {
      await button('Test').click();
      await see(page.getByText('The issuer answers.'));
      return (edge.writes.at(-1)?.request as { settings: object }).settings;
    };
    await page.getByLabel('Provider', { exact: true }).selectOption('Google');
    await page.getByLabel('Workspace domains').fill('example.com');
    const client = { kind: 'oidc', clientId: 'c', clientSecret: 's', singleLogout: false };
    expect(await tested()).toEqual({
      ...{ ...client, vendor: 'google', issuer: 'https://accounts.google.com', hostedDomains: ['example.com'] },
    });
    await gone(page.getByLabel('Claim with groups'));
    await page.getByLabel('Provider', { exact: true }).selectOption('Microsoft Entra');
    const issuer = 'https://login.microsoftonline.com/organizations/v2.0';
    const tenant = 'aaaa1111-2222-3333-4444-555555555555';
    await page.getByLabel('Issuer').fill(issuer);
    await page.getByLabel(/by a key, not by a secret/).check();
    await gone(page.getByRole('textbox', { name: 'Client secret' }));
    await page.getByLabel('Tenants').fill(tenant);
    await page.getByLabel('E-mail domains').fill('example.com');
    await page.getByLabel(/Let in anybody/).check();
    await page.getByLabel('Claim with groups').fill('groups');
    await page.getByLabel('Only people of these groups').fill('staff at work\nguests');
    await page.getByLabel('Roles by group').fill('staff at work = developer');
    await button('Connect').last().click();
    await see(dialog().getByText('Callback (ACS, redirect address)'));
    expect(edge.writes.at(-1)?.request).toMatchObject({
      settings: {
        ...{ vendor: 'entra', issuer, entraTenants: [tenant], clientAuthentication: 'private_key_jwt' },
        groups: { claim: 'groups', allowed: ['staff at work', 'guests'] },
      },
      provisioning: { role: 'viewer', groupRoles: [{ group: 'staff at work', role: 'developer' }] },
    });
  });
});
