import { describe, expect, it } from '@jest/globals';
import { phasesIn } from './cold.js';

describe('phases of up', () => {
  it('are read from what it prints, signs of life and failures aside', () => {
    const output = [
      '> conclave@0.1.0 up',
      '  · Packages: npm ci …',
      '  · Packages: npm ci … (15.0 s)',
      '  ✓ Packages: installed (61.2 s)',
      '  ✓ Tenants (0.8 s)',
      '  ✗ Services: 3 ready (9.9 s)',
      '  ✓ Tools: git 2.39 (Debian), bubblewrap 0.8 (0.1 s)',
      '  ✓ Tools: (again) (0.2 s)',
    ].join('\n');
    const { Tools, ...others } = phasesIn(output);
    expect(others).toEqual({ Packages: 61.2, Tenants: 0.8 });
    expect(Tools).toBeCloseTo(0.3);
  });
});
