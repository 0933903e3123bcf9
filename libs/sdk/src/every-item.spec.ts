import { describe, expect, it } from '@jest/globals';
import { everyItem } from './every-item.js';

describe('every item of a list', () => {
  it('is read page by page, each behind the one before', async () => {
    const asked: object[] = [];
    const pages = [{ items: [1, 2], next: 'b' }, { items: [], next: 'c' }, { items: [3] }];
    const all = await everyItem(async (page) => pages[asked.push(page) - 1]!, 2);
    expect(all).toEqual([1, 2, 3]);
    expect(asked).toEqual([{ limit: 2 }, { limit: 2, after: 'b' }, { limit: 2, after: 'c' }]);
  });
});
