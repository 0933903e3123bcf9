import { describe, expect, it } from '@jest/globals';
import { ModelRests } from './model-rests.js';

const NOW = 1_000_000;

describe('a way to a model', () => {
  it('rests after three faults in a row, for half a minute, and not for fewer', () => {
    const rests = new ModelRests();
    rests.failed('a', undefined, NOW);
    rests.failed('a', undefined, NOW);
    rests.answered('a');
    rests.failed('a', undefined, NOW);
    rests.failed('a', undefined, NOW);
    expect(rests.isResting('a', NOW)).toBe(false);
    rests.failed('a', undefined, NOW);
    expect([rests.isResting('a', NOW + 29_999), rests.isResting('a', NOW + 30_000)]).toEqual([true, false]);
    expect(rests.isResting('b', NOW)).toBe(false);
  });

  it('rests as long as its provider asks, five minutes at most', () => {
    const rests = new ModelRests();
    rests.failed('a', 7_000, NOW);
    expect([rests.isResting('a', NOW + 6_999), rests.isResting('a', NOW + 7_000)]).toEqual([true, false]);
    rests.failed('b', 86_400_000, NOW);
    expect([rests.isResting('b', NOW + 299_999), rests.isResting('b', NOW + 300_000)]).toEqual([true, false]);
  });
});
