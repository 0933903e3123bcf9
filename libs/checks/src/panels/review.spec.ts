import { describe, expect, it } from '@jest/globals';
import { CHECKS } from '../registry.js';
import { panelSha256 } from './panel.js';
import { builtInPanels, reviewPanel } from './review.js';

/** Every version of the built-in panel that was ever shipped, by its digest. A release never changes. */
const shipped: Readonly<Record<string, string>> = {
  '1.0.0': '5c26982b9c235c2a6b90044a76ec4be72a014457468171679cfb32fac52271e0',
  '1.1.0': 'c311d5b7b88d7f8bde620203d766f9f565841ae778b588a71413f1472c52827a',
};

describe('the built-in review panel', () => {
  it('has the content its version was shipped with: another content needs another version', () => {
    expect(panelSha256(reviewPanel)).toBe(shipped[reviewPanel.version]);
  });

  it('seats every check once, the tests as a gate, and nobody else with hard evidence', () => {
    const seats = reviewPanel.seats.map(({ seat }) => seat);
    expect(new Set(seats).size).toBe(seats.length);
    expect(seats).toEqual(expect.arrayContaining(CHECKS.map(({ id }) => id)));
    expect(reviewPanel.seats.filter(({ kind }) => kind === 'gate').map(({ seat }) => seat)).toEqual(['tests']);
  });

  it('hears every juror or decides nothing', () => {
    expect(reviewPanel.rule).toEqual({ method: 'approval-gate', variant: 'unanimous', quorum: { num: 1, den: 1 } });
  });

  it('has a digest that any change of any member changes', () => {
    const changed = [
      { ...reviewPanel, secrecy: 'sealed' as const },
      { ...reviewPanel, seats: reviewPanel.seats.slice(1) },
      { ...reviewPanel, seats: reviewPanel.seats.toReversed() },
      { ...reviewPanel, rule: { method: 'approval-gate' as const, threshold: { num: 1, den: 2 } } },
    ];
    expect(new Set([reviewPanel, ...changed].map(panelSha256)).size).toBe(changed.length + 1);
    expect(builtInPanels).toContain(reviewPanel);
  });
});
