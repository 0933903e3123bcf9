import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Gathering } from './gathering.js';

describe('things alike', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  interface Thing {
    readonly what: string;
    readonly from?: string;
  }
  const gathering = (most = 10) => {
    const told: [Thing, number][] = [];
    const gathered = new Gathering<Thing>(async (...one) => void told.push(one), { everyMs: 60_000, most });
    return { told, gathered };
  };

  it('are told at once, then with their number, then at once again', () => {
    const { told, gathered } = gathering();
    for (const from of ['x', 'y', 'z']) gathered.note({ what: 'a' }, { from });
    gathered.note({ what: 'b' });
    expect(told).toEqual([
      [{ what: 'a', from: 'x' }, 1],
      [{ what: 'b' }, 1],
    ]);
    jest.advanceTimersByTime(60_000);
    expect(told.slice(2)).toEqual([[{ what: 'a' }, 2]]);
    gathered.note({ what: 'b' });
    expect(told.slice(3)).toEqual([[{ what: 'b' }, 1]]);
  });

  it('are so many kinds at most', () => {
    const { told, gathered } = gathering(2);
    for (const what of ['a', 'b', 'c', 'a']) gathered.note({ what });
    expect(told.map(([{ what }]) => what)).toEqual(['a', 'b']);
  });

  it('are nobody’s fault when they cannot be told', () => {
    const gathered = new Gathering<Thing>(() => Promise.reject(new Error('away')), { everyMs: 1, most: 1 });
    expect(() => gathered.note({ what: 'a' })).not.toThrow();
  });
});
