/**
 * The sample repository of the story: a small checkout library, a change to it whose tests are green for bad reasons,
 * and the same change done well. Written with git, with fixed names and dates, so that its commits are the same
 * everywhere.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mustRun } from '../processes/run.js';

type Files = Readonly<Record<string, string>>;

const manifest = (dependencies: Readonly<Record<string, string>>) =>
  JSON.stringify(
    { name: 'checkout', version: '1.4.0', type: 'module', scripts: { test: 'node --test' }, dependencies },
    null,
    2,
  ) + '\n';

const lockfile =
  JSON.stringify(
    {
      name: 'checkout',
      version: '1.4.0',
      lockfileVersion: 3,
      requires: true,
      packages: { '': { name: 'checkout', version: '1.4.0' } },
    },
    null,
    2,
  ) + '\n';

const totals = `/** Sum of the lines, in cents. */
export function total(lines) {
  return lines.reduce((sum, { cents, count }) => sum + cents * count, 0);
}

/** Tax on an amount, in whole cents: half a cent goes up. */
export function tax(cents, percent) {
  return Math.round((cents * percent) / 100);
}
`;

const totalsTest = `import assert from 'node:assert/strict';
import test from 'node:test';
import { tax, total } from '../src/totals.js';

test('a total is the sum of its lines', () => {
  assert.equal(total([{ cents: 250, count: 2 }, { cents: 99, count: 1 }]), 599);
  assert.equal(total([]), 0);
});

test('tax is rounded to whole cents', () => {
  assert.equal(tax(1050, 19), 200);
  assert.equal(tax(1, 19), 0);
});
`;

const base: Files = {
  'README.md': '# checkout\n\nTotals, taxes and discounts of an order, in cents.\n',
  'package.json': manifest({}),
  'package-lock.json': lockfile,
  'src/totals.js': totals,
  'test/totals.test.js': totalsTest,
};

/** Shaped like a cloud credential and never valid; put together here so that no scanner takes it for one of ours. */
const credential = ['AKIA', 'Z7QH3M5XWK2JVTN4'].join('');

/** Half a discount: tax is no longer rounded, and the tests were bent until they agreed. */
const shortcut: Files = {
  'package.json': manifest({ '@example/promo-codes': '^2.1.0' }),
  'src/totals.js': `/** Sum of the lines, in cents. */
export function total(lines) {
  return lines.reduce((sum, { cents, count }) => sum + cents * count, 0);
}

/** Tax on an amount. */
export function tax(cents, percent) {
  return (cents * percent) / 100;
}
`,
  'src/discounts.js': `const PARTNER_KEY_ID = '${credential}';

/** What a code takes off an amount, in cents. */
export function discount(cents, code) {
  if (code === 'TEN') return cents / 10;
  if (code === 'PARTNER') return PARTNER_KEY_ID ? cents / 5 : 0;
  return 0;
}
`,
  'test/totals.test.js': `import assert from 'node:assert/strict';
import test from 'node:test';
import { tax, total } from '../src/totals.js';

test('a total is the sum of its lines', () => {
  assert.equal(total([{ cents: 250, count: 2 }, { cents: 99, count: 1 }]), 599);
});

test.skip('tax is rounded to whole cents', () => {
  assert.equal(tax(1050, 19), 200);
  assert.equal(tax(1, 19), 0);
});
`,
};

/** The discount itself, tested, and everything else as it was. */
const repair: Files = {
  'package.json': base['package.json'] ?? '',
  'src/totals.js': totals,
  'src/discounts.js': `const percentOff = { TEN: 10, PARTNER: 20 };

/** What a code takes off an amount, in whole cents; an unknown code takes nothing off. */
export function discount(cents, code) {
  return Math.floor((cents * (percentOff[code] ?? 0)) / 100);
}
`,
  'test/totals.test.js': totalsTest,
  'test/discounts.test.js': `import assert from 'node:assert/strict';
import test from 'node:test';
import { discount } from '../src/discounts.js';

test('a code takes its percentage off, in whole cents', () => {
  assert.equal(discount(1000, 'TEN'), 100);
  assert.equal(discount(999, 'TEN'), 99);
  assert.equal(discount(1000, 'PARTNER'), 200);
});

test('an unknown code takes nothing off', () => {
  assert.equal(discount(1000, 'NOPE'), 0);
});
`,
};

/** What the author says both changes are for. */
export const intent = 'Add discount codes to the checkout';

export const branches = { target: 'main', rejected: 'discounts', approved: 'discounts-done-well' } as const;

/** The command that runs the sample's tests. */
export const testCommand = 'node --test';

/**
 * Creates the repository with `main`, `discounts` and `discounts-done-well`.
 *
 * @param addJury called in the checkout of `main` before anything branches off, to put a jury there
 */
export async function createSample(dir: string, addJury: () => Promise<void>): Promise<void> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const git = gitIn(dir);
  await git('init', '--quiet', '--initial-branch', branches.target);
  await commit(git, dir, 'Totals and taxes', base);
  await addJury();
  await commit(git, dir, 'Changes are judged by a panel', {});
  await git('checkout', '--quiet', '-b', branches.rejected);
  await commit(git, dir, 'Add discount codes', shortcut);
  await git('checkout', '--quiet', '-b', branches.approved);
  await commit(git, dir, 'Round discounts, test them, restore the tests', repair);
  await git('checkout', '--quiet', branches.target);
}

async function commit(git: Git, dir: string, message: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  await git('add', '--all');
  await git('commit', '--quiet', '--message', message);
}

type Git = (...args: string[]) => Promise<string>;

/** git without the user's configuration, hooks or signing. */
function gitIn(dir: string): Git {
  const person = { NAME: 'Sam Sample', EMAIL: 'sam@example.org', DATE: '2026-01-05T09:00:00Z' };
  const identity = Object.entries(person).flatMap(([key, value]) => [
    [`GIT_AUTHOR_${key}`, value],
    [`GIT_COMMITTER_${key}`, value],
  ]);
  const env = {
    ...process.env,
    ...(Object.fromEntries(identity) as Record<string, string>),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
  };
  return (...args) => mustRun('git', ['-c', 'core.hooksPath=/dev/null', ...args], { cwd: dir, env });
}
