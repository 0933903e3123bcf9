/** The console in a real browser, as it ships, under the edge's content policy. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { audit, auth, consensus, delivery, newId, runs, runtime } from '@conclave/contracts';
import type { Page } from 'playwright-core';
import { enterAt, gone, hasBrowser, INSECURE_HOST, see, signIn } from './browser.js';
import { tampered } from './deciding.js';
import type { FakeEdge } from './fake-edge.js';
import { AUTHORIZATION, LINK_SECRET } from './fake-people.js';
import { auditPage, overflow } from './page-audit.js';
import { setStage } from './stage.js';
import { API_KEY, newWorld, type World } from './world.js';

(hasBrowser ? describe : describe.skip)('the console', () => {
  const { scene, button, dialog } = setStage();
  let page: Page;
  let world: World;
  let edge: FakeEdge;
  beforeEach(() => void ({ page, world, edge } = scene));

  const enter = (path: string): Promise<void> => enterAt(page, edge.url, path);
  const textsOf = (selector: string): Promise<string[]> => page.locator(selector).allTextContents();
  const decisionPath = (): string => `/decisions/${world.rejected.decision}`;
  const trust = (file: string): Promise<void> =>
    page
      .locator('input[type=file]')
      .last()
      .setInputFiles({ name: 'trust.json', mimeType: 'application/json', buffer: Buffer.from(file) });

  describe('signing in', () => {
    it('says when a key is not valid, and keeps the person at the door', async () => {
      await page.goto(edge.url);
      await page.getByLabel('API key').fill('cnk_wrong');
      await page.keyboard.press('Enter');
      await see(page.getByText('This key is not valid'));
      expect(await page.getByLabel('API key').getAttribute('aria-invalid')).toBe('true');
    });

    it('takes a good key, and keeps it nowhere', async () => {
      await signIn(page, edge.url);
      await see(page.getByRole('heading', { name: 'Runs' }));
      const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
      expect(kept).not.toContain(API_KEY);
    });

    it('signs out for good', async () => {
      await enter('/');
      await button(/Ada Lovelace/).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await see(page.getByRole('heading', { name: 'Sign in to Conclave' }));
      await page.reload();
      await see(page.getByRole('heading', { name: 'Sign in to Conclave' }));
    });

    it('asks again when the sign-in ends, and goes on at the same page', async () => {
      await enter('/decisions');
      await see(page.getByRole('row', { name: /Rejected/ }));
      edge.endSignIns();
      await see(page.getByText('Your sign-in has ended'));
      await page.getByLabel('API key').fill(API_KEY);
      await page.keyboard.press('Enter');
      await see(page.getByRole('heading', { name: 'Decisions' }));
    });

    it('offers nothing that the key does not permit', async () => {
      world.me.scopes.splice(0, Infinity, 'run:read', 'self:read');
      await enter(`/runs/${world.live.id}`);
      await see(page.getByText('3 of 10 seats have judged').last());
      expect(await page.getByRole('navigation', { name: 'Main' }).getByRole('link').allTextContents()).toEqual([
        'Runs',
        'Verify a receipt',
      ]);
      expect(await button('Cancel…').count()).toBe(0);
    });
  });

  describe('runs', () => {
    it('are listed with outcome and age, and lead to each', async () => {
      await enter('/runs');
      const row = page.getByRole('row', { name: /Add discount codes/ });
      await see(row);
      expect(await row.textContent()).toMatch(/Rejected.*6\.4 s.*4m ago/);
      await page.getByRole('link', { name: 'Add discount codes to the checkout' }).press('Enter');
      await see(page.getByRole('heading', { level: 1, name: 'Add discount codes to the checkout' }));
      await page.goBack();
      await see(row);
    });

    it('can be narrowed to a state', async () => {
      await enter('/runs');
      await page.getByLabel('State of the runs').selectOption('failed');
      await gone(page.getByRole('row', { name: /Add discount codes/ }));
      await see(page.getByRole('row', { name: /Vendor the fonts/ }));
    });

    it('show up by themselves, and older ones when asked for', async () => {
      for (let n = 0; n < 25; n++)
        world.runs.push({ ...world.rejected, id: newId('run'), title: `Earlier change ${n}` });
      await enter('/runs');
      await see(button('Show older'));
      expect(await page.getByText('Earlier change 24').count()).toBe(0);
      await button('Show older').click();
      await see(page.getByText('Earlier change 24'));
      world.runs.unshift({ ...world.rejected, id: newId('run'), title: 'Only just begun' });
      await see(page.getByText('Only just begun'));
    });

    it('that are none show the line that starts one', async () => {
      world.runs.length = 0;
      await enter('/runs');
      await see(page.getByText('npm exec conclave -- review --repo <directory>'));
    });

    it('that cannot be read say why, and can be tried again', async () => {
      edge.refuse(runtime.listRuns, 'auth.forbidden');
      await enter('/runs');
      await see(page.getByRole('alert').getByText('You are not permitted to do this.'));
      edge.refuse(runtime.listRuns);
      await button('Try again').click();
      await see(page.getByRole('row', { name: /Add discount codes/ }));
    });

    it('that do not exist say so', async () => {
      await enter(`/runs/${newId('run')}`);
      await see(page.getByText('There is no such run here.'));
    });

    it('that failed say why', async () => {
      await enter(`/runs/${world.runs.find(({ state }) => state === 'failed')!.id}`);
      await see(page.getByText('Could not be judged'));
      await see(page.getByText('review.jury-malformed'));
    });
  });

  describe('a run that is under way', () => {
    const judged = (n: number) => page.getByText(`${n} of 10 seats have judged`).last();

    it('shows each seat as it judges, across a lost connection, and its result', async () => {
      await enter(`/runs/${world.live.id}`);
      await see(judged(3));
      edge.tell(2);
      await see(judged(5));
      edge.dropStreams();
      edge.tell(2);
      await see(judged(7));
      expect(await page.locator('li[data-type="seat.judged"]').count()).toBe(7);
      edge.tell(Infinity);
      await see(judged(10));
      await see(page.getByText('The run was completed'));
      await see(page.getByText('Completed', { exact: true }));
      await page.getByRole('link', { name: 'Open the decision' }).click();
      await see(page.getByText('All 8 counted votes are in favour'));
    });

    it('is canceled after asking, once', async () => {
      await enter(`/runs/${world.live.id}`);
      await button('Cancel…').click();
      await see(dialog().getByText('A canceled run cannot be resumed.'));
      await page.keyboard.press('Escape');
      await gone(dialog());
      expect(edge.writes).toEqual([]);
      await button('Cancel…').click();
      await button('Cancel the run').click();
      await see(page.getByText('Canceled', { exact: true }));
      expect(edge.writes).toMatchObject([{ subject: runtime.cancelRun.subject, request: { id: world.live.id } }]);
      expect(edge.writes[0]!.key).toMatch(/^[\x21-\x7e]+$/);
    });

    it('says when canceling is refused', async () => {
      await enter(`/runs/${world.live.id}`);
      edge.refuse(runtime.cancelRun, 'runtime.run.finished');
      await button('Cancel…').click();
      await button('Cancel the run').click();
      await see(dialog().getByText('The run has already ended.'));
    });
  });

  describe('a run of tasks', () => {
    const asks = (task: string) => page.getByRole('region', { name: `${task} asks` });
    const open = (): Promise<void> => enter(`/runs/${world.asking.run.id}`);

    it('is listed with its kind, and shows its tasks with what they gave', async () => {
      await enter('/runs');
      const row = page.getByRole('row', { name: /Ship version 2\.4/ });
      await see(row);
      expect(await row.textContent()).toMatch(/Tasks.*Waiting for input/);
      await page.getByRole('link', { name: 'Ship version 2.4' }).press('Enter');
      const tasks = page.getByRole('region', { name: 'Tasks' });
      await see(tasks.getByText('after build'));
      expect(await tasks.getByRole('listitem').first().textContent()).toMatch(/^build command.*Done/);
      expect(await tasks.getByText('root').count()).toBe(0);
      await tasks.getByText('What it gave').click();
      await see(tasks.getByText('"exitCode": 0'));
      await see(page.getByText('ship asks a person'));
      expect(await page.getByText('seats have judged').count()).toBe(0);
    });

    it('asks what it waits for until all is answered, and shows what came out', async () => {
      await open();
      await see(asks('ship').getByText('May version 2.4 be shipped?'));
      expect(await textsOf('mark')).toEqual(['U+202E']);
      await asks('ship').getByRole('button', { name: 'Ship it' }).click();
      await gone(asks('ship'));
      await asks('notes').getByLabel('Your answer').fill('Discount codes');
      await asks('notes').getByRole('button', { name: 'Answer' }).click();
      await gone(asks('notes'));
      await see(asks('deploy').getByText(/Nobody knows whether command happened/));
      await asks('deploy').getByLabel('What it gave').fill('{"url":');
      await see(asks('deploy').getByText('This is not JSON.'));
      await asks('deploy').getByLabel('What it gave').fill('{"url":"https://x"}');
      await asks('deploy').getByRole('button', { name: 'It happened' }).click();
      await see(page.getByRole('region', { name: 'Result' }).getByText('"https://x"'));
      expect(edge.writes.map(({ request }) => request['answer'])).toEqual([
        ...['ship', 'Discount codes'],
        { resolution: 'done', result: { url: 'https://x' } },
      ]);
    });

    it('says when somebody was faster, and when the key does not permit answering', async () => {
      await open();
      edge.refuse(runs.answerRun, 'runtime.wait.closed');
      await asks('ship').getByRole('button', { name: 'Not yet' }).click();
      await see(asks('ship').getByText('This was answered before, or its time is over.'));
      world.me.scopes.splice(0, Infinity, 'run:read', 'self:read');
      await open();
      await see(asks('ship').getByText('Your key does not permit answering.'));
      expect(await button('Pause').count()).toBe(0);
    });

    it('is paused and goes on', async () => {
      await open();
      await button('Pause').click();
      await see(page.getByText('Paused', { exact: true }));
      await button('Resume').click();
      await see(page.getByText('Waiting for input', { exact: true }));
      world.asking.run.state = 'paused';
      await see(button('Resume'));
      edge.refuse(runs.resumeRun, 'runtime.run.not-paused');
      await button('Resume').click();
      await see(page.getByText('The run is not paused any more.'));
    });

    it('that failed or expired says so in its own words', async () => {
      const failure = { code: 'task.failed', message: 'Nobody answered in time.' };
      Object.assign(world.asking.run, { state: 'failed', failure });
      await open();
      await see(page.getByText('Nobody answered in time.'));
      expect(await page.getByText('Could not be judged').count()).toBe(0);
      delete world.asking.run.failure;
      world.asking.run.state = 'expired';
      await open();
      await see(page.getByText('Its deadline passed.'));
    });
  });

  describe('a decision', () => {
    it('shows outcome, reason, ballots, dissent, evidence and policy', async () => {
      await enter(decisionPath());
      await see(page.getByText('4 of 8 counted votes are against, and the rule is unanimous.'));
      await see(page.getByText('1 of 9 voter keys are held outside the platform'));
      const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) }).textContent();
      expect(await row('secrets')).toMatch(/check · conclave.*No.*A credential is committed.*1.*external/);
      expect(await row('scope')).toMatch(/Yes.*dissent/);
      expect(await row('secrets')).not.toContain('dissent');
      expect(await row('co-change')).toMatch(/Abstains/);
      await see(page.getByRole('region', { name: 'Gates' }).getByText('node --test passes on base'));
      await see(page.getByText('conclave/review'));
      await see(page.getByText('touches package.json'));
    });

    it('has each finding below its line of the diff, with what hides in a line made visible', async () => {
      await enter(decisionPath());
      await see(page.getByRole('region', { name: 'Findings on the change' }));
      const lines = await textsOf('table[aria-label="Changed lines of test/totals.test.js"] tr');
      const at = (part: string): number => lines.findIndex((line) => line.includes(part));
      expect(lines[at('+test.skip(')]).toMatch(/^9\+test\.skip/);
      expect(lines[at('+test.skip(') + 1]).toContain('no longer runs');
      expect(lines[at('−  assert.equal(total([]), 0);') + 1]).toContain(
        'An assertion about the empty order was removed',
      );
      expect(await textsOf('mark')).toEqual(['U+202E']);
      await see(page.getByText('not part of the change'));
    });

    it('says of a file whose lines are left out that they are, and keeps its findings', async () => {
      const left = 'src/totals.js';
      const files = world.diff.files.map((file) =>
        file.path === left ? { ...file, truncated: true, hunks: [] } : file,
      );
      world.diff = { truncated: true, files };
      await enter(decisionPath());
      const file = page.locator('details', { has: page.getByRole('heading', { name: left }) });
      await see(file.getByText('The change is too large to show these lines here.'));
      expect(await file.locator('summary').textContent()).toBe(`${left}modified`);
      await see(file.getByRole('article', { name: 'Warning by scope, line 8' }));
      await see(page.getByText('8 findings in 6 changed files'));
      await see(page.getByText('not shown here'));
      expect(await page.getByText('not part of the change').count()).toBe(0);
    });

    it('lets no path, message or reason pose as another', async () => {
      const posing = <T>(value: T): T =>
        JSON.parse(
          JSON.stringify(value)
            .replaceAll('src/totals.js', 'src/\u202Esj.slatot')
            .replaceAll(/(Tax|A test) is/g, '$1\u200B is'),
        ) as T;
      world.diff = posing(world.diff);
      Object.assign(world.results.get(world.rejected.id)!, posing(world.results.get(world.rejected.id)));
      world.stories.set(world.rejected.id, posing(world.stories.get(world.rejected.id)!));
      world.decisions.splice(0, Infinity, ...posing(world.decisions));
      for (const path of [decisionPath(), `/runs/${world.rejected.id}`]) {
        await enter(path);
        await see(page.getByText(/^src\/.*sj\.slatot$/));
        await see(page.getByText(/^Tax.* is no longer rounded/));
        await see(page.getByText(/^A test.* is skipped/));
        expect(await page.evaluate(() => document.body.innerText)).not.toMatch(/\p{Cf}/u);
        expect(await textsOf('mark')).toEqual(expect.arrayContaining(['U+202E', 'U+200B']));
      }
    });

    it('leads from the list of findings to each, and hides severities', async () => {
      await enter(decisionPath());
      const list = page.getByRole('navigation', { name: 'Findings by file' });
      await list.getByRole('link', { name: /Without this hunk/ }).click();
      expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
        'Warning by hunk-ablation, line 4',
      );
      await page.getByText('2 warnings').click();
      await gone(list.getByRole('link', { name: /Without this hunk/ }));
      await see(list.getByRole('link', { name: /no longer runs/ }));
    });

    it('opens at the finding a run leads to', async () => {
      await enter(`/runs/${world.rejected.id}`);
      await page.getByRole('link', { name: /Tax is no longer rounded/ }).click();
      const finding = page.getByRole('article', { name: 'Warning by scope, line 8' });
      await see(finding);
      expect(await finding.evaluate((card) => card === document.activeElement)).toBe(true);
    });

    it('is never shown with the findings of another, whatever the address says', async () => {
      const other = world.runs.find(({ outcome }) => outcome === 'approved')!;
      await enter(`${decisionPath()}?run=${other.id}`);
      await see(page.getByText('8 findings in 6 changed files'));
      expect(await page.getByRole('link', { name: 'The run', exact: true }).getAttribute('href')).toBe(
        `/runs/${world.rejected.id}`,
      );
    });

    it('that is still open shows who has not voted yet', async () => {
      await enter(`/decisions/${world.end.decision.id}`);
      await see(page.getByText('Voting'));
      expect(await page.getByRole('row', { name: /Not yet/ }).count()).toBe(9);
      expect(await page.getByRole('link', { name: 'Verify the receipt' }).count()).toBe(0);
    });

    it('that nobody ran, or that has no findings, is shown without', async () => {
      const plain = { ...world.decisions[2]!, id: newId('decision') };
      world.decisions.push(plain);
      await enter(`/decisions/${plain.id}`);
      await see(page.getByText('All 8 counted votes are in favour'));
      expect(await page.getByText('Findings on the change').count()).toBe(0);
      await page.goto(`${edge.url}/decisions/${world.decisions[2]!.id}`);
      await see(page.getByText('No findings in 6 changed files'));
    });
  });

  describe('a vote', () => {
    const open = (): Promise<void> => enter(`/decisions/${world.voting.id}`);
    const ballot = () => page.getByRole('region', { name: 'Your ballot', exact: true });
    const commit = () => ballot().getByRole('button', { name: 'Commit with your passkey' });

    it('is a ballot as the rule asks for it, which must say something', async () => {
      await open();
      await see(ballot().getByText('You vote as lead.'));
      expect(await commit().isDisabled()).toBe(true);
      await ballot().getByLabel('SQLite').selectOption('1.');
      expect(await commit().isDisabled()).toBe(false);
      await ballot().getByLabel('Abstain').check();
      expect(await ballot().getByRole('button', { name: 'Vote with your passkey' }).isDisabled()).toBe(true);
      await gone(ballot().getByLabel('SQLite'));
    });

    it('is not signed when the terms are not those that are shown', async () => {
      await open();
      await ballot().getByLabel('SQLite').selectOption('1.');
      await commit().press('Enter');
      await see(page.getByRole('alert').getByText('What is shown is not what would be signed.'));
      expect(edge.writes).toEqual([]);
    });

    it('that was committed elsewhere is revealed with the saved copy, and with nothing else', async () => {
      world.voting.ballots[0]!.status = 'committed';
      world.voting.phase = 'reveal';
      const copy = (of: object): Promise<void> =>
        page.locator('input[type=file]').setInputFiles({
          ...{ name: 'ballot.json', mimeType: 'application/json' },
          buffer: Buffer.from(JSON.stringify({ ballot: of, salt: Buffer.alloc(32).toString('base64') })),
        });
      const { voterId } = world.voterKeys[0]!;
      await open();
      await see(page.getByText(/nobody can reveal the ballot, the platform included/));
      await copy({ decisionId: world.rejected.decision, voterId });
      await see(page.getByRole('alert').getByText('This is not your ballot in this decision.'));
      await copy({ decisionId: world.voting.id, voterId, round: 1, reason: '', ranking: [['sqlite']] });
      await see(button('Reveal with your passkey'));
      await see(button('Save a copy'));
    });

    it('is asked of nobody who may not vote, or has no passkey in the electorate', async () => {
      world.voterKeys.length = 0;
      await open();
      await see(page.getByRole('row', { name: /operations.*Not yet/ }));
      expect(await ballot().count()).toBe(0);
    });
  });

  describe('voter keys', () => {
    it('are the person’s own, and revoked after asking', async () => {
      world.voterKeys.push({ ...world.voterKeys[0]!, name: 'of another', enrolledBy: newId('principal') });
      world.voterKeys.push({ ...world.voterKeys[0]!, voterId: newId('voter'), name: 'phone', pending: true });
      await enter('/voter-keys');
      await see(
        page.getByRole('row', { name: /laptop.*at https:\/\/conclave\.example\.com.*Votes.*a passkey of yours/ }),
      );
      await see(page.getByRole('row', { name: /phone.*Pending/ }));
      expect(await page.getByText('of another').count()).toBe(0);
      await button('Revoke laptop').click();
      await dialog().getByRole('button', { name: 'Revoke' }).click();
      await see(page.getByRole('row', { name: /laptop.*Revoked/ }));
    });

    it('that are none say what they are for, and are made at the console’s own address only', async () => {
      world.voterKeys.length = 0;
      await enter('/voter-keys');
      await see(page.getByText('You have no voter key yet'));
      await button('Enrol a passkey').click();
      await page.getByLabel('Name').fill('laptop');
      await button('Make the passkey').click();
      await see(dialog().getByText('Open the console at https://conclave.example.com.'));
      edge.refuse(consensus.challengeVoterKey, 'consensus.voter-key.no-passkeys');
      await button('Make the passkey').click();
      await see(dialog().getByText('This installation takes no passkeys.'));
    });
  });

  describe('a receipt', () => {
    const stepsSaying = async (word: string): Promise<string[]> =>
      page
        .locator(`li[data-word="${word}"]`)
        .evaluateAll((steps) => steps.map((step) => step.getAttribute('data-step') ?? ''));
    const drop = (text: string): Promise<void> =>
      page
        .locator('input[type=file]')
        .first()
        .setInputFiles({ name: 'r.json', mimeType: 'application/json', buffer: Buffer.from(text) });

    it('is consistent but untrusted without a trust file, and says what was not checked', async () => {
      await enter(`${decisionPath()}/receipt`);
      await see(page.locator('[data-status="consistent-untrusted"]'));
      expect(await stepsSaying('Not checked')).toEqual(['signature', 'checkpoint', 'witnesses', 'policy']);
      expect(await stepsSaying('Holds')).toEqual(['parse', 'subject', 'inclusion', 'entry', 'ballots', 'tally']);
    });

    it('is trusted under a trust file that names its keys, until that is forgotten', async () => {
      await enter(`${decisionPath()}/receipt`);
      await trust(world.consensus.trustFile(world.log));
      await see(page.locator('[data-status="trusted"]'));
      expect(await stepsSaying('Holds')).toHaveLength(10);
      await button('Forget').click();
      await see(page.locator('[data-status="consistent-untrusted"]'));
    });

    it('is not trusted under keys of somebody else', async () => {
      const other = await newWorld();
      await enter(`${decisionPath()}/receipt`);
      await trust(other.consensus.trustFile(other.log));
      await see(page.locator('[data-status]:not([data-status="consistent-untrusted"])'));
      expect(await page.locator('[data-status]').getAttribute('data-status')).not.toBe('trusted');
      expect(await stepsSaying('Failed')).toHaveLength(1);
      expect(await stepsSaying('Not reached')).not.toEqual([]);
    });

    it('refuses a trust file that is none, and says why', async () => {
      await enter('/verify');
      await button('Paste…').click();
      await page.getByLabel('Trust policy').fill('{"version":1,"logs":[],"services":[],"mistyped":1}');
      await see(dialog().getByText(/mistyped/));
      expect(await button('Trust these keys').isDisabled()).toBe(true);
    });

    it('of any origin is verified from a file, and a changed one is found out', async () => {
      const receipt = world.receipts.get(world.rejected.decision!)!;
      await enter('/verify');
      await trust(world.consensus.trustFile(world.log));
      await drop(JSON.stringify(receipt));
      await see(page.locator('[data-status="trusted"]'));
      await see(page.getByText('1 of 9 voter keys outside the platform'));
      await drop(tampered(receipt));
      await gone(page.locator('[data-status="trusted"]'));
      expect(await stepsSaying('Failed')).toHaveLength(1);
      await drop('not a receipt');
      await see(page.locator('[data-status="malformed"]'));
    });

    it('is downloaded as it was verified', async () => {
      await enter(`${decisionPath()}/receipt`);
      const [download] = await Promise.all([page.waitForEvent('download'), button('Download').click()]);
      expect(download.suggestedFilename()).toBe(`decision-${world.rejected.decision}.receipt.json`);
    });

    it('that is not written yet appears when it is', async () => {
      edge.refuse(consensus.getReceipt, 'consensus.receipt.pending');
      await enter(`${decisionPath()}/receipt`);
      await see(page.getByText('The receipt is not ready yet.'));
      edge.refuse(consensus.getReceipt);
      await see(page.locator('[data-status="consistent-untrusted"]'));
    });

    it('cannot be verified on a page without cryptography, which is said', async () => {
      await enter(`${decisionPath()}/receipt`);
      await page.goto(`http://${INSECURE_HOST}:${edge.port}/verify`);
      await page.getByLabel('API key').fill(API_KEY);
      await page.keyboard.press('Enter');
      await see(page.getByRole('heading', { name: 'Verify a receipt' }));
      await drop('{}');
      await see(page.getByText('This page cannot check signatures'));
    });
  });

  describe('the audit log', () => {
    it('proves an entry in the browser', async () => {
      await enter('/audit');
      await see(page.getByText('Only grew', { exact: true }));
      await button('Open entry 23').click();
      await button('Prove that it is in the log').click();
      await see(page.getByRole('list', { name: 'Proof of inclusion' }));
      const steps = await page
        .getByRole('list', { name: 'Proof of inclusion' })
        .getByRole('listitem')
        .allTextContents();
      expect(steps).toHaveLength(3);
      expect(steps.every((step) => step.startsWith('Holds: '))).toBe(true);
    });

    it('does not prove an entry that is shown otherwise than it was logged', async () => {
      const entry = world.log.entries[23]!;
      world.log.entries[23] = { ...entry, body: world.log.entries[20]!.body };
      await enter('/audit');
      await button('Open entry 23').click();
      await button('Prove that it is in the log').click();
      await see(page.getByText('Failed: The entry’s bytes have the hash it is listed with'));
    });

    it('is held to what it showed this browser before', async () => {
      await enter('/audit');
      await see(page.getByText('Nothing was added since'));
      world.log.append('run.created', 'prn_ada', new Date().toISOString(), {});
      await see(page.getByText(/Only grew from 25 to 26 entries/));
      world.log = world.log.rewritten();
      await see(page.getByText('Do not rely on this log'));
      await page.reload();
      await see(page.getByText('Do not rely on this log'));
    });

    it('can be narrowed to a type', async () => {
      await enter('/audit');
      await see(page.getByText('run.created').last());
      await page.getByLabel('Type of the entries').selectOption('decision.sealed');
      await gone(page.locator('td').getByText('run.created'));
      await see(page.locator('td').getByText('decision.sealed'));
      expect(await page.locator('td').getByText('decision.sealed').count()).toBe(8);
    });

    it('that is empty has no checkpoint, which is said', async () => {
      edge.refuse(audit.getCheckpoint, 'audit.log.empty');
      await enter('/audit');
      await see(page.getByText('The log has no checkpoint yet.'));
    });
  });

  describe('the rest', () => {
    it('counts decisions and usage per day, as pictures and as tables', async () => {
      await enter('/analytics');
      await see(page.getByRole('img', { name: /^Decisions: \d+ in 30 days/ }));
      await page.getByText('7 days', { exact: true }).click();
      await see(page.getByRole('img', { name: /^Decisions: \d+ in 7 days/ }));
      await page.getByText('As a table').first().click();
      expect(await page.getByRole('table').first().getByRole('row').count()).toBe(8);
    });

    it('installs and uninstalls a package', async () => {
      await enter('/packages');
      await button('Install').click();
      await see(page.getByText('Installed 1.0.0'));
      await page.getByText('Seats and manifest').click();
      await see(page.getByText('tests-gate 1'));
      await button('Uninstall…').click();
      await dialog().getByRole('button', { name: 'Uninstall' }).click();
      await gone(page.getByText('Installed 1.0.0'));
      expect(world.installations).toEqual([]);
    });

    it('creates a webhook, shows its secret once, and deletes it', async () => {
      await enter('/webhooks');
      await button('New webhook').click();
      await page.getByRole('textbox', { name: 'Address' }).fill('http://169.254.1.1/');
      await button('Create').click();
      await see(dialog().getByText('The address is not allowed as a webhook target.'));
      await page.getByRole('textbox', { name: 'Address' }).fill('https://hooks.example.com/x');
      await button('Create').click();
      await see(dialog().getByText('whsec_c2hvd24gb25jZQ=='));
      await button('I have copied it').click();
      await page.getByRole('link', { name: 'https://hooks.example.com/x' }).click();
      await see(page.getByText('connect ECONNREFUSED'));
      expect(await page.content()).not.toContain('whsec_');
      await button('Delete…').click();
      await dialog().getByRole('button', { name: 'Delete' }).click();
      await see(page.getByRole('heading', { name: 'Webhooks' }));
      expect(edge.writes.map(({ subject }) => subject)).toEqual([
        delivery.createWebhook.subject,
        delivery.deleteWebhook.subject,
      ]);
    });

    it('creates a key with chosen permissions, shows it once, and revokes it', async () => {
      await enter('/api-keys');
      await button('New key').click();
      await page.getByLabel('Name').fill('nightly');
      await button('as auditor').click();
      await button('Create').click();
      await see(dialog().getByText('cnk_a-key-that-is-shown-once'));
      expect(edge.writes.at(-1)).toMatchObject({
        subject: auth.createApiKey.subject,
        request: {
          name: 'nightly',
          scopes: ['audit:read', 'decision:read', 'policy:read', 'self:read', 'self:manage', 'tally:compute'],
        },
      });
      await button('I have copied it').click();
      await button('Revoke nightly').click();
      await dialog().getByLabel('Also stop the runs it started').check();
      await button('Leave it').click();
      await button('Revoke nightly').click();
      expect(await dialog().getByLabel('Also stop the runs it started').isChecked()).toBe(false);
      await dialog().getByRole('button', { name: 'Revoke' }).click();
      await see(page.getByRole('row', { name: /nightly.*Revoked/ }));
      expect(edge.writes.at(-1)).toMatchObject({ subject: auth.revokeApiKey.subject, request: { runs: 'keep' } });
    });

    it('knows no such page', async () => {
      await enter('/nowhere');
      await see(page.getByText('There is nothing at this address'));
    });
  });

  describe('every page', () => {
    const pages: Readonly<Record<string, () => string>> = {
      runs: () => '/runs',
      'a run': () => `/runs/${world.rejected.id}`,
      'a run of tasks': () => `/runs/${world.asking.run.id}`,
      'a live run': () => `/runs/${world.live.id}`,
      decisions: () => '/decisions',
      'a decision': decisionPath,
      'its receipt': () => `${decisionPath()}/receipt`,
      verification: () => '/verify',
      'the audit log': () => '/audit',
      analytics: () => '/analytics',
      members: () => '/members',
      roles: () => '/roles',
      groups: () => '/groups',
      policies: () => '/policies',
      you: () => '/you',
      programs: () => '/programs',
      tenant: () => '/tenant',
      'sign-in providers': () => '/connections',
      'access reviews': () => '/access-reviews',
      'emergency access': () => '/emergency-access',
      'a program that asks': () => `/authorize/${AUTHORIZATION}`,
      'a code to type': () => '/device',
      packages: () => '/packages',
      webhooks: () => '/webhooks',
      'a webhook': () => `/webhooks/${world.webhooks[0]!.id}`,
      'API keys': () => '/api-keys',
      'voter keys': () => '/voter-keys',
      'a ballot to fill in': () => `/decisions/${world.voting.id}`,
      'no page': () => '/nowhere',
    };
    const faultsInLightAndDark = async (): Promise<string[]> => {
      const found = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        found.push(...(await auditPage(page)).map((fault) => `${colorScheme}: ${fault}`));
      }
      return found;
    };

    it.each(Object.keys(pages))('has names, landmarks and contrast, and fits a phone: %s', async (name) => {
      await enter(pages[name]!());
      await gone(page.getByRole('status', { name: 'Loading' }));
      expect(await faultsInLightAndDark()).toEqual([]);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await overflow(page)).toBe(0);
    });

    it('has names, landmarks and contrast: the door, dialogs and menus', async () => {
      await page.goto(edge.url);
      await see(page.getByLabel('API key'));
      expect(await faultsInLightAndDark()).toEqual([]);
      await page.goto(`${edge.url}/welcome#${LINK_SECRET}`);
      await see(button('Make a passkey and sign in'));
      expect(await faultsInLightAndDark()).toEqual([]);
      await enter('/members');
      for (const opener of ['Invite a person', 'Change the role of ci', 'Let Grace Hopper back in']) {
        await button(opener).click();
        await see(dialog());
        expect({ opener, faults: await faultsInLightAndDark() }).toEqual({ opener, faults: [] });
        await page.keyboard.press('Escape');
        await gone(dialog());
      }
      await enter('/api-keys');
      for (const opener of ['New key', 'Revoke ci']) {
        await button(opener).click();
        await see(dialog());
        expect({ opener, faults: await faultsInLightAndDark() }).toEqual({ opener, faults: [] });
        await page.keyboard.press('Escape');
        await gone(dialog());
      }
      await button(/account and appearance/).click();
      await see(page.getByRole('menu'));
      expect(await faultsInLightAndDark()).toEqual([]);
    });

    it('is a menu away on a phone', async () => {
      await page.setViewportSize({ width: 360, height: 740 });
      await enter('/runs');
      await button('Open the menu').click();
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Audit log' }).click();
      await see(page.getByRole('heading', { name: 'Audit log' }));
      await gone(page.getByRole('navigation', { name: 'Main' }));
    });

    it('can be gone through by keyboard: to the content, through the list, into dialogs and back out', async () => {
      await enter('/api-keys');
      await see(button('Revoke ci'));
      await page.getByRole('link', { name: 'Skip to content' }).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('New key');
      await page.keyboard.press('Enter');
      await see(dialog());
      expect(await page.evaluate(() => document.activeElement?.getAttribute('placeholder'))).toBe('ci');
      await page.keyboard.press('Escape');
      await gone(dialog());
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('New key');
    });
  });
});
