import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MalformedError } from './malformed-error.js';
import { parseStrictJson } from './strict-json.js';

describe('parseStrictJson', () => {
  it('reads every kind of value, with any whitespace between', () => {
    const text = ' {"a" :\t[1, -2,0,\n9007199254740991],"b":{"":null},"c":true,"d":false,"e":"\\u20ac\\n\\/😂"}\r\n';
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  it('reads 64 levels of nesting', () => {
    const text = '['.repeat(65) + ']'.repeat(65);
    expect(JSON.stringify(parseStrictJson(text))).toBe(text);
  });

  it('reads megabytes of string and thousands of members', () => {
    const long = 'x'.repeat(4_000_000);
    expect(parseStrictJson(`["${long}"]`)).toEqual([long]);
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]));
    expect(parseStrictJson(JSON.stringify(many))).toEqual(many);
  });

  it.each([
    ['duplicate keys', '{"a":1,"a":1}'],
    ['duplicate keys, one of them escaped', '{"a":1,"\\u0061":2}'],
    ['__proto__', '{"__proto__":{}}'],
    ['__proto__, escaped', '{"\\u005f_proto__":{}}'],
    ['a fraction', '1.0'],
    ['an exponent', '1e2'],
    ['minus zero', '-0'],
    ['a leading zero', '01'],
    ['a plus', '+1'],
    ['an integer beyond 2^53 - 1', '9007199254740992'],
    ['a lone surrogate', '"\\ud800"'],
    ['a raw lone surrogate', '"\ud800"'],
    ['a raw control character', '"\n"'],
    ['an unknown escape', '"\\x41"'],
    ['a short escape', '"\\u12"'],
    ['a string without end', '"abc'],
    ['a string that ends in an escape', '"abc\\'],
    ['a trailing comma', '[1,]'],
    ['a leading comma', '[,1]'],
    ['a missing comma', '[1 2]'],
    ['a missing colon', '{"a" 1}'],
    ['a key without quotes', '{a:1}'],
    ['single quotes', "'a'"],
    ['a comment', '[1] // one'],
    ['two values', '1 2'],
    ['nothing', ''],
    ['a byte order mark', '\ufeff1'],
    ['other Unicode spaces', '\u00a01'],
    ['a word', 'undefined'],
    ['a longer word', 'nulls'],
    ['NaN', 'NaN'],
    ['an open array', '[1'],
    ['mismatched brackets', '[1}'],
    ['nesting beyond 64', '['.repeat(66) + ']'.repeat(66)],
    ['nesting without end', '['.repeat(1_000_000)],
  ])('refuses %s', (_, text) => expect(() => parseStrictJson(text)).toThrow(MalformedError));

  it('inherits nothing: a key that is not in the text is not in the object', () => {
    const parsed = parseStrictJson('{"constructor":1}');
    expect(parsed).toHaveProperty('constructor', 1);
    expect('toString' in (parsed as object)).toBe(false);
  });

  it('accepts only JSON, and means what JSON.parse means', () => {
    const nearlyJson = fc.string({ unit: fc.constantFrom(...'{}[]",:\\0123-.eEtrufalsn \n'), maxLength: 14 });
    fc.assert(
      fc.property(nearlyJson, (text) => {
        const strict = attempt(text);
        if (strict !== undefined) expect(strict).toEqual(JSON.parse(text));
      }),
      { numRuns: 5000 },
    );
  });
});

it('refuses a document of a million and more values before its memory is spent on them', () => {
  expect(() => parseStrictJson(`[${'{},'.repeat(1_000_000)}{}]`)).toThrow(/more than 1000000 values/);
});

function attempt(text: string) {
  try {
    return parseStrictJson(text);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError);
    return undefined;
  }
}
