import { describe, expect, it } from '@jest/globals';
import type { LimitHit } from '@conclave/checks';
import { unreadNotices } from './prepare-review.js';

describe('notices of what was not read', () => {
  it('are one for each kind of limit, so that any change can be decided on', () => {
    const large = Array.from({ length: 5_000 }, (_, at): LimitHit => ({
      limit: 'file-bytes',
      max: 10,
      seen: 20 + at,
      path: `${'x'.repeat(4_000)}${at}`,
    }));
    const notices = unreadNotices([...large, { limit: 'total-bytes', max: 7, seen: 9 }]);
    expect(notices).toEqual([
      `Not everything was read (file-bytes: 10 of 5019, 5000 times, such as ${'x'.repeat(200)}).`,
      'Not everything was read (total-bytes: 7 of 9).',
    ]);
  });
});
