import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Recent } from './recent.js';

describe('the newest items of a sequence', () => {
  it('are the same for every reader, who is never given one twice nor robbed of one', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, fc.nat(60), fc.integer({ min: 1, max: 12 }), (bytes, cursor, items) => {
        const recent = new Recent<number>({ items, bytes: 60 });
        bytes.forEach((size, at) => recent.push(at + 1, at + 1, size));
        const seen = recent.after(cursor);
        const all = bytes.map((_, at) => at + 1).filter((at) => at > cursor);
        expect(recent.head).toBe(bytes.length);
        if (seen) expect(seen).toEqual(all);
        else expect(cursor).toBeLessThan(recent.oldest);
        expect(recent.after(recent.oldest)!.length).toBeLessThanOrEqual(items);
      }),
    );
  });

  it('begin where the reader of the whole sequence was', () => {
    const recent = new Recent<string>({ items: 9, bytes: 9 }, 7);
    expect([recent.head, recent.after(6), recent.after(7)]).toEqual([7, undefined, []]);
  });

  it('can be forgotten one by one, and nobody’s place is lost', () => {
    const recent = new Recent<number>({ items: 9, bytes: 9 });
    for (const at of [1, 2, 3]) recent.push(at, at, 1);
    recent.drop((item) => item !== 2);
    expect([recent.after(0), recent.after(2)]).toEqual([[2], []]);
    recent.drop(() => true);
    expect(recent.after(recent.head)).toEqual([]);
  });
});
