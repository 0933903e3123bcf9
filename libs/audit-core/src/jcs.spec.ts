import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jcs } from './jcs.js';
import { MalformedError } from './malformed-error.js';
import { parseStrictJson, type Json } from './strict-json.js';

const anyJson = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((value) => value + 0),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 6 }).filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

describe('jcs', () => {
  it('writes the examples of RFC 8785 that have integers only', () => {
    expect(jcs([56, { d: true, '10': null, '1': [] }])).toBe('[56,{"1":[],"10":null,"d":true}]');
    expect(jcs({ péché: 2, pêche: 3, peach: 1, sin: 4 })).toBe('{"peach":1,"péché":2,"pêche":3,"sin":4}');
    expect(jcs('\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
    expect(jcs({ '1': { f: { f: 'hi', F: 5 }, '\n': 56 }, '10': {}, '': 'empty', a: {}, A: {} })).toBe(
      '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"A":{},"a":{}}',
    );
  });

  it('writes what else the test data of RFC 8785’s author cover with integers: nothing normalized, markup left alone', () => {
    expect(jcs({ 'Unnormalized Unicode': 'A\u030a' })).toBe('{"Unnormalized Unicode":"A\u030a"}');
    expect(jcs({ A: {}, '111': [{ e: 'yes', E: 'no' }], a: {} })).toBe('{"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}');
    expect(jcs({ '</script>': 'Browser Challenge', '\r': 'Carriage Return', '1': 'One' })).toBe(
      '{"\\r":"Carriage Return","1":"One","</script>":"Browser Challenge"}',
    );
    expect(jcs({ literals: [null, true, false], '\u0080': 'Control\u007f' })).toBe(
      '{"literals":[null,true,false],"\u0080":"Control\u007f"}',
    );
  });

  it('sorts keys by UTF-16 code units, as RFC 8785 §3.2.3 shows', () => {
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    const value = Object.fromEntries([...sorted].reverse().map((key) => [key, 0]));
    expect(jcs(value)).toBe(`{${sorted.map((key) => `${JSON.stringify(key)}:0`).join(',')}}`);
  });

  it('is read back to the same value, and written again to the same text', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const text = jcs(value);
        expect(parseStrictJson(text)).toEqual(value);
        expect(jcs(parseStrictJson(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(value);
      }),
    );
  });

  const cyclic: Json[] = [];
  cyclic.push(cyclic);
  it.each([
    ['a float', 0.5],
    ['minus zero', -0],
    ['an unsafe integer', 2 ** 53],
    ['NaN', Number.NaN],
    ['an infinity', Infinity],
    ['a bigint', 1n],
    ['undefined', undefined],
    ['an undefined member', { a: undefined }],
    ['a hole', new Array(1)],
    ['a function', () => 1],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['bytes', new Uint8Array(1)],
    ['a lone surrogate', 'a\udc00'],
    ['a lone surrogate in a key', { '\ud800': 1 }],
    ['a cycle', cyclic],
  ])('refuses %s', (_, value) => expect(() => jcs(value)).toThrow(MalformedError));
});
