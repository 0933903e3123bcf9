import { describe, expect, it } from '@jest/globals';
import { columns, relativeTime, wrapped } from './layout.js';

describe('a time', () => {
  const now = Date.parse('2026-11-30T12:00:00Z');
  it.each([
    ['2026-11-30T12:00:00.100Z', 'now'],
    ['2026-11-30T11:59:30Z', '30 s ago'],
    ['2026-11-30T12:20:00Z', 'in 20 min'],
    ['2026-11-29T13:00:00Z', '23 h ago'],
    ['2026-11-20T12:00:00Z', '10 d ago'],
    ['2025-11-30T12:00:00Z', '2025-11-30'],
    ['never', 'never'],
  ])('%s is told as %s', (iso, said) => {
    expect(relativeTime(iso, now)).toBe(said);
  });
});

describe('columns', () => {
  const rows = [
    ['key_1', 'a'.repeat(20), 'b'.repeat(30)],
    ['key_22', 'c', 'd'],
  ];

  it('are as wide as their widest cell', () => {
    expect(columns(rows)).toEqual([`key_1   ${'a'.repeat(20)}  ${'b'.repeat(30)}`, `key_22  c${' '.repeat(21)}d`]);
  });

  it('are cut where they are widest, and the first never is', () => {
    const [first] = columns(rows, 40);
    expect(first).toHaveLength(40);
    expect(first).toMatch(/^key_1 {3}a+…? {2}b+…$/);
    expect(columns([['x'.repeat(50), 'y'.repeat(50)]], 30)).toEqual([`${'x'.repeat(50)}  yyyyyyy…`]);
  });
});

describe('words', () => {
  it('go on where their line began, or in their column', () => {
    expect(wrapped('one two three\n  --a  four five six seven\nshort', 16)).toBe(
      'one two three\n  --a  four five\n       six seven\nshort',
    );
    expect(wrapped('x'.repeat(30), 10)).toBe('x'.repeat(30));
  });
});
