import { describe, expect, it } from '@jest/globals';
import { splitOf } from './reviews.js';

const event = (type: string, ms: number) => ({ type, at: new Date(1_000_000 + ms).toISOString() });
const story = [
  event('run.created', 300),
  event('review.prepared', 350),
  event('decision.opened', 400),
  event('seat.judged', 410),
  event('seat.judged', 900),
  event('run.completed', 950),
];

describe('the split of a review', () => {
  it('adds up to the whole, and judging lasts until the last seat has judged', () => {
    const { totalMs, ...parts } = splitOf(1_000_000, 1_001_000, story);
    expect(parts).toEqual({ cliAndUploadMs: 300, prepareMs: 100, judgeMs: 500, sealMs: 50, resultAndReceiptMs: 50 });
    expect(Object.values(parts).reduce((sum, ms) => sum + ms, 0)).toBe(totalMs);
  });

  it('is refused for a run that did not complete', () => {
    expect(() => splitOf(0, 1, story.slice(0, -1))).toThrow(/run\.completed/);
  });
});
