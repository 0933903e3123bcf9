import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseStrictJson } from './strict-json.js';

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
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
  });

  it('accepts 64 levels and no more, however they are mixed and whatever stands in strings', () => {
    const nested = (levels: number, open: string, inner: string, close: string): string =>
      open.repeat(levels) + inner + close.repeat(levels);
    const reason = (text: string): unknown => {
      try {
        return parse(text) && undefined;
      } catch (error) {
        return (error as { params: { reason: string } }).params.reason;
      }
    };
    for (const [open, inner, close] of [
      ['[', '"[{\\"[{"', ']'],
      ['{"[":', '"\\\\"', '}'],
    ] as const) {
      expect(reason(nested(64, open, inner, close))).toBeUndefined();
      expect(reason(nested(65, open, inner, close))).toBe('more than 64 levels');
    }
    expect(reason(`[${'{},[],'.repeat(100)}1]`)).toBeUndefined();
  });

  it('refuses hostile nesting by its depth, before it asks whether it is JSON at all', () => {
    expect(() => parse('['.repeat(500_000))).toThrow(
      expect.objectContaining({ params: { reason: 'more than 64 levels' } }),
    );
    expect(() => parse('"never closed \\')).toThrow(expect.objectContaining({ params: { reason: 'not JSON' } }));
  });
});
