import { describe, expect, it } from '@jest/globals';
import { pageOf } from './page.js';

const rowsOf = (n: number, text = '') => Array.from({ length: n }, (_, i) => ({ id: String(i), text }));

describe('a page', () => {
  it('has a next one when there are more rows than asked', () => {
    expect(pageOf(rowsOf(3), 3)).toEqual({ items: rowsOf(3) });
    expect(pageOf(rowsOf(4), 3)).toEqual({ items: rowsOf(3), next: '2' });
    expect(pageOf([], 3)).toEqual({ items: [] });
  });

  it('is cut where it would not fit a message, and continues there', () => {
    const rows = rowsOf(101, '本'.repeat(10_000));
    const { items, next } = pageOf(rows, 100);
    expect(Buffer.byteLength(JSON.stringify(items))).toBeLessThan(1_000_000);
    expect(items.length).toBeGreaterThan(20);
    expect(next).toBe(items.at(-1)!.id);
  });
});
