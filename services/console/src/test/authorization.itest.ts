/** Who may do what: roles, keys, policies and groups, as administrators see them in a real browser. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { auth, roles, scim, tenantRoles } from '@conclave/contracts';
import type { Page } from 'playwright-core';
import { enterAt, gone, hasBrowser, see } from './browser.js';
import type { FakeEdge } from './fake-edge.js';
import { GOOD_CODE } from './fake-people.js';
import { setStage } from './stage.js';
import type { World } from './world.js';

(hasBrowser ? describe : describe.skip)('what people and programs may do', () => {
  const { scene, button, dialog, row, lastWrite } = setStage();
  let page: Page;
  let world: World;
  let edge: FakeEdge;
  beforeEach(() => void ({ page, world, edge } = scene));

  it('is said by roles: made, changed and deleted with a proof of late, and chosen for members', async () => {
    await enterAt(page, edge.url, '/roles');
    await row(/viewer.*built in/)
      .getByText(/^\d+ permissions$/)
      .click();
    await see(row(/viewer/).getByRole('heading', { name: 'Runs and budgets' }));
    await see(row(/viewer/).getByText('Read runs and their results'));
    expect(
      await row(/built in/)
        .getByRole('button')
        .count(),
    ).toBe(0);
    edge.asks = { before: 'privileged', factors: ['totp'] };
    await button('New role').click();
    await dialog().getByLabel('Name').fill('release-manager');
    expect(await button('Create').isDisabled()).toBe(true);
    await button('as auditor').click();
    await dialog().getByLabel('Cancel runs').check();
    await button('Create').click();
    const proof = page.getByRole('dialog', { name: 'Show that it is you' });
    await proof.getByLabel('Code').fill(GOOD_CODE);
    await page.keyboard.press('Enter');
    await see(page.getByText('A role of this name exists.'));
    await dialog().getByRole('textbox', { name: 'Name' }).fill('canceller');
    await button('Create').click();
    await see(row(/canceller.*your own/).getByText('7 permissions'));
    expect(lastWrite()).toMatchObject({ subject: tenantRoles.createRole.subject, request: { name: 'canceller' } });
    await button('Change canceller').click();
    await button('as auditor').click();
    await dialog().getByRole('button', { name: 'Change' }).click();
    await see(row(/canceller/).getByText('6 permissions'));
    expect((lastWrite()?.request as { permissions: string[] }).permissions.toSorted()).toEqual(
      [...roles.auditor].toSorted(),
    );
    await button('Delete release-manager').click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await see(page.getByText('This role is held or given.'));
    await page.keyboard.press('Escape');
    await page.goto(`${edge.url}/members`);
    await button('Change the role of ci').click();
    await dialog().getByLabel('Role').selectOption('canceller');
    await dialog().getByRole('button', { name: 'Change' }).click();
    await see(row(/ci.*canceller/));
    await page.goto(`${edge.url}/roles`);
    await button('Delete canceller').click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await gone(row(/canceller/));
  });

  it('is held by keys: of a service account that is made with it, until a day, from its networks', async () => {
    await enterAt(page, edge.url, '/api-keys');
    await see(row(/ci until .*, from 10\.1\.0\.0\/16 only.*you/));
    await button('New key').click();
    await dialog().getByLabel('Name').fill('deploys');
    await dialog().getByLabel('Lifetime').selectOption('Until a day…');
    await dialog().getByLabel('Last day').fill('2031-03-04');
    await dialog().getByLabel('Whose key').selectOption('A new service account');
    await dialog().getByLabel('Service account').fill('deploy-bot');
    await dialog().getByLabel('Role').selectOption('release-manager');
    expect(await dialog().getByLabel('Cancel runs').count()).toBe(0);
    await dialog().getByLabel('Networks').fill('10.1.0.0/16\n192.0.2.7');
    edge.refuse(auth.createApiKey, 'auth.address.too-wide');
    await button('Create').click();
    await see(page.getByText('A key is good from no more addresses'));
    edge.refuse(auth.createApiKey);
    await button('Create').click();
    await see(dialog().getByText('cnk_a-key-that-is-shown-once'));
    const [made, ...more] = edge.writes.filter(({ subject }) => subject === auth.addMember.subject);
    expect(made?.request).toEqual({ name: 'deploy-bot', kind: 'service-account', role: 'release-manager' });
    expect(more).toEqual([]);
    expect(lastWrite()?.request).toMatchObject({
      ...{ name: 'deploys', principal: world.people.members.at(-1)?.principal.id },
      ...{ scopes: ['run:read', 'decision:read', 'run:control'], allowedAddresses: ['10.1.0.0/16', '192.0.2.7'] },
      expiresAt: expect.stringMatching(/^2031-03-0[45]T/),
    });
    await button('I have copied it').click();
    await see(row(/deploys.*192\.0\.2\.7 only.*deploy-bot/));
  });

  it('is held by an agent that is made along with its key, and is a member by itself', async () => {
    await enterAt(page, edge.url, '/api-keys');
    await button('New key').click();
    await dialog().getByLabel('Name').fill('triage');
    await dialog().getByLabel('Whose key').selectOption('A new agent');
    await dialog().getByRole('textbox', { name: 'Agent' }).fill('Sorter');
    await button('Create').click();
    await see(dialog().getByText('cnk_a-key-that-is-shown-once'));
    const made = edge.writes.filter(({ subject }) => subject === auth.addMember.subject).at(-1);
    expect(made?.request).toEqual({ name: 'Sorter', kind: 'agent', role: 'developer' });
    await page.goto(`${edge.url}/members`);
    await see(row(/Sorter agent/));
  });

  it('is forbidden by policies: tried before they are saved, told where they are wrong, kept by version', async () => {
    await enterAt(page, edge.url, '/policies');
    await see(page.getByText('No policies yet'));
    await button('New policy').click();
    await dialog().getByRole('textbox', { name: 'Name' }).fill('no-creating');
    const text = dialog().getByRole('textbox', { name: 'Text' });
    await text.fill('// nobody\nforbit (principal, action == Action::"run:create", resource);');
    await button('Save').click();
    await see(dialog().getByText('Line 2: invalid policy effect: forbit'));
    await text.fill('forbid (principal, action == Action::"run:create", resource);');
    await gone(dialog().getByText('Line 2'));
    const says = dialog().getByRole('textbox', { name: 'What the request says' });
    await says.fill('{');
    await button('Try it').click();
    await see(dialog().getByText('What the request says is not JSON.'));
    await says.fill('{"agents": ["command"]}');
    await button('Try it').click();
    await see(dialog().getByText('Forbidden by no-creating'));
    await dialog().getByLabel('Action').selectOption('run:read');
    await button('Try it').click();
    await see(dialog().getByText('Permitted by their role'));
    expect(lastWrite()).toMatchObject({
      request: { action: 'run:read', draft: { id: 'no-creating' }, resource: { attributes: { agents: ['command'] } } },
    });
    await button('Save').click();
    await see(row(/no-creating 1 /));
    await button('Open no-creating').click();
    await text.fill('forbid (principal, action == Action::"run:read", resource);');
    await button('Save').click();
    await see(row(/no-creating 2 /));
    await button('Open no-creating').click();
    await dialog().getByLabel('Version').selectOption('1');
    await see(dialog().getByText('An earlier one: saving it makes it the newest.'));
    await page.waitForFunction(() => document.querySelector('textarea')?.value.includes('run:create'));
    await page.keyboard.press('Escape');
    await button('Delete no-creating').click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await gone(row(/no-creating/));
  });

  it('is given by groups of the directory, which is told where it writes and with which key', async () => {
    await enterAt(page, edge.url, '/groups');
    await see(page.getByText(`${edge.url}/scim/v2`));
    await button('Make a key').click();
    await dialog().getByRole('button', { name: 'Create' }).click();
    await see(dialog().getByText('cnk_a-key-that-is-shown-once'));
    expect(lastWrite()?.request).toEqual({ name: 'directory', scopes: ['scim:provision'] });
    await button('I have copied it').click();
    await see(row(/Engineering none 12/));
    await button('Change the role of Engineering').click();
    await dialog().getByLabel('Role').selectOption('developer');
    await dialog().getByRole('button', { name: 'Change' }).click();
    await see(row(/Engineering developer 12/));
    await button('Change the role of Auditors').click();
    await dialog().getByLabel('Role').selectOption('none');
    edge.refuse(scim.setGroupRole, 'auth.member.last-administrator');
    await dialog().getByRole('button', { name: 'Change' }).click();
    await see(page.getByText('A workspace keeps an administrator.'));
    edge.refuse(scim.setGroupRole);
    await dialog().getByRole('button', { name: 'Change' }).click();
    await see(row(/Auditors none 1/));
    expect(lastWrite()?.request).toMatchObject({ role: null });
  });
});
