import { describe, expect, it } from '@jest/globals';
import { judged, type Story } from './judged.js';

const before = {
  'billing/src/invoice.py': ['def total(items):', '    return sum(items)'],
  'auth/src/login.py': ['def login(user):', '    return True'],
  'web/app/page.tsx': ['export const Page = () => <p>Hi</p>;'],
  '.github/workflows/ci.yml': ['on: push'],
};

const told: Record<string, [Story, string[]]> = {
  'an area nobody spoke of': [
    {
      before,
      intent: 'Round invoice totals to cents',
      after: {
        'billing/src/invoice.py': ['def total(items):', '    return round(sum(items), 2)'],
        'auth/src/login.py': ['def login(user):', '    return user is not None'],
      },
    },
    ['warning unmentioned-area auth/src/login.py:2'],
  ],
  'a pipeline nobody spoke of': [
    {
      before,
      message: 'fix(billing): rounding',
      after: {
        'billing/src/invoice.py': ['def total(items):', '    return round(sum(items), 2)'],
        '.github/workflows/ci.yml': ['on: [push]'],
      },
    },
    ['warning unmentioned-pipeline .github/workflows/ci.yml:1'],
  ],
};

const silent: Record<string, Story> = {
  'areas the intent names, however it spells them': {
    before,
    intent: 'InvoiceTotals are rounded; the login page greets users by name',
    after: {
      'billing/src/invoice.py': ['def total(items):', '    return round(sum(items), 2)'],
      'auth/src/login.py': ['def login(user):', '    return user'],
      'web/app/page.tsx': ['export const Page = () => <p>Hello</p>;'],
    },
  },
  'a rename that reaches everywhere': {
    before: {
      'a/x/one.go': ['package one', 'var fetchUser = 1'],
      'b/y/two.go': ['package two', 'call(fetchUser)'],
      'c/z/three.go': ['package three', 'call(fetchUser)'],
    },
    intent: 'Rename fetchUser to loadUser',
    after: {
      'a/x/one.go': ['package one', 'var loadUser = 1'],
      'b/y/two.go': ['package two', 'call(loadUser)'],
      'c/z/three.go': ['package three', 'call(loadUser)'],
    },
  },
  'tests, documentation, manifests and neighbours': {
    before,
    intent: 'Round invoice totals',
    after: {
      'billing/src/invoice.py': ['x'],
      'billing/src/money.py': ['y'],
      'tests/test_other.py': ['z'],
      'docs/a.md': 'a\n',
      'package.json': '{}\n',
      '.gitignore': 'x\n',
    },
  },
};

describe('scope', () => {
  it.each(Object.entries(told))('tells %s', async (_, [story, findings]) => {
    expect(await judged('scope', story)).toEqual(findings);
  });

  it.each(Object.entries(silent))('is silent about %s', async (_, story) => {
    expect(await judged('scope', story)).toEqual([]);
  });

  it('abstains without an intent, and when the intent names nothing in the change', async () => {
    const after = { 'auth/src/login.py': ['x'] };
    expect(await judged('scope', { before, after })).toEqual(['abstains: no intent was stated']);
    expect(await judged('scope', { before, after, intent: 'Make it better' })).toEqual([
      'abstains: no intent was stated',
    ]);
    expect(await judged('scope', { before, after, intent: 'Faster spaceships' })).toEqual([
      'abstains: the intent names nothing that the change touches',
    ]);
  });
});
