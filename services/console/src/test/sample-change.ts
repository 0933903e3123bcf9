/** A change to a small checkout library whose tests are green for bad reasons, and what a panel finds in it. */
import { createHash } from 'node:crypto';
import type { Finding, ReplyOf, runtime } from '@conclave/contracts';

export type Diff = ReplyOf<typeof runtime.getRunDiff>;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
export const commit = (text: string): string => sha256(text).slice(0, 40);

export const subject = {
  repository: 'git.example.com/shop/checkout',
  base: commit('base'),
  head: commit('head'),
  tree: commit('tree'),
  diffSha256: sha256('diff'),
};

const added = (text: string): string[] => text.split('\n').map((line) => `+${line}`);

export const diff: Diff = {
  truncated: false,
  files: [
    {
      path: 'README.md',
      status: 'modified',
      binary: false,
      hunks: [
        {
          oldStart: 3,
          newStart: 3,
          lines: ['-Totals and taxes of an order, in cents.', '+Totals, taxes and discounts of an order, in cents.'],
        },
      ],
    },
    {
      path: 'package.json',
      status: 'modified',
      binary: false,
      hunks: [
        {
          oldStart: 8,
          newStart: 8,
          lines: ['-  "dependencies": {}', '+  "dependencies": {', '+    "@example/promo-codes": "^2.1.0"', '+  }'],
        },
      ],
    },
    {
      path: 'src/discounts.js',
      status: 'added',
      binary: false,
      hunks: [
        {
          oldStart: 0,
          newStart: 1,
          lines: added(`const PARTNER_KEY_ID = '${['AKIA', 'Z7QH3M5XWK2JVTN4'].join('')}';

/** What a code takes off an amount, in cents. */
export function discount(cents, code) {
  if (code === 'TEN') return cents / 10;
  if (code === 'PARTNER\u202E') return PARTNER_KEY_ID ? cents / 5 : 0;
  return 0;
}`),
        },
      ],
    },
    {
      path: 'src/totals.js',
      status: 'modified',
      binary: false,
      hunks: [
        {
          oldStart: 6,
          newStart: 6,
          lines: ['-/** Tax on an amount, in whole cents: half a cent goes up. */', '+/** Tax on an amount. */'],
        },
        {
          oldStart: 8,
          newStart: 8,
          lines: ['-  return Math.round((cents * percent) / 100);', '+  return (cents * percent) / 100;'],
        },
      ],
    },
    {
      path: 'test/totals.test.js',
      status: 'modified',
      binary: false,
      hunks: [
        { oldStart: 7, newStart: 6, lines: ['-  assert.equal(total([]), 0);'] },
        {
          oldStart: 10,
          newStart: 9,
          lines: [
            "-test('tax is rounded to whole cents', () => {",
            "+test.skip('tax is rounded to whole cents', () => {",
          ],
        },
      ],
    },
    { path: 'docs/flow.png', status: 'modified', binary: true, hunks: [] },
  ],
};

export const findings: readonly Finding[] = [
  {
    path: 'package.json',
    line: 9,
    rule: 'missing-from-lockfile',
    severity: 'error',
    juror: 'supply-chain',
    message: '@example/promo-codes is declared but not in package-lock.json: what gets installed is not pinned.',
  },
  {
    path: 'src/discounts.js',
    line: 1,
    rule: 'aws-access-key-id',
    severity: 'error',
    juror: 'secrets',
    message: 'An AWS access key id is committed. Revoke it; removing the line does not remove it from history.',
  },
  {
    path: 'src/discounts.js',
    line: 6,
    rule: 'bidirectional-control',
    severity: 'error',
    juror: 'bidi',
    message: 'U+202E reorders what readers see: the code compared here is not the one displayed.',
  },
  {
    path: 'test/totals.test.js',
    line: 6,
    rule: 'lost-assertion',
    severity: 'error',
    juror: 'tests-weakened',
    message: 'An assertion about the empty order was removed, and no other test makes it.',
  },
  {
    path: 'test/totals.test.js',
    line: 9,
    rule: 'skipped-test',
    severity: 'error',
    juror: 'tests-weakened',
    message: 'The test “tax is rounded to whole cents” no longer runs.',
  },
  {
    path: 'src/discounts.js',
    line: 4,
    rule: 'untested-hunk',
    severity: 'warning',
    juror: 'hunk-ablation',
    message: 'Without this hunk all tests stay green: nothing tests it.',
  },
  {
    path: 'src/totals.js',
    line: 8,
    rule: 'behaviour-outside-intent',
    severity: 'warning',
    juror: 'scope',
    message: 'Tax is no longer rounded, which “Add discount codes to the checkout” does not mention.',
  },
  {
    path: 'CHANGELOG.md',
    line: 1,
    rule: 'co-change',
    severity: 'info',
    juror: 'co-change',
    message: 'CHANGELOG.md changed with src/totals.js in 9 of 10 commits; this one leaves it.',
  },
];
