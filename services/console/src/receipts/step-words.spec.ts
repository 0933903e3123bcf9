import { describe, expect, it } from '@jest/globals';
import { VERDICTS, type VerdictStatus } from '@conclave/verify';
import { stepLook, verdictLook } from './step-words.js';

describe('how a verification looks', () => {
  it('never draws an unchecked step as one that holds', () => {
    expect(stepLook({ ok: true, checked: true }).word).toBe('Holds');
    expect(stepLook({ ok: true, checked: false })).toMatchObject({ tone: 'warn', word: 'Not checked' });
    expect(stepLook({ ok: false, checked: true })).toMatchObject({ tone: 'bad', word: 'Failed' });
  });

  it('shows one verdict alone as good', () => {
    const good = (Object.keys(VERDICTS) as VerdictStatus[]).filter((status) => verdictLook(status).tone === 'good');
    expect(good).toEqual(['trusted']);
  });
});
