/**
 * The sample repository of the story: a small checkout library with a history, a change to it whose tests are green for
 * bad reasons, and the same change done well. Written with git, with fixed names and dates, so that its commits are the
 * same everywhere.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mustRun } from '../processes/run.js';

type Files = Readonly<Record<string, string>>;

/** One step of the library's history: the code it added, its test, and its line in the change log. */
interface Release {
  readonly note: string;
  readonly code: string;
  readonly test: string;
}

const total: Release = {
  note: 'The sum of an order',
  code: `/** Sum of the lines, in cents. */
export function total(lines) {
  return lines.reduce((sum, { cents, count }) => sum + cents * count, 0);
}
`,
  test: `test('a total is the sum of its lines', () => {
  assert.equal(totals.total([{ cents: 250, count: 2 }, { cents: 99, count: 1 }]), 599);
  assert.equal(totals.total([]), 0);
});
`,
};

const tax: Release = {
  note: 'Tax, in whole cents',
  code: `/** Tax on an amount, in whole cents: half a cent goes up. */
export function tax(cents, percent) {
  return Math.round((cents * percent) / 100);
}
`,
  test: `test('tax is rounded to whole cents', () => {
  assert.equal(totals.tax(1050, 19), 200);
  assert.equal(totals.tax(1, 19), 0);
});
`,
};

const others: readonly Release[] = [
  {
    note: 'What a customer pays',
    code: `/** Total and tax, in cents. */
export function gross(lines, percent) {
  return total(lines) + tax(total(lines), percent);
}
`,
    test: `test('a customer pays total and tax', () => {
  assert.equal(totals.gross([{ cents: 1000, count: 1 }], 19), 1190);
});
`,
  },
  {
    note: 'Free shipping from 50 up',
    code: `/** Shipping, in cents. */
export function shipping(lines) {
  return total(lines) >= 5000 ? 0 : 490;
}
`,
    test: `test('shipping is free from 50 up', () => {
  assert.equal(totals.shipping([{ cents: 5000, count: 1 }]), 0);
  assert.equal(totals.shipping([{ cents: 4999, count: 1 }]), 490);
});
`,
  },
  {
    note: 'The number of pieces',
    code: `/** How many pieces are ordered. */
export function pieces(lines) {
  return lines.reduce((sum, { count }) => sum + count, 0);
}
`,
    test: `test('pieces are counted over all lines', () => {
  assert.equal(totals.pieces([{ cents: 1, count: 2 }, { cents: 1, count: 3 }]), 5);
});
`,
  },
  {
    note: 'Amounts as people write them',
    code: `/** An amount as people write it. */
export function written(cents) {
  return (cents / 100).toFixed(2);
}
`,
    test: `test('an amount is written with two decimals', () => {
  assert.equal(totals.written(599), '5.99');
});
`,
  },
];

const releases: readonly Release[] = [total, tax, ...others];

const json = (value: object) => JSON.stringify(value, null, 2) + '\n';

const manifest = (dependencies: Readonly<Record<string, string>>) =>
  json({ name: 'checkout', version: '1.6.0', type: 'module', scripts: { test: 'node --test' }, dependencies });

const lockfile = json({
  name: 'checkout',
  version: '1.6.0',
  lockfileVersion: 3,
  requires: true,
  packages: { '': { name: 'checkout', version: '1.6.0' } },
});

const source = (parts: readonly Release[], imports = '') => imports + parts.map(({ code }) => code).join('\n');

const tests = (parts: readonly Release[]) =>
  [
    `import assert from 'node:assert/strict';\nimport test from 'node:test';\nimport * as totals from '../src/totals.js';\n`,
    ...parts.map(({ test }) => test),
  ].join('\n');

const changeLog = (notes: readonly string[]) => `# Changes\n\n${notes.map((note) => `- ${note}\n`).join('')}`;

const notes = releases.map(({ note }) => note);

const start: Files = {
  'README.md': '# checkout\n\nTotals, taxes and discounts of an order, in cents.\n',
  'package.json': manifest({}),
  'package-lock.json': lockfile,
};

