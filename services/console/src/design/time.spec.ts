import { describe, expect, it } from '@jest/globals';
import { ago, duration } from './time.js';

describe('ago', () => {
  const now = Date.UTC(2026, 10, 20, 12);
  it.each([
    [0, 'just now'],
    [59_999, 'just now'],
    [60_000, '1m ago'],
    [3_599_999, '59m ago'],
    [7_200_000, '2h ago'],
    [3 * 86_400_000, '3d ago'],
  ])('%d ms is %s', (passed, said) => expect(ago(now - passed, now)).toBe(said));

  it('takes a clock that is behind for now', () => expect(ago(now + 5_000, now)).toBe('just now'));
});

describe('duration', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1_000, '1.0 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [-5, '0 ms'],
  ])('%d ms is %s', (ms, said) => expect(duration(ms)).toBe(said));
});
