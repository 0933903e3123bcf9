import { describe, expect, it } from '@jest/globals';
import { jsonLine, table, type Case } from './report.js';

const cases: readonly Case[] = [
  { bench: 'edge', case: 'hello c=1', figures: { reqPerS: 1234.567, p99Ms: 0.98765 } },
  { bench: 'edge', case: 'me c=64', figures: { reqPerS: 7, p99Ms: 12 } },
  { bench: 'edge', case: 'other', figures: { mb: 1 } },
];

describe('a report', () => {
  it('is one JSON line per case', () => {
    expect(jsonLine(cases[0]!)).toBe('{"bench":"edge","case":"hello c=1","reqPerS":1230,"p99Ms":0.988}');
  });

  it('is a table for people, a new one where the figures are others', () => {
    expect(table(cases)).toBe(
      [
        'case       reqPerS  p99Ms',
        'hello c=1     1230  0.988',
        'me c=64          7     12',
        '',
        'case   mb',
        'other   1',
      ].join('\n'),
    );
  });
});
