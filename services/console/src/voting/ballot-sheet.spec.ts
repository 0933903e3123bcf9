import { describe, expect, it } from '@jest/globals';
import type { Decision } from '@conclave/contracts';
import { emptySheet, needs, saidBy, type Sheet } from './ballot-sheet.js';

const contest = (method: Decision['rule']['method']) => ({
  rule: { method },
  options: ['a', 'b', 'c'].map((id) => ({ id, title: id })),
});
const filled = (method: Decision['rule']['method'], part: Partial<Sheet>) => {
  const sheet = { ...emptySheet(contest(method)), ...part };
  return [saidBy(sheet, contest(method)), needs(sheet, contest(method))];
};

describe('a ballot as it is filled in', () => {
  it.each<[Decision['rule']['method'], Partial<Sheet>, object]>([
    ['approval-gate', { vote: 'yes' }, { vote: 'yes' }],
    ['approval-gate', { vote: 'no' }, { vote: 'no' }],
    ['plurality', { choice: 'b' }, { choice: 'b' }],
    ['approval', { approve: ['c', 'a'] }, { approve: ['a', 'c'] }],
    ['approval', {}, { approve: [] }],
    ['score', { score: { a: 0, b: 10 } }, { score: { a: 0, b: 10 } }],
    ['schulze', { places: { c: 1, a: 3, b: 1 } }, { ranking: [['b', 'c'], ['a']] }],
    ['irv', { places: { b: 2, a: undefined } }, { ranking: [['b']] }],
    ['borda', { vote: 'abstain', reason: 'Mine.', places: { b: 2 } }, { vote: 'abstain' }],
  ])('%s %j says %j', (method, part, said) => expect(filled(method, part)).toEqual([said, undefined]));

  it.each<[Decision['rule']['method'], Partial<Sheet>, string]>([
    ['approval-gate', {}, 'vote'],
    ['approval-gate', { vote: 'abstain', reason: ' ' }, 'reason'],
    ['plurality', {}, 'options'],
    ['ranked-pairs', {}, 'options'],
    ['score', {}, 'options'],
  ])('%s %j lacks %s', (method, part, lacks) => expect(filled(method, part)[1]).toBe(lacks));
});
