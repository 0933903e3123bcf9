import { describe, expect, it } from '@jest/globals';
import { scheduleOf } from './schedule.js';

const at = (text: string): Date => new Date(text);

/** Every firing between two times, as a platform that is always there has them. */
function firings(expression: string, timeZone: string, from: string, to: string): string[] {
  const schedule = scheduleOf({ expression, timeZone });
  const found: string[] = [];
  for (let next = schedule.after(at(from)); next && next <= at(to); next = schedule.after(next))
    found.push(next.toISOString());
  return found;
}

describe('a schedule', () => {
  it('fires by the clock on the wall, once on the day that is longer and on the one that is shorter', () => {
    expect(firings('30 9 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', '2026-03-30T23:00:00Z')).toEqual([
      '2026-03-28T08:30:00.000Z',
      '2026-03-29T07:30:00.000Z',
      '2026-03-30T07:30:00.000Z',
    ]);
    const moved = firings('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z');
    expect(moved).toEqual(['2026-03-29T01:00:00.000Z']);
    const doubled = firings('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z');
    expect(doubled).toEqual(['2026-10-25T00:30:00.000Z']);
  });

  it('lets the latest of those that were missed stand for all', () => {
    const hourly = scheduleOf({ expression: '0 * * * *', timeZone: 'UTC' });
    const due = at('2026-01-01T01:00:00Z');
    const latest = (now: string): string => hourly.latest(due, at(now)).toISOString();
    expect(latest('2026-01-01T01:00:00Z')).toBe('2026-01-01T01:00:00.000Z');
    expect(latest('2026-01-01T01:59:59Z')).toBe('2026-01-01T01:00:00.000Z');
    expect(latest('2026-01-03T04:59:59.500Z')).toBe('2026-01-03T04:00:00.000Z');
    expect(latest('2026-01-03T05:00:00Z')).toBe('2026-01-03T05:00:00.000Z');
    expect(latest('2026-01-03T05:30:00Z')).toBe('2026-01-03T05:00:00.000Z');
  });

  it.each([
    ['* * * * * *', 'UTC'],
    ['61 * * * *', 'UTC'],
    ['every day', 'UTC'],
    ['* * * * *', 'Mars/Olympus'],
  ])('is refused when it is none: %s in %s', (expression, timeZone) => {
    expect(() => scheduleOf({ expression, timeZone }).after(new Date())).toThrow();
  });
});
