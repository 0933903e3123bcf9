import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { median, medians, pairedRatio, percentile, rounded } from './statistics.js';

const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1 });

describe('percentile', () => {
  it('is the nearest rank, whatever the order', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([1, 50, 99, 100].map((p) => percentile(hundred, p))).toEqual([1, 50, 99, 100]);
    expect(percentile([7], 99)).toBe(7);
    expect(percentile([1, 2, 3], 50)).toBe(2);
    expect(percentile([10, 2], 50)).toBe(2);
  });

  it('is a value that at least that share does not exceed, and the smallest such', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (all, percent) => {
        const found = percentile(all, percent);
        const share = (limit: (value: number) => boolean) => (all.filter(limit).length / all.length) * 100;
        expect(all).toContain(found);
        expect(share((value) => value <= found)).toBeGreaterThanOrEqual(percent - 1e-9);
        expect(share((value) => value < found)).toBeLessThan(percent);
      }),
    );
  });

  it('refuses nothing and too much', () => {
    expect(() => percentile([], 50)).toThrow();
    expect(() => percentile([1], 0)).toThrow();
    expect(() => percentile([1], 101)).toThrow();
  });
});

describe('median', () => {
  it('is the middle, or between the two middle values', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow();
  });

  it('is taken figure by figure', () => {
    expect(
      medians([
        { ms: 1, mb: 9 },
        { ms: 3, mb: 8 },
        { ms: 2, mb: 7 },
      ]),
    ).toEqual({ ms: 2, mb: 8 });
  });
});

describe('ratios', () => {
  it('are of rounds measured side by side, so that a machine half as fast changes nothing', () => {
    expect(pairedRatio([10, 5, 10], [20, 10, 20])).toBe(0.5);
    expect(pairedRatio([1, 2, 9], [2, 2, 3])).toBe(1);
    expect(() => pairedRatio([1], [1, 2])).toThrow();
  });

  it('are told with three digits', () => {
    expect([rounded(0.123456), rounded(98765), rounded(0)]).toEqual([0.123, 98800, 0]);
  });
});
