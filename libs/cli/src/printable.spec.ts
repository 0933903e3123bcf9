import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { printable, printableJson } from './printable.js';

const DANGEROUS =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])/;
const text = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\u001b[2J', '\u202e', '\ud83d', '\u{e0041}', '\n')), {
    maxLength: 4,
  })
  .map((parts) => parts.join(''));

describe('printable', () => {
  it('leaves nothing that moves a cursor, reorders or hides text', () => {
    fc.assert(fc.property(text, (value) => expect(printable(value)).not.toMatch(DANGEROUS)));
  });

  it('leaves ordinary text of any language as it is', () => {
    for (const value of ['plain ASCII ~', 'größer, naïve', '日本語テスト', 'עברית', '👍🏽', 'a\\b'])
      expect(printable(value)).toBe(value);
  });
});

describe('printableJson', () => {
  it('means the same and is as harmless', () => {
    fc.assert(
      fc.property(fc.dictionary(text, text), (value) => {
        const json = printableJson(value);
        expect(JSON.parse(json)).toEqual(value);
        expect(json.replaceAll('\n', '')).not.toMatch(DANGEROUS);
      }),
    );
  });
});
