import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dayRange } from './day-range.js';

const now = Date.parse('2026-03-31T23:59:59Z');

describe('day range', () => {
  it('is the last thirty days unless told', () => {
    expect(dayRange({}, now)).toEqual({ from: '2026-03-02', to: '2026-03-31' });
    expect(dayRange({ to: '2024-03-01' }, now)).toEqual({ from: '2024-02-01', to: '2024-03-01' });
  });

  it('refuses what runs backwards or is longer than a leap year', () => {
    expect(() => dayRange({ from: '2026-03-02', to: '2026-03-01' }, now)).toThrow(
      expect.objectContaining({ code: 'request.invalid' }),
    );
    expect(() => dayRange({ from: '2025-03-30', to: '2026-03-31' }, now)).toThrow(
      expect.objectContaining({ code: 'request.invalid' }),
    );
    expect(dayRange({ from: '2024-01-01', to: '2024-12-31' }, now).from).toBe('2024-01-01');
  });

  it('always ends where it was asked to end and never holds more than 366 days', () => {
    const day = fc
      .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((d) => d.toISOString().slice(0, 10));
    fc.assert(
      fc.property(day, (to) => {
        const range = dayRange({ to }, now);
        expect(range.to).toBe(to);
        expect((Date.parse(range.to) - Date.parse(range.from)) / 86_400_000).toBe(29);
      }),
    );
  });
});
