import { describe, expect, it } from '@jest/globals';
import { UnresolvedReference, isDeeperThan, referencesIn, resolved, tasksIn } from './index.js';

const LIMIT = 1_000;
const results = { a: { list: [{ 'x/y': 1 }, 2], none: null }, b: 'text' };

describe('references between tasks', () => {
  it('puts in what a pointer leads to, wherever it stands, and leaves the rest as it is', () => {
    const input = {
      one: { $from: 'a', path: '/list/0/x~1y' },
      all: [{ $from: 'b' }, { $from: 'a', path: '/none' }],
      n: 3,
    };
    expect(resolved(input, results, LIMIT)).toEqual({ one: 1, all: ['text', null], n: 3 });
    expect(referencesIn(input).map(({ from }) => from)).toEqual(['a', 'b', 'a']);
  });

  it('takes nothing for a reference that has more to it', () => {
    const input = { $from: 'a', path: '/list', note: 'mine' };
    expect(resolved(input, results, LIMIT)).toEqual(input);
    expect(referencesIn(input)).toEqual([]);
  });

  it.each([
    [{ $from: 'c' }, 'c has no result'],
    [{ $from: 'a', path: '/list/7' }, 'nothing at /list/7'],
    [{ $from: 'a', path: 'list' }, 'nothing at list'],
    [{ $from: 'a', path: '/list/length' }, 'nothing at'],
    [{ $from: 'b', path: '/length' }, 'nothing at'],
    [{ $from: 'constructor' }, 'has no result'],
  ])('refuses %j', (input, message) => {
    expect(() => resolved(input, results, LIMIT)).toThrow(UnresolvedReference);
    expect(() => resolved(input, results, LIMIT)).toThrow(message);
  });

  it('leaves what refers to a task of a graph inside to that graph', () => {
    const leaf = { id: 'c', input: { v: { $from: 'a' } } };
    const input = {
      tasks: [
        { id: 'a', input: { v: { $from: 'b' } } },
        { id: 'kid', input: { tasks: [leaf] } },
      ],
    };
    const inner = tasksIn(input);
    expect([...inner].sort()).toEqual(['a', 'c', 'kid']);
    expect(referencesIn(input, inner)).toEqual([{ from: 'b', path: '' }]);
    expect(resolved(input, results, LIMIT, inner)).toEqual({
      tasks: [
        { id: 'a', input: { v: 'text' } },
        { id: 'kid', input: { tasks: [leaf] } },
      ],
    });
  });

  it('stops before what is taken in grows beyond its limit', () => {
    const big = { big: 'x'.repeat(LIMIT / 2) };
    expect(() => resolved([{ $from: 'big' }, { $from: 'big' }], big, LIMIT)).toThrow('larger than 1000 characters');
  });
});

describe('the depth of a value', () => {
  const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

  it('is counted, however deep it is', () => {
    expect([64, 65, 100_000].map((levels) => isDeeperThan(nested(levels), 64))).toEqual([false, true, true]);
    expect(isDeeperThan({ a: [{ b: 1 }] }, 3)).toBe(false);
    expect(isDeeperThan({ a: [{ b: 1 }] }, 2)).toBe(true);
  });
});
