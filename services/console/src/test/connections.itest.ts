/** Identity providers as administrators connect them and as people find them, in a real browser. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { connections } from '@conclave/contracts';
import type { Page } from 'playwright-core';
import { enterAt, gone, hasBrowser, see } from './browser.js';
import type { FakeEdge } from './fake-edge.js';
import { setStage } from './stage.js';
import type { World } from './world.js';

/** Runs in the page. */
const isInView = (element: Element): boolean => {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
};

(hasBrowser ? describe : describe.skip)('identity providers', () => {
  const { scene, button, dialog } = setStage();
  let page: Page;
  let world: World;
  let edge: FakeEdge;
  beforeEach(() => void ({ page, world, edge } = scene));

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
    expect(await page.getByText('https is required').evaluate(isInView)).toBe(true);
    await button('Connect').last().click();
    await see(page.getByText('The test has failed'));
    expect(edge.writes.at(-1)?.subject).toBe(connections.testConnection.subject);
    await see(button('Connect all the same'));
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
    await dialog().getByLabel('Also stop the runs it started').check();
    await dialog().getByRole('button', { name: 'Disable' }).click();
    await button('Enable New Login').click();
    await see(button('Disable New Login'));
    const { request } = edge.writes.findLast(({ request: { runs } }) => runs === 'cancel')!;
    expect(request).toMatchObject({ enabled: false });
    await button('Delete New Login').click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await gone(button('Delete New Login'));
  });

  it('are edited: what is not written anew stays, and a client that changes comes with its secret', async () => {
    await enterAt(page, edge.url, '/connections');
    await button('Edit Acme Login').click();
    await dialog().getByLabel('E-mail domains').fill('acme.example.com, acme.example.org');
    await dialog()
      .getByLabel(/Let in anybody/)
      .check();
    await button('Save').click();
    await gone(dialog());
    expect(edge.writes.at(-1)?.request).toEqual({
      ...{ id: expect.any(String), emailDomains: ['acme.example.com', 'acme.example.org'] },
      provisioning: { mode: 'just-in-time', role: 'viewer', workspace: expect.any(String) },
    });
    await see(page.getByText('anybody, as viewer, of acme.example.com, acme.example.org'));
    await button('Edit Acme Login').click();
    expect(await dialog().getByLabel('Issuer').isEditable()).toBe(false);
    const secret = dialog().getByRole('textbox', { name: 'Client secret' });
    expect(await secret.getAttribute('required')).toBeNull();
    await dialog().getByLabel('Client id').fill('another');
    expect(await secret.getAttribute('required')).not.toBeNull();
    await secret.fill('s2');
    await button('Save').click();
    await gone(dialog());
    expect(edge.writes.at(-1)?.request).toEqual({
      id: expect.any(String),
      settings: {
        ...{ kind: 'oidc', vendor: 'okta', issuer: 'https://acme.okta.com', idTokenAlgorithm: 'RS256' },
        ...{ clientId: 'another', clientSecret: 's2', singleLogout: false },
      },
    });
  });

  it('of SAML are edited: certificates change one by one, or all by new metadata', async () => {
    const [kept] = world.connections;
    const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`;
    const named = { kind: 'saml' as const, idpEntityId: 'https://idp.example.com', allowUnsolicited: false };
    const trusted = { ssoUrl: 'https://idp.example.com/sso', requireEncryption: true };
    const grouped = { groups: { attribute: 'memberOf', allowed: ['staff'] } };
    Object.assign(kept!, { settings: { ...named, ...trusted, certificates: [pem('one')] } });
    await enterAt(page, edge.url, '/connections');
    await button('Edit Acme Login').click();
    await dialog()
      .getByLabel('Certificates')
      .fill(`${pem('one')}\n${pem('two')}\n`);
    await dialog().getByLabel('Attribute with groups').fill('memberOf');
    await dialog().getByLabel('Only people of these groups').fill('staff');
    await button('Save').click();
    await gone(dialog());
    expect(edge.writes.at(-1)?.request).toEqual({
      id: kept!.id,
      settings: { ...named, ...trusted, ...grouped, certificates: [pem('one'), pem('two')] },
    });
    await button('Edit Acme Login').click();
    await dialog().getByLabel('Metadata of the provider').fill('<EntityDescriptor/>');
    await gone(dialog().getByLabel('Certificates'));
    await dialog().getByLabel('Certificate of who signs the metadata').fill(pem('publisher'));
    await button('Save').click();
    await gone(dialog());
    expect((edge.writes.at(-1)?.request as { settings: object }).settings).toEqual({
      ...{ kind: 'saml', metadata: '<EntityDescriptor/>', allowUnsolicited: false, requireEncryption: true },
      metadataCertificate: pem('publisher'),
    });
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
