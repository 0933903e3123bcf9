import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseStrictJson, refuseUnstorable } from './strict-json.js';

const parse = (text: string): unknown => parseStrictJson(new TextEncoder().encode(text));

describe('parseStrictJson', () => {
  it('reads what JSON.parse reads, however it is spaced', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: 'binary' }),
        fc.constantFrom(undefined, 1, '\t', ' \r\n'),
        (value, space) => {
          const text = JSON.stringify(value, undefined, space);
          expect(parse(text)).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it('finds a member given twice wherever it hides', () => {
    const inner = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(
        fc.string(),
        inner,
        inner,
        fc.array(fc.constantFrom('[', '{"a":'), { maxLength: 5 }),
        (name, a, b, around) => {
          const key = JSON.stringify(name);
          const close = [...around].reverse().map((open) => (open === '[' ? ']' : '}'));
          const once = `${around.join('')}{${key}:${JSON.stringify(a)}}${close.join('')}`;
          const twice = `${around.join('')}{${key}:${JSON.stringify(a)}, ${key} :${JSON.stringify(b)}}${close.join('')}`;
          expect(() => parse(once)).not.toThrow();
          expect(() => parse(twice)).toThrow(expect.objectContaining({ code: 'request.malformed' }));
        },
      ),
    );
  });

  it('takes a megabyte of the worst in good time', () => {
    const before = process.cpuUsage();
    parse(`{"a":"${'\\"'.repeat(500_000)}"}`);
    parse(`[${'{"a":1},'.repeat(120_000)}{}]`);
    parse(`${'['.repeat(500_000)}${']'.repeat(500_000)}`);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
  });
});

describe('refuseUnstorable', () => {
  it('accepts 64 levels and no more', () => {
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    expect(() => refuseUnstorable(nested(64))).not.toThrow();
    expect(() => refuseUnstorable(nested(65))).toThrow(expect.objectContaining({ code: 'request.malformed' }));
  });
});
