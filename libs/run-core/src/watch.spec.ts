import { describe, expect, it } from '@jest/globals';
import { Watch, mayHaveLost, type Sighting } from './watch.js';

const LEASE_MS = 15_000;
const other = (more: Partial<Sighting> = {}): Sighting => ({ id: 'w', beat: '1', free: false, current: true, ...more });
const dead = (watch: Watch, seen: Sighting, now: number): boolean => watch.deadOf([seen], now).length > 0;

describe('who is dead', () => {
  it('is who has not beaten for a lease since the beat was seen, whatever its lock', () => {
    const watch = new Watch(LEASE_MS, 0);
    expect(dead(watch, other(), 5_000)).toBe(false);
    expect(dead(watch, other(), 19_999)).toBe(false);
    expect(dead(watch, other({ beat: '2' }), 20_000)).toBe(false);
    expect(dead(watch, other({ beat: '2' }), 35_000)).toBe(true);
  });

  it('is whose lock was held and is free at two looks in a row', () => {
    const watch = new Watch(LEASE_MS, 0);
    expect([other(), other({ free: true }), other({ free: true })].map((seen, at) => dead(watch, seen, at))).toEqual([
      ...[false, false, true],
    ]);
  });

  it('is nobody whose lock was never seen held, until the looks have been steady', () => {
    const watch = new Watch(LEASE_MS, 0);
    const free = other({ free: true });
    expect([1, 500, 999, 1_000].map((now) => dead(watch, free, now))).toEqual([false, false, false, true]);
  });

  it('is nobody by what was seen before an outage, and by a free lock only who held it since', () => {
    const watch = new Watch(LEASE_MS, 0);
    dead(watch, other(), 0);
    watch.forget(20_000);
    const away = other({ free: true, current: false });
    expect([20_001, 25_000, 35_000].map((now) => dead(watch, away, now))).toEqual([false, false, false]);
    expect(dead(watch, other({ beat: '2' }), 35_001)).toBe(false);
    const gone = other({ beat: '2', free: true });
    expect([35_002, 35_003].map((now) => dead(watch, gone, now))).toEqual([false, true]);
  });

  it('is, a lease after, who holds something and is not enlisted', () => {
    const watch = new Watch(LEASE_MS, 0);
    const nobody = other({ beat: null, free: true, current: false });
    expect([1, 14_999, 15_000].map((now) => dead(watch, nobody, now))).toEqual([false, false, true]);
  });

  it('begins nothing itself from the moment at which others may think so', () => {
    expect([14_999, 15_000].map((now) => mayHaveLost(0, LEASE_MS, now))).toEqual([false, true]);
  });
});
