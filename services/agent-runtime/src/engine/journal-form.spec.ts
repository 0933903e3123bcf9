import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanText, journalForm, journalJson } from './journal-form.js';

/** Any sequence of UTF-16 code units, with those that matter next to each other. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\0',
        '\ud800',
        '\udbff',
        '\udc00',
        '\udfff',
        '😀',
        '\\',
        '\\\\',
        '\\u0000',
        'u0000',
        'ud800',
        '"',
      ),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.constantFrom(null, true, 1.5),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(text, tie('json'), { maxKeys: 4 }),
  ),
}));

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [cleanText(name), clean(part)]));
}

describe('what is kept in the journal', () => {
  it('is every value with what cannot be stored replaced, in names too, and nothing else', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.stringify(journalForm(value))).toBe(JSON.stringify(clean(value)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('tells an escape from the text of one', () => {
    expect(journalJson(['\0', '\\u0000', '\\\0', '\ud800\0', '😀'])).toBe(String.raw`["�","\\u0000","\\�","��","😀"]`);
    expect(journalForm({ '\0': 1, '\ud800': 2 })).toEqual({ '\ufffd': 2 });
  });
});
