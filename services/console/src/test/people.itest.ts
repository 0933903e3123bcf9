/** How people get in, and who may: pages in a real browser with an authenticator of its own. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  accessReviews,
  auth,
  breakGlass,
  invitations,
  mfa,
  newId,
  oauth,
  passkeys,
  signIns,
  signInPolicy,
} from '@conclave/contracts';
import type { Page } from 'playwright-core';
import { addAuthenticator, enterAt, gone, hasBrowser, see } from './browser.js';
import type { FakeEdge } from './fake-edge.js';
import { AUTHORIZATION, GOOD_CODE, LINK_SECRET, ORIGIN, RECOVERY_CODES, USER_CODE } from './fake-people.js';
import { setStage } from './stage.js';
import { API_KEY, type World } from './world.js';

(hasBrowser ? describe : describe.skip)('people', () => {
  const { scene, button, dialog, row, lastWrite } = setStage();
  let page: Page;
  let world: World;
  let edge: FakeEdge;
  let url: string;
  let takeAway: () => Promise<void>;
  beforeEach(async () => {
    ({ page, world, edge } = scene);
    url = `http://localhost:${edge.port}`;
    takeAway = await addAuthenticator(page);
  });
  afterEach(() => takeAway());

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

  it('add an authenticator app, keep its recovery codes, and remove it', async () => {
    await enterAt(page, url, '/you');
    await button('Add an authenticator app').click();
    await see(dialog().getByRole('img', { name: 'QR code for an authenticator app' }));
    await see(dialog().getByText('JBSWY3DPEHPK3PXP'));
    await dialog().getByRole('textbox', { name: 'Code' }).fill('000000');
    await page.keyboard.press('Enter');
    await see(dialog().getByText('That code is not good.'));
    await dialog().getByRole('textbox', { name: 'Code' }).fill(GOOD_CODE);
    await page.keyboard.press('Enter');
    await see(dialog().getByRole('listitem'));
    expect(await dialog().getByRole('listitem').allInnerTexts()).toEqual(RECOVERY_CODES);
    await button('I have kept them').click();
    await see(page.getByText('10 left'));
    await button('New recovery codes').click();
    await button('Make them').click();
    await button('I have kept them').click();
    await button('Remove the app').click();
    await dialog().getByRole('button', { name: 'Remove' }).click();
    await see(button('Add an authenticator app'));
    expect(edge.writes.map(({ subject }) => subject)).toEqual(
      [mfa.beginTotp, mfa.replaceRecoveryCodes, mfa.removeTotp].map(({ subject }) => subject),
    );
  });

  it('show a second factor before anything else, by a code, on paper or by a passkey', async () => {
    edge.asks = { before: 'everything', factors: ['totp', 'recovery-code'] };
    await page.goto(url);
    await page.getByLabel('API key').fill(API_KEY);
    await page.keyboard.press('Enter');
    await see(page.getByRole('heading', { name: 'One more step' }));
    await page.getByLabel('Code').fill('000000');
    await page.keyboard.press('Enter');
    await see(page.getByText('That code is not good.'));
    await button('Use a recovery code').click();
    await page.getByLabel('Recovery code').fill(RECOVERY_CODES[0]!);
    await page.keyboard.press('Enter');
    await see(page.getByRole('heading', { name: 'Runs' }));
  });

  it('add one where their organisation asks for it, before anything else', async () => {
    edge.asks = { before: 'everything', factors: [] };
    await page.goto(url);
    await page.getByLabel('API key').fill(API_KEY);
    await page.keyboard.press('Enter');
    await see(page.getByRole('heading', { name: 'Add a second factor' }));
    await button('Add an authenticator app').click();
    await dialog().getByRole('textbox', { name: 'Code' }).fill(GOOD_CODE);
    await page.keyboard.press('Enter');
    await button('I have kept them').click();
    await see(page.getByRole('heading', { name: 'Runs' }));
  });

  it('show it again for what is privileged, and then that is done', async () => {
    await enterAt(page, url, '/members');
    edge.asks = { before: 'privileged', factors: ['totp'] };
    await button('Disable Grace Hopper').click();
    await dialog().getByRole('button', { name: 'Disable' }).click();
    const proof = page.getByRole('dialog', { name: 'Show that it is you' });
    await see(proof);
    await proof.getByRole('button').first().click();
    await see(page.getByText('This takes a proof that it is you.'));
    await dialog().getByRole('button', { name: 'Disable' }).click();
    await proof.getByLabel('Code').fill(GOOD_CODE);
    await page.keyboard.press('Enter');
    await see(row(/Grace Hopper.*grace@example\.com.*Disabled/));
    expect(lastWrite()).toMatchObject({ subject: auth.disableMember.subject });
    edge.asks = { before: 'privileged', factors: [] };
    await button('Invite a person').click();
    await dialog().getByLabel('Name').fill('Linus');
    await button('Make the link').click();
    await proof.getByRole('button', { name: 'Sign in again' }).click();
    await see(page.getByRole('heading', { name: 'Sign in to Conclave' }));
  });

  it('are all asked for a second factor when an administrator says so', async () => {
    await enterAt(page, url, '/connections');
    await button('Ask everybody for it').click();
    await dialog().getByRole('button', { name: 'Ask everybody for it' }).click();
    await see(page.getByText('Everybody shows a second factor, or a passkey, to get in.'));
    expect(lastWrite()).toMatchObject({ subject: mfa.putMfaPolicy.subject, request: { mfa: 'required' } });
  });

  it('come in through providers only when an owner says so, who names others for an emergency', async () => {
    await enterAt(page, url, '/connections');
    await button('Let people in through providers only').click();
    await dialog().getByRole('combobox', { name: 'Owners who may use a passkey all the same' }).click();
    await page.getByRole('option', { name: 'Ada Lovelace' }).click();
    await page.keyboard.press('Tab');
    await dialog().getByRole('button', { name: 'Let people in through providers only' }).click();
    await see(page.getByText('Exempt with a passkey: Ada Lovelace.'));
    const exempt = world.people.waysIn.exempt;
    expect(exempt).toHaveLength(1);
    expect(lastWrite()).toMatchObject({
      subject: signInPolicy.putSignInPolicy.subject,
      request: { providersOnly: true, exempt },
    });
    await gone(dialog());
    await button('Open every way in').click();
    await dialog().getByRole('button', { name: 'Open every way in' }).click();
    await see(page.getByText('with passkeys and with one-time links'));
  });

  it('see where they are signed in, and end what they do not know', async () => {
    await enterAt(page, url, '/you');
    await see(row(/API key, and an authenticator app.*This browser/));
    await button(/^End the sign-in of/).click();
    await dialog().getByRole('button', { name: 'End it' }).click();
    await gone(row(/Passkey/));
    expect(lastWrite()).toMatchObject({ subject: signIns.revokeSignIn.subject });
  });

  it('end all their other sign-ins at once, with a proof that it is them', async () => {
    const [other] = world.people.signIns;
    world.people.signIns.push({ ...other!, id: newId('signIn') });
    await enterAt(page, url, '/you');
    edge.asks = { before: 'privileged', factors: ['totp'] };
    await button('End all others').click();
    await dialog().getByRole('button', { name: 'End them' }).click();
    const proof = page.getByRole('dialog', { name: 'Show that it is you' });
    await proof.getByLabel('Code').fill(GOOD_CODE);
    await page.keyboard.press('Enter');
    await gone(row(/Passkey/));
    await gone(button('End all others'));
    expect(world.people.signIns.map(({ current }) => current)).toEqual([true]);
  });

  it('let a program act for them by the code it shows, and stop it again', async () => {
    await enterAt(page, url, '/device');
    await page.getByRole('textbox', { name: 'Code' }).fill('BCDF-XXXX');
    await page.keyboard.press('Enter');
    await see(page.getByText('No such code waits for an answer.'));
    await page.getByRole('textbox', { name: 'Code' }).fill(USER_CODE.toLowerCase());
    await page.keyboard.press('Enter');
    await see(page.getByRole('heading', { name: 'Conclave CLI wants to act for you' }));
    await see(page.getByText('192.0.2.7'));
    await see(page.getByRole('list', { name: 'What it may do' }).getByText('Start runs and reviews'));
    await button('Allow').click();
    await see(page.getByText('Conclave CLI acts for you now'));
    expect(lastWrite()).toMatchObject({
      subject: oauth.decideDeviceCode.subject,
      request: { allow: true, shown: 'what was shown' },
    });
    await page.goto(`${url}/you`);
    await button('Stop Conclave CLI').click();
    await dialog().getByRole('button', { name: 'Stop it' }).click();
    await gone(row(/Conclave CLI/));
    await see(row(/Release bot.*Read runs and their results and 1 more/));
  });

  it('answer a program that led their browser here, and go back to it', async () => {
    await enterAt(page, url, `/authorize/${AUTHORIZATION}`);
    await see(page.getByText('https://app.example.com'));
    await see(page.getByText(/Mar 4, 2031.*or you stop it/));
    await button('Deny').click();
    await page.waitForURL(`${url}/verify?allowed=false`);
    expect(lastWrite()).toMatchObject({
      ...{ subject: oauth.decideAuthorization.subject, request: { id: AUTHORIZATION, allow: false } },
    });
  });

  it('register a program, whose secret is shown once, and delete it', async () => {
    await enterAt(page, url, '/programs');
    await button('Register a program').click();
    await dialog().getByLabel('Name').fill('Release bot');
    await dialog().getByText('On a server').click();
    await dialog().getByLabel('Addresses').fill('https://bot.example.com/callback');
    await button('Register', true).click();
    await see(dialog().getByText('a-secret-that-is-shown-once'));
    await button('I have copied it').click();
    await see(row(/Release bot.*keeps a secret/));
    await button('Delete Release bot').click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await gone(row(/Release bot/));
  });

  it('are reviewed: all but oneself, for a reason, and the report is taken along', async () => {
    await enterAt(page, url, '/access-reviews');
    await see(page.getByText('No access reviews yet'));
    await button('Begin a review').click();
    await dialog().getByLabel('Name').fill('Third quarter');
    await button('Begin', true).click();
    await see(page.getByRole('heading', { name: 'Third quarter' }));
    await see(row(/Ada Lovelace.*somebody else decides/));
    expect(
      await row(/Ada Lovelace.*member/)
        .getByRole('button')
        .count(),
    ).toBe(0);
    await button('Revoke Grace Hopper').click();
    await dialog().getByLabel('Reason').fill('Has left the team.');
    await page.keyboard.press('Enter');
    await see(row(/Grace Hopper.*Ends.*by you/));
    await page.getByLabel('All but yours').check();
    await button(/^Keep \d+ accesses/).click();
    edge.asks = { before: 'privileged', factors: ['totp'] };
    await dialog().getByLabel('Reason').fill('Still needed.');
    await page.keyboard.press('Enter');
    const proof = page.getByRole('dialog', { name: 'Show that it is you' });
    await proof.getByLabel('Code').fill(GOOD_CODE);
    await page.keyboard.press('Enter');
    await see(row(/Grace Hopper.*Stays/));
    expect(lastWrite()).toMatchObject({ request: { decision: 'keep', reason: 'Still needed.' } });
    await button('Close the review').click();
    await dialog().getByRole('button', { name: 'Close it' }).click();
    await see(row(/Grace Hopper.*Kept/));
    expect(lastWrite()).toMatchObject({ subject: accessReviews.closeAccessReview.subject });
    const download = page.waitForEvent('download');
    await button('Download the report').click();
    expect((await download).suggestedFilename()).toMatch(/^arv_.*\.jsonl$/);
    await see(page.getByText(/conclave access-reviews verify arv_/));
  });

  it('take emergency access that every page shows until it is ended, and judge that of others', async () => {
    await enterAt(page, url, '/emergency-access');
    await button('Judge the access of Grace Hopper').click();
    await dialog().getByText('Not justified').click();
    await dialog().getByLabel('Note').fill('A restart would have done.');
    await page.keyboard.press('Enter');
    await see(row(/Grace Hopper.*Not justified.*A restart would have done/));
    await button('Take emergency access').click();
    await dialog().getByLabel('Reason').fill('Payments are down.');
    await dialog().getByLabel('For').selectOption('15');
    await button('Take it').click();
    const banner = page.getByRole('status', { name: 'Emergency access' });
    await see(banner.getByText(/You have emergency access until .*/));
    expect(lastWrite()).toMatchObject({
      ...{ subject: breakGlass.openBreakGlass.subject, request: { reason: 'Payments are down.', minutes: 15 } },
    });
    await page.goto(`${url}/members`);
    await see(banner.getByText('Payments are down.'));
    await button('End your emergency access').click();
    await dialog().getByRole('button', { name: 'End it now' }).click();
    await gone(banner);
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
    await button('Make a new link for Linus').click();
    await dialog().getByRole('button', { name: 'Make the link' }).click();
    await see(dialog().getByText(`${ORIGIN}/welcome#${LINK_SECRET}`));
    expect(lastWrite()).toMatchObject({ subject: invitations.renewInvitation.subject });
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

  it('get another role, a way back in, are signed out, and get an end', async () => {
    await enterAt(page, url, '/members');
    await button('Change the role of Grace Hopper').click();
    await dialog().getByLabel('Role').selectOption('auditor');
    await dialog().getByRole('button', { name: 'Change' }).click();
    await see(row(/Grace Hopper.*auditor/));
    await button('Let Grace Hopper back in').click();
    await button('Make the link').click();
    await see(dialog().getByText(`${ORIGIN}/welcome#a-way-back-in`));
    await button('I have copied it').click();
    await button('Sign Grace Hopper out').click();
    await dialog().getByRole('button', { name: 'Sign out' }).click();
    await gone(dialog());
    expect(lastWrite()).toMatchObject({ request: { principal: expect.stringMatching(/^prn_/) } });
    await button('Disable Grace Hopper').click();
    await dialog().getByRole('button', { name: 'Disable' }).click();
    await see(row(/Grace Hopper.*Disabled/));
    expect(edge.writes.map(({ subject }) => subject)).toEqual(
      [auth.changeMember, invitations.createRecovery, signIns.revokeSignIns, auth.disableMember].map(
        ({ subject }) => subject,
      ),
    );
    await button('Change the role of Ada Lovelace').click();
    await dialog().getByLabel('Role').selectOption('viewer');
    await dialog().getByRole('button', { name: 'Change' }).click();
    await see(page.getByText('A workspace keeps an administrator.'));
  });

  it('say what they are called, where they are and how they like it', async () => {
    await enterAt(page, url, '/you');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Ada King');
    await page.getByRole('combobox', { name: 'Time zone' }).fill('Europe/Lisbon');
    await page.getByRole('option', { name: 'Europe/Lisbon' }).click();
    await page.getByRole('combobox', { name: 'Appearance' }).click();
    await page.getByRole('option', { name: 'Dark' }).click();
    await button('Save').click();
    await see(button('Saved'));
    expect(lastWrite()).toMatchObject({
      subject: auth.changeMe.subject,
      request: { name: 'Ada King', timeZone: 'Europe/Lisbon', theme: 'dark' },
    });
    expect(await page.evaluate(() => document.documentElement.dataset['mantineColorScheme'])).toBe('dark');
  });

  it('who own the tenant make owners, never the last one none, and say how it shows itself', async () => {
    await enterAt(page, url, '/tenant');
    await see(page.getByText('4 of 25'));
    await button('Remove Ada Lovelace as an owner').click();
    await dialog().getByRole('button', { name: 'Take it away' }).click();
    await see(page.getByText('A tenant keeps an owner.'));
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Member to make an owner' }).click();
    await page.getByRole('option', { name: 'Grace Hopper' }).click();
    await button('Make an owner').click();
    await see(row(/Grace Hopper/));
    await page.getByRole('textbox', { name: 'Accent' }).fill('#ffe900');
    await button('Save').click();
    await see(page.getByText('This cannot be shown at the door.'));
    await page.getByRole('textbox', { name: 'Accent' }).fill('#123456');
    await button('Save').click();
    await gone(page.getByText('This cannot be shown at the door.'));
    expect(lastWrite()).toMatchObject({ request: { displayName: 'Acme Works', accent: '#123456' } });
  });

  it('who may not manage members see them only', async () => {
    world.me.scopes.splice(0, Infinity, 'member:read', 'self:read');
    await enterAt(page, url, '/members');
    await see(row(/Grace Hopper.*developer/));
    expect(await button(/Invite|Role|Disable|Back in/).count()).toBe(0);
    expect(await page.getByText('Invitations').count()).toBe(0);
  });
});
