import { describe, expect, it } from '@jest/globals';
import { visibleString, visibleText } from './visible-text.js';

describe('visibleText', () => {
  it('leaves plain lines whole, tabs and CRLF included', () => {
    expect(visibleText('\tconst ä = "🎉";\r')).toEqual([{ text: '\tconst ä = "🎉";' }]);
    expect(visibleText('')).toEqual([]);
  });

  it('names what reorders or hides', () => {
    expect(visibleText('a\u202Eb\u2066')).toEqual([
      { text: 'a' },
      { hidden: 'U+202E' },
      { text: 'b' },
      { hidden: 'U+2066' },
    ]);
    expect(visibleText('\u200B')).toEqual([{ hidden: 'U+200B' }]);
    expect(visibleText('x\u0000\ry')).toEqual([
      { text: 'x' },
      { hidden: 'U+0000' },
      { hidden: 'U+000D' },
      { text: 'y' },
    ]);
    expect(visibleString('a\u202Eb')).toBe('a[U+202E]b');
    expect(visibleText('\u{E0041}')).toEqual([{ hidden: 'U+E0041' }]);
  });
});
