import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { roundUp, stack } from './stacks.js';

describe('stack', () => {
  it('puts the series of a day on top of each other, first at the bottom', () => {
    const { bars, top } = stack(
      [
        { name: 'a', values: [1, 0] },
        { name: 'b', values: [3, 2] },
      ],
      200,
      100,
    );
    expect(top).toBe(4);
    expect(bars.map(({ day, series, y, height }) => [day, series, y, height])).toEqual([
      [0, 0, 75, 25],
      [0, 1, 0, 75],
      [1, 1, 50, 50],
    ]);
  });

  it('stays within its box and keeps the proportions, whatever the counts', () => {
    const counts = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const days = Math.min(a.length, b.length);
        const series = [a, b].map((values, at) => ({ name: String(at), values: values.slice(0, days) }));
        const { bars, top } = stack(series, 600, 120);
        for (const bar of bars) {
          expect(bar.y).toBeGreaterThanOrEqual(-1e-6);
          expect(bar.y + bar.height).toBeLessThanOrEqual(120 + 1e-6);
          expect(bar.x + bar.width).toBeLessThanOrEqual(600);
          expect(bar.height).toBeCloseTo((series[bar.series]!.values[bar.day]! / top) * 120, 6);
        }
      }),
    );
  });

  it('is empty when there is nothing to show', () => {
    expect(stack([], 10, 10).bars).toEqual([]);
    expect(stack([{ name: 'a', values: [0, 0] }], 10, 10).bars).toEqual([]);
  });
});

it.each([
  [0, 4],
  [4, 4],
  [5, 5],
  [6, 10],
  [11, 20],
  [41, 50],
  [999, 1_000],
])('rounds %d up to %d', (value, top) => expect(roundUp(value)).toBe(top));