/** Shaped like a cloud credential and never valid; put together here so that no scanner takes it for one of ours. */
const credential = ['AKIA', 'Z7QH3M5XWK2JVTN4'].join('');

const discounted = `/** Sum of the lines less the discount, in cents. */
export function total(lines, code) {
  const sum = lines.reduce((sum, { cents, count }) => sum + cents * count, 0);
  return sum - discount(sum, code);
}
`;
const imports = `import { discount } from './discounts.js';\n\n`;

/** Half a discount: tax is no longer rounded, and the tests were bent until they agreed. */
const shortcut: Files = {
  'package.json': manifest({ '@example/promo-codes': '^2.1.0' }),
  'src/totals.js': source(
    [
      { ...total, code: discounted },
      { ...tax, code: tax.code.replace('Math.round((cents * percent) / 100)', '(cents * percent) / 100') },
      ...others,
    ],
    imports,
  ),
  'src/discounts.js': `const PARTNER_KEY_ID = '${credential}';

/** What a code takes off an amount, in cents. */
export function discount(cents, code) {
  if (code === 'TEN') return cents / 10;
  if (code === 'PARTNER') return PARTNER_KEY_ID ? cents / 5 : 0;
  return 0;
}
`,
  'test/totals.test.js': tests([
    { ...total, test: total.test.replace(/.*\[\]\), 0.*\n/, '') },
    { ...tax, test: tax.test.replace('test(', 'test.skip(') },
    ...others,
  ]),
};

/** The discount itself, tested and noted, and everything else as it was. */
const repair: Files = {
  'CHANGES.md': changeLog([...notes, 'Discount codes']),
  'package.json': manifest({}),
  'src/totals.js': source([{ ...total, code: discounted }, tax, ...others], imports),
  'src/discounts.js': `const percentOff = { TEN: 10, PARTNER: 20 };

/** What a code takes off an amount, in whole cents; an unknown code takes nothing off. */
export function discount(cents, code) {
  return Math.floor((cents * (percentOff[code] ?? 0)) / 100);
}
`,
  'test/totals.test.js': tests([
    total,
    {
      ...total,
      test: `test('a code takes its percentage off the total, in whole cents', () => {
  assert.equal(totals.total([{ cents: 1000, count: 1 }], 'TEN'), 900);
  assert.equal(totals.total([{ cents: 999, count: 1 }], 'TEN'), 900);
  assert.equal(totals.total([{ cents: 1000, count: 1 }], 'PARTNER'), 800);
});

test('an unknown code takes nothing off', () => {
  assert.equal(totals.total([{ cents: 1000, count: 1 }], 'NOPE'), 1000);
});
`,
    },
    tax,
    ...others,
  ]),
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
 * @param env finds git
 */
export async function createSample(
  dir: string,
  addJury: () => Promise<void>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const git = gitIn(dir, env);
  await git('init', '--quiet', '--initial-branch', branches.target);
  await commit(git, dir, 'A checkout library', start);
  for (const count of releases.keys()) {
    const parts = releases.slice(0, count + 1);
    await commit(git, dir, releases[count]?.note ?? '', {
      'CHANGES.md': changeLog(notes.slice(0, count + 1)),
      'src/totals.js': source(parts),
      'test/totals.test.js': tests(parts),
    });
  }
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
function gitIn(dir: string, outer: NodeJS.ProcessEnv): Git {
  const person = { NAME: 'Sam Sample', EMAIL: 'sam@example.org', DATE: '2026-01-05T09:00:00Z' };
  const identity = Object.entries(person).flatMap(([key, value]) => [
    [`GIT_AUTHOR_${key}`, value],
    [`GIT_COMMITTER_${key}`, value],
  ]);
  const env = {
    ...outer,
    ...(Object.fromEntries(identity) as Record<string, string>),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
  };
  return (...args) => mustRun('git', ['-c', 'core.hooksPath=/dev/null', ...args], { cwd: dir, env });
}
