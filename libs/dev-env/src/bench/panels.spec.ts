import { expect, it } from '@jest/globals';
import { judge } from './panels.js';

const jury = (many: number, accuracy: number, correlation: number) => ({
  accuracies: new Array<number>(many).fill(accuracy),
  correlation,
});
const agreement = (many: number, correlation: number) =>
  judge('', 'approval-gate', jury(many, 0.7, correlation), new Array<number>(many).fill(1), 1_000).figures[
    'agreementPercent'
  ]!;

it('comes to the binomial figures for independent jurors, and to one juror for jurors who all say the same', () => {
  expect(Math.abs(agreement(1, 0) - 70)).toBeLessThan(4);
  expect(Math.abs(agreement(5, 0) - 83.7)).toBeLessThan(4);
  expect(Math.abs(agreement(9, 1) - 70)).toBeLessThan(4);
});

it('comes to the same figures each time, and asks no more jurors than there are', () => {
  for (const method of ['plurality', 'irv', 'schulze'] as const) {
    const once = judge('', method, jury(5, 0.6, 0), [1, 1, 1, 1, 1], 50);
    expect(judge('', method, jury(5, 0.6, 0), [1, 1, 1, 1, 1], 50)).toEqual(once);
    expect(once.figures['callsWithStop']).toBeLessThanOrEqual(5);
  }
});
