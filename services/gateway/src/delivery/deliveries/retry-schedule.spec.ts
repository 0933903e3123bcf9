import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DISABLE_AFTER_MS, retryAt } from './retry-schedule.js';

const HOUR = 3_600_000;

describe('retry schedule', () => {
  it('tries ten times over three days, then gives up', () => {
    let at = 0;
    let attempts = 1;
    for (let next = retryAt(attempts, at, 0); next; next = retryAt(++attempts, at, 0)) at = next.getTime();
    expect(attempts).toBe(10);
    expect(at).toBe(5_000 + 35 * 60_000 + 75 * HOUR);
    expect(at).toBeLessThan(DISABLE_AFTER_MS);
  });

  it('waits longer after each failure, and never less than it says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempts, random) => {
          const plain = retryAt(attempts, 0, 0)!.getTime();
          const jittered = retryAt(attempts, 0, random)!.getTime();
          expect(jittered).toBeGreaterThanOrEqual(plain);
          expect(jittered).toBeLessThanOrEqual(plain * 1.2);
          if (attempts > 1) expect(plain).toBeGreaterThan(retryAt(attempts - 1, 0, 0)!.getTime());
        },
      ),
    );
  });
});
