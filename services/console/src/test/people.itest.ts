/** How people get in, and who may: pages in a real browser with an authenticator of its own. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, invitations, passkeys, signIns } from '@conclave/contracts';
import type { Page } from 'playwright-core';
import {
  addAuthenticator,
  enterAt,
  gone,
  hasBrowser,
  openDesk,
  renew,
  see,
  type Desk,
  type WatchedPage,
} from './browser.js';
import { FakeEdge } from './fake-edge.js';
import { LINK_SECRET, ORIGIN } from './fake-people.js';
import { newWorld, type World } from './world.js';

(hasBrowser ? describe : describe.skip)('people', () => {
  let desk: Desk;
  let watched: WatchedPage;
  let page: Page;
  let world: World;
  let edge: FakeEdge;
  let url: string;
  let takeAway: () => Promise<void>;

  beforeAll(async () => {
    desk = await openDesk();
    ({ watched } = desk);
    ({ page } = watched);
  });
  afterAll(() => desk?.close());
  beforeEach(async () => {
    world = await newWorld();
    edge = await FakeEdge.start(world, desk.consoleDir);
    url = `http://localhost:${edge.port}`;
    await renew(watched);
    takeAway = await addAuthenticator(page);
  });
  afterEach(async () => {
    await takeAway();
    await page.evaluate(() => localStorage.clear());
    await edge.close();
    expect(watched.faults).toEqual([]);
  });

  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const dialog = () => page.getByRole('dialog');
  const row = (name: RegExp) => page.getByRole('row', { name });
  const lastWrite = () => edge.writes.at(-1);

  it('come in by a link once, make a passkey, and come back with it', async () => {
    await page.goto(`${url}/welcome#${LINK_SECRET}`);
    await see(page.getByText('Linus, Ada Lovelace invites you to checkout of Acme as developer.'));
    await button('Make a passkey and sign in').click();
    await see(page.getByRole('heading', { name: 'Runs' }));
    expect(page.url()).toBe(`${url}/runs`);
    await button(/account and appearance/).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await button('Sign in with a passkey').click();
    await see(page.getByRole('heading', { name: 'Runs' }));
    await page.goto(`${url}/welcome#${LINK_SECRET}`);
    await see(page.getByText('This link opens nothing.'));
  });

  it('are told when their passkey opens nothing', async () => {
    await page.goto(`${url}/welcome#${LINK_SECRET}`);
    await button('Make a passkey and sign in').click();
    await see(page.getByRole('heading', { name: 'Runs' }));
    world.people.credentials.clear();
    edge.endSignIns();
    await page.goto(url);
    await button('Sign in with a passkey').click();
    await see(page.getByText('This passkey opens nothing here.'));
  });

  it('go on in another workspace of theirs', async () => {
    await enterAt(page, url, '/members');
    await button(/account and appearance/).click();
    await page.getByRole('menuitem', { name: 'billing' }).click();
    await see(button(/Ada Lovelace in Acme/).getByText('Acme · billing'));
    await see(page.getByRole('heading', { name: 'Runs' }));
  });

  it('keep their own passkeys', async () => {
    await enterAt(page, url, '/you');
    await button('Add a passkey').click();
    await dialog().getByLabel('Name').fill('laptop');
    await page.keyboard.press('Enter');
    await see(row(/laptop/));
    expect(lastWrite()).toMatchObject({ subject: passkeys.addPasskey.subject, request: { name: 'laptop' } });
    await button('Rename old phone').click();
    await dialog().getByLabel('Name').fill('drawer');
    await page.keyboard.press('Enter');
    await see(row(/drawer/));
    await button('Remove drawer').click();
    await dialog().getByRole('button', { name: 'Remove' }).click();
    await gone(row(/drawer/));
  });

  it('see where they are signed in, and end what they do not know', async () => {
    await enterAt(page, url, '/you');
    await see(row(/an API key.*This browser/));
    await button(/^End the sign-in of/).click();
    await dialog().getByRole('button', { name: 'End it' }).click();
    await gone(row(/a passkey/));
    expect(lastWrite()).toMatchObject({ subject: signIns.revokeSignIn.subject });
  });

  it('are invited with a link that is shown once, and uninvited', async () => {
    await enterAt(page, url, '/members');
    await button('Invite a person').click();
    await dialog().getByLabel('Name').fill('Linus');
    await dialog().getByLabel('E-mail').fill('linus@example.com');
    await dialog().getByLabel('Role').selectOption('viewer');
    await button('Make the link').click();
    await see(dialog().getByText(`${ORIGIN}/welcome#${LINK_SECRET}`));
    expect(lastWrite()).toMatchObject({
      subject: invitations.createInvitation.subject,
      request: { name: 'Linus', email: 'linus@example.com', role: 'viewer' },
    });
    await button('I have copied it').click();
    await button('Revoke the invitation of Linus').click();
    await dialog().getByRole('button', { name: 'Revoke' }).click();
    await gone(button('Revoke the invitation of Linus'));
  });

  it('are invited by e-mail where mail is set up, and sent a new link', async () => {
    world.people.mails = [];
    await enterAt(page, url, '/members');
    await button('Invite a person').click();
    await dialog().getByLabel('Name').fill('Linus');
    await see(dialog().getByLabel('Send the link by e-mail'));
    expect(await dialog().getByLabel('Send the link by e-mail').isDisabled()).toBe(true);
    await dialog().getByLabel('E-mail', { exact: true }).fill('linus@example.com');
    await button('Make the link').click();
    await see(dialog().getByText('It is on its way to linus@example.com, too.'));
    expect(lastWrite()).toMatchObject({ request: { name: 'Linus', email: 'linus@example.com', sendMail: true } });
    await button('I have copied it').click();
    await see(row(/Linus.*sent by e-mail/));
    await button('Send Linus a new link').click();
    await dialog().getByRole('button', { name: 'Send' }).click();
    await gone(dialog());
    expect(lastWrite()).toMatchObject({ subject: invitations.renewInvitation.subject, request: { sendMail: true } });
  });

  it('get another role, a way back in, and an end', async () => {
    await enterAt(page, url, '/members');
    await button('Change the role of Grace Hopper').click();
    await dialog().getByLabel('Role').selectOption('auditor');
    await dialog().getByRole('button', { name: 'Change' }).click();
    await see(row(/Grace Hopper.*auditor/));
    await button('Let Grace Hopper back in').click();
    await button('Make the link').click();
    await see(dialog().getByText(`${ORIGIN}/welcome#a-way-back-in`));
    await button('I have copied it').click();
    await button('Disable Grace Hopper').click();
    await dialog().getByRole('button', { name: 'Disable' }).click();
    await see(row(/Grace Hopper.*Disabled/));
    expect(edge.writes.map(({ subject }) => subject)).toEqual(
      [auth.changeMember, invitations.createRecovery, auth.disableMember].map(({ subject }) => subject),
    );
    await button('Change the role of Ada Lovelace').click();
    await dialog().getByLabel('Role').selectOption('viewer');
    await dialog().getByRole('button', { name: 'Change' }).click();
    await see(page.getByText('A workspace keeps an administrator.'));
  });

  it('who may not manage members see them only', async () => {
    world.me.scopes.splice(0, Infinity, 'member:read', 'self:read');
    await enterAt(page, url, '/members');
    await see(row(/Grace Hopper.*developer/));
    expect(await button(/Invite|Role|Disable|Back in/).count()).toBe(0);
    expect(await page.getByText('Invitations').count()).toBe(0);
  });
});
