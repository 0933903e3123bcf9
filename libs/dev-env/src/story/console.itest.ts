/** The sample story as its reader sees it: the console in a real browser, before the whole installation. */
import { existsSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { consensus, Decision, ReplyOf } from '@conclave/contracts';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { repositoryRoot } from '../paths.js';
import { mustRun, run } from '../processes/run.js';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { addAuthenticator } from './authenticator.js';
import { logIn } from './log-in.js';
import { Api, ProgramVoter } from './program-voter.js';
import { branches, intent } from './sample.js';
import { playStory, program } from './story.js';

const browserProgram = process.env['CONCLAVE_CHROMIUM'] ?? '/usr/bin/chromium';
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
];

type VoterKey = ReplyOf<typeof consensus.listVoterKeys>['items'][number];
type ReceiptKey = ReplyOf<typeof consensus.listReceiptKeys>['items'][number];

(existsSync(browserProgram) ? describe : describe.skip)('the console on the whole installation', () => {
  let platform: Constellation;
  let dir: string;
  let env: NodeJS.ProcessEnv;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    if (!existsSync(join(repositoryRoot, 'services/console/dist/index.html')))
      await mustRun('npm', ['run', '-s', 'build', '-w', '@conclave/console'], {
        cwd: repositoryRoot,
        env: process.env,
      });
    platform = await startConstellation();
    dir = dirname(platform.devFile);
    env = { ...process.env, CONCLAVE_STATE_DIR: dir };
    const output = openSync(join(dir, 'story.log'), 'w');
    await playStory({ dataDir: dir, env, say: () => undefined, output });
    closeSync(output);
    browser = await chromium.launch({ executablePath: browserProgram, args: FLAGS });
    page = await browser.newPage({ viewport: { width: 1360, height: 860 }, reducedMotion: 'reduce' });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(message.text());
    });
    await page.goto(platform.console);
    await page.getByLabel('API key').fill(platform.apiKey);
    await page.keyboard.press('Enter');
    await see(page.getByRole('heading', { name: 'Runs' }));
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 60_000);

  const see = (what: Locator): Promise<void> => what.first().waitFor({ timeout: 20_000 });
  const goTo = (place: string): Promise<void> =>
    page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place }).click();
  const openRejected = async (): Promise<void> => {
    await goTo('Runs');
    await page.getByRole('link', { name: 'Add discount codes' }).click();
    await page.getByRole('link', { name: 'Open the decision' }).click();
    await see(page.getByText('Rejected'));
  };

  /** Tries again for a while: what is awaited depends on a checkpoint. */
  const until = async (attempt: () => Promise<void>): Promise<void> => {
    for (const last = Date.now() + 20_000; ;) {
      const fault = await attempt().then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      if (!fault) return;
      if (Date.now() > last) throw fault.error;
      await sleep(100);
    }
  };

  it('shows why the change is rejected, with each finding below its line', async () => {
    await openRejected();
    await see(page.getByText('3 of 10 counted votes are against, and the rule is unanimous.'));
    await see(page.getByRole('region', { name: 'Findings on the change' }));
    const lines = await page
      .getByRole('table', { name: 'Changed lines of test/totals.test.js' })
      .getByRole('row')
      .allTextContents();
    const skipped = lines.findIndex((line) => line.includes('test.skip('));
    expect(lines[skipped]).toMatch(/^9\+/);
    expect(lines[skipped + 1]).toMatch(/switched off.*skipped-test.*line 9/);
    const row = page.getByRole('row', { name: /^secrets/ });
    expect(await row.textContent()).toMatch(/check · conclave.*No.*src\/discounts\.js:1/);
    await see(page.getByRole('region', { name: 'Gates' }).getByText('Green'));
  });

  it('verifies the receipt in the browser: consistent alone, trusted under the trust file of the repository', async () => {
    await openRejected();
    await page.getByRole('link', { name: 'Verify the receipt' }).click();
    await see(page.locator('[data-status="consistent-untrusted"]'));
    const trustFile = readFileSync(join(dir, 'sample/.conclave/trust.json'));
    const upload = { name: 'trust.json', mimeType: 'application/json', buffer: trustFile };
    await page.locator('input[type=file]').last().setInputFiles(upload);
    await see(page.locator('[data-status="trusted"]'));
    expect(await page.locator('li[data-word="Holds"]').count()).toBe(10);
  });

  it('finds out the receipt with one byte flipped', async () => {
    await goTo('Verify a receipt');
    await page.locator('input[type=file]').first().setInputFiles(join(dir, 'receipts/tampered.receipt.json'));
    await see(page.locator('[data-status="bad-signature"]'));
    expect(await page.locator('li[data-word="Failed"]').getAttribute('data-step')).toBe('signature');
  });

  it('lets the command line in by the code it shows', async () => {
    const login = await logIn(platform.gateway, join(dir, 'home'), 'self:read run:create', async (userCode) => {
      await page.goto(`${platform.console}device?user_code=${userCode}`);
      await page.getByRole('button', { name: 'Continue' }).click();
      await see(page.getByRole('heading', { name: 'Conclave CLI wants to act for you' }));
      await see(page.getByText(userCode));
      await see(page.getByText('Start runs and reviews'));
      await page.getByRole('button', { name: 'Allow' }).click();
      await see(page.getByText('Conclave CLI acts for you now'));
    });
    expect(login).toMatchObject({ code: 0, said: { me: { scopes: ['run:create', 'self:read'] } } });
    await goTo('You');
    await page.getByRole('button', { name: 'Stop Conclave CLI' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop it' }).click();
    await see(page.getByText('No programs act for you'));
    expect((await login.conclave('whoami')).code).not.toBe(0);
  }, 60_000);

  it('follows a review while it is judged, to its end', async () => {
    await goTo('Runs');
    const words = ['--repo', join(dir, 'sample'), '--base', branches.target, '--head', branches.approved];
    const reviewed = run(process.execPath, [program, 'review', ...words, '--intent', `${intent}, again`], { env });
    const runsOfTitle = page.getByRole('link', { name: 'Round discounts, test them, restore the tests' });
    await see(runsOfTitle.nth(1));
    await runsOfTitle.first().click();
    await see(page.getByText('11 of 11 seats have judged').last());
    await see(page.getByText('The run was completed'));
    expect((await reviewed).code).toBe(0);
    await see(page.getByText('Approved'));
  }, 60_000);

  it('proves entries of the audit log, which only grew', async () => {
    await goTo('Audit log');
    await see(page.getByText('Only grew', { exact: true }));
    await page.getByLabel('Type of the entries').selectOption('decision.sealed');
    await page
      .getByRole('button', { name: /^Open entry/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Prove that it is in the log' }).click();
    const steps = page.getByRole('list', { name: 'Proof of inclusion' }).getByRole('listitem');
    await see(steps);
    expect((await steps.allTextContents()).map((step) => step.split(':', 1)[0])).toEqual(['Holds', 'Holds', 'Holds']);
  });

  it('manages keys, webhooks and packages through the edge', async () => {
    await goTo('API keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('nightly');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await page.getByRole('button', { name: 'Revoke nightly' }).click();
    await page.getByLabel('Also stop the runs it started').check();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await see(page.getByRole('row', { name: /nightly.*Revoked/ }));
    await goTo('Webhooks');
    await see(page.getByText('No webhooks yet'));
    await goTo('Packages');
    await see(page.getByText(/^Installed \d+\.\d+\.\d+/));
    await goTo('Analytics');
    await see(page.getByRole('img', { name: /^Decisions: \d+ in 30 days/ }));
  });

  it('lets a person vote with a passkey, sealed, and the receipt counts their key as outside the platform', async () => {
    const api = new Api(platform.gateway, platform.apiKey);
    await page.goto(platform.console);
    await addAuthenticator(page);
    await goTo('Voter keys');
    await see(page.getByText('You have no voter key yet'));
    await page.getByRole('button', { name: 'Enrol a passkey' }).click();
    await page.getByLabel('Name').fill('laptop');
    await page.keyboard.press('Enter');
    await see(
      page.getByRole('row', { name: /laptop.*webauthn-es256 at http:\/\/localhost.*Votes.*a passkey of yours/ }),
    );
    const keys = await api.call<{ items: VoterKey[] }>('GET', '/v1/voter-keys');
    const person = keys.items.find(({ custody }) => custody === 'passkey')!;

    const programs = [await ProgramVoter.enrol(api, 'one'), await ProgramVoter.enrol(api, 'two')];
    const { id, termsSha256 } = await api.call<Decision>('POST', '/v1/decisions', {
      question: 'Shall version 3 be released?',
      options: [{ id: 'release', title: 'Release it' }],
      rule: { method: 'approval-gate', threshold: { num: 2, den: 3 }, quorum: { num: 1, den: 1 } },
      secrecy: 'sealed',
      electorate: [
        { voterId: person.voterId, kind: 'human', name: 'release manager', family: 'people' },
        ...programs.map(({ voterId }, at) => ({ voterId, kind: 'remote', name: `bot ${at}`, family: `bot ${at}` })),
      ],
    });
    await goTo('Decisions');
    await page.getByRole('link', { name: 'Shall version 3 be released?' }).click();
    const ballot = page.getByRole('region', { name: 'Your ballot' });
    await ballot.getByLabel('Approve').press('Space');
    await ballot.getByLabel('Reason').fill('The notes are written.');
    await ballot.getByRole('button', { name: 'Commit with your passkey' }).press('Enter');
    await see(page.getByText('You reveal it when all commits are in.'));
    for (const program of programs) await program.commit(id, termsSha256);
    const reveal = page.getByRole('button', { name: 'Reveal with your passkey' });
    await see(page.getByText('All commits are in.'));
    await until(async () => {
      if (await reveal.isVisible()) await reveal.click({ timeout: 1_000 });
      await page.getByRole('row', { name: /release manager.*Yes.*The notes are written/ }).waitFor({ timeout: 1_000 });
    });
    for (const program of programs) await until(() => program.reveal(id, termsSha256));
    await see(page.getByRole('link', { name: 'Verify the receipt' }));

    const receipt = await api.call<object>('GET', `/v1/decisions/${id}/receipt`);
    const { vkey } = await api.call<{ vkey: string }>('GET', '/v1/audit/log');
    const { items } = await api.call<{ items: ReceiptKey[] }>('GET', '/v1/receipt-keys');
    const services = items.map(({ keyid, publicKey }) => ({ keyid, publicKey }));
    const voters = [{ voterId: person.voterId, publicKey: person.publicKey }];
    const verified = (minExternalCustody: number) => {
      const trust = { version: 1, logs: [vkey], services, voters, minExternalCustody };
      writeFileSync(join(dir, 'passkey.trust.json'), JSON.stringify(trust));
      const words = ['verify', join(dir, 'passkey.receipt.json'), '--trust', join(dir, 'passkey.trust.json'), '--json'];
      return run(process.execPath, [program, ...words], { env: { PATH: process.env['PATH'] } });
    };
    writeFileSync(join(dir, 'passkey.receipt.json'), JSON.stringify(receipt));
    const { code, stdout } = await verified(1);
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 0,
      receipt: { outcome: { status: 'approved' }, custody: { platform: 0, external: 2, passkey: 1 } },
    });
    expect((await verified(2)).code).toBe(9);

    await goTo('Voter keys');
    await page.getByRole('button', { name: 'Rotate laptop' }).click();
    await page.getByRole('button', { name: 'Make the passkey' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    const registered = (await api.call<{ items: VoterKey[] }>('GET', '/v1/voter-keys')).items;
    const rotated = registered.filter(({ voterId }) => voterId === person.voterId);
    expect(rotated.map(({ publicKey }) => publicKey === person.publicKey)).toContain(false);
  }, 60_000);

  it('lets in whom an administrator invites, who needs a passkey and no key from then on', async () => {
    const invited = await browser.newPage();
    await addAuthenticator(invited);
    const button = (name: string | RegExp) => invited.getByRole('button', { name });
    const runs = invited.getByRole('heading', { name: 'Runs' });
    const signOut = async (): Promise<void> => {
      await button(/account and appearance/).click();
      await invited.getByRole('menuitem', { name: 'Sign out' }).click();
    };
    await invited.goto(`${platform.console}members`);
    await invited.getByLabel('API key').fill(platform.apiKey);
    await invited.keyboard.press('Enter');
    await button('Invite a person').click();
    const form = invited.getByRole('dialog');
    await form.getByLabel('Name').fill('Linus');
    await form.getByRole('button', { name: 'Make the link' }).click();
    const link = await form.getByText('/welcome#').textContent();
    await button('I have copied it').click();
    await signOut();

    await invited.goto(link!);
    await see(invited.getByText(/^Linus, Administrator invites you to default of .* as developer\.$/));
    await button('Make a passkey and sign in').click();
    await see(runs);
    await signOut();
    await button('Sign in with a passkey').click();
    await see(runs);
    expect(await invited.getByRole('link', { name: 'API keys' }).count()).toBe(0);
    await invited.getByRole('link', { name: 'You' }).click();
    await see(invited.getByRole('row', { name: /First passkey/ }));
    await see(invited.getByRole('row', { name: /^Passkey.*This browser/ }));
    await invited.goto(link!);
    await see(invited.getByText('This link opens nothing.'));
    await invited.close();
  }, 60_000);

  it('shows the other tenant nothing, and signs out', async () => {
    await page.getByRole('button', { name: /account and appearance/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('API key').fill(platform.apiKeyB);
    await page.keyboard.press('Enter');
    await goTo('Runs');
    await see(page.getByText('No runs yet'));
    expect(faults).toEqual([]);
  });
});
