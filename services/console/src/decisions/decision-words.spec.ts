import { describe, expect, it } from '@jest/globals';
import type { Decision } from '@conclave/contracts';
import { saidText } from '@conclave/verify';
import { dissents, objectionsFirst, reasonText, ruleText, shortened, whyText } from './decision-words.js';

type Ballot = Decision['ballots'][number];
const ballot = (said: Partial<Ballot>): Ballot => ({
  ...{ voterId: 'vtr_1', name: 'secrets', kind: 'check', family: 'conclave', weight: 1 },
  ...{ status: 'counted', custody: 'platform' },
  ...said,
});
const outcome = (status: string, ...winners: string[]) => ({ status, winners, reason: '' });

describe('dissents', () => {
  it('is a counted vote against the outcome, whichever way it went', () => {
    expect(dissents(ballot({ vote: 'no' }), outcome('approved', 'approved'))).toBe(true);
    expect(dissents(ballot({ vote: 'yes' }), outcome('rejected', 'rejected'))).toBe(true);
    expect(dissents(ballot({ vote: 'yes' }), outcome('approved', 'approved'))).toBe(false);
  });

  it('is nobody when nothing was decided, and nobody who was not counted', () => {
    expect(dissents(ballot({ vote: 'no' }), outcome('undecided'))).toBe(false);
    expect(dissents(ballot({ vote: 'no', status: 'void' }), outcome('approved', 'approved'))).toBe(false);
    expect(dissents(ballot({ vote: 'no' }), undefined)).toBe(false);
  });

  it('of rankings and scores goes by the first choice', () => {
    expect(dissents(ballot({ ranking: [['a', 'b'], ['c']] }), outcome('decided', 'b'))).toBe(false);
    expect(dissents(ballot({ ranking: [['a'], ['b']] }), outcome('decided', 'b'))).toBe(true);
    expect(dissents(ballot({ score: { a: 3, b: 5 } }), outcome('decided', 'a'))).toBe(true);
    expect(dissents(ballot({ choice: 'a' }), outcome('decided', 'a'))).toBe(false);
    expect(dissents(ballot({ approve: ['b', 'c'] }), outcome('decided', 'a'))).toBe(true);
  });
});

it('says rules, reasons and choices in words', () => {
  expect(ruleText({ method: 'approval-gate', variant: 'unanimous' })).toBe('Unanimous: one vote against rejects');
  expect(
    ruleText({ method: 'approval-gate', threshold: { num: 2, den: 3 }, quorum: { num: 1, den: 2 }, minVoters: 3 }),
  ).toBe('Approved from 2/3 of the counted weight; quorum 1/2 of the weight; at least 3 voters');
  expect(ruleText({ method: 'approval-gate', variant: 'unanimous', quorum: { num: 1, den: 1 } })).toBe(
    'Unanimous: one vote against rejects; everybody takes part',
  );
  expect(ruleText({ method: 'score', variant: 'lower-median' })).toBe('Score by lower-median');
  expect(reasonText('gate-red')).toContain('hard evidence');
  expect(reasonText('something new')).toBe('something new');
  expect(saidText({ ranking: [['a'], ['b', 'c']] })).toBe('a > b = c');
  expect(saidText({ score: { a: 1, b: 2 } })).toBe('a 1, b 2');
  expect(saidText({ choice: 'a' })).toBe('a');
  expect(saidText({ approve: ['a', 'b'] })).toBe('a, b');
  expect(saidText({ approve: [] })).toBe('none of the options');
  expect(saidText({})).toBeUndefined();
});

it('puts objections first and keeps the order of the electorate otherwise', () => {
  const all = [
    ballot({ vote: 'yes', name: 'a' }),
    ballot({ vote: 'no', name: 'b' }),
    ballot({ vote: 'yes', name: 'c' }),
  ];
  expect(objectionsFirst(all).map(({ name }) => name)).toEqual(['b', 'a', 'c']);
});

describe('whyText', () => {
  const rule = { method: 'approval-gate', variant: 'unanimous' } as const;
  const ballots = [ballot({ vote: 'yes' }), ballot({ vote: 'no' }), ballot({ vote: 'abstain', status: 'abstained' })];
  const because = (reason: string) => ({ ...outcome('rejected', 'rejected'), reason });

  it('gives the figures of a unanimous rule', () => {
    expect(whyText({ rule, ballots, outcome: because('threshold-missed') })).toBe(
      '1 of 2 counted votes is against, and the rule is unanimous.',
    );
    expect(whyText({ rule, ballots: ballots.slice(0, 1), outcome: because('threshold-met') })).toBe(
      'The counted vote is in favour, as the rule demands.',
    );
  });

  it('gives the reason alone where the votes did not decide', () => {
    expect(whyText({ rule, ballots, outcome: because('gate-red') })).toContain('hard evidence');
    expect(whyText({ rule: { method: 'schulze' }, ballots, outcome: because('tied') })).toContain('level');
    expect(whyText({ rule, ballots })).toBe('');
  });
});

it('shortens object ids in running text and nothing else', () => {
  expect(shortened(`a.json at ${'0123456789ab'.padEnd(40, 'c')}`)).toBe('a.json at 0123456789ab');
  expect(shortened('deadbeef at main')).toBe('deadbeef at main');
});
