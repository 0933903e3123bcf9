import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { base64, concatBytes, equalBytes, fromBase64, fromHex, fromUtf8, hex, utf8 } from './bytes.js';
import { MalformedError } from './malformed-error.js';

const bytes = fc.uint8Array({ maxLength: 100 });

describe('hex and base64', () => {
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('writes and reads the RFC 4648 example %j', (text, encoded) => {
    expect(base64(utf8(text))).toBe(encoded);
    expect(fromUtf8(fromBase64(encoded))).toBe(text);
  });

  it('reads back what it wrote and agrees with the platform', () => {
    fc.assert(
      fc.property(bytes, (some) => {
        expect(base64(some)).toBe(Buffer.from(some).toString('base64'));
        expect(hex(some)).toBe(Buffer.from(some).toString('hex'));
        expect(fromBase64(base64(some))).toEqual(some);
        expect(fromHex(hex(some))).toEqual(some);
      }),
    );
  });

  it('has one spelling for each byte string: what it reads, it writes again', () => {
    const nearlyBase64 = fc.string({ unit: fc.constantFrom(...'AQZgz019+/=- _\n'), maxLength: 12 });
    fc.assert(
      fc.property(nearlyBase64, (text) => {
        const read = attempt(() => fromBase64(text));
        if (read !== undefined) expect(base64(read)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['Zg', 'Zg=', 'Zh==', 'Zm9=', 'Zm-_', ' Zg==', 'Zg==\n', 'Z===', '====', 'Zg==Zg==', 'Zé=='])(
    'refuses base64 %j',
    (text) => expect(() => fromBase64(text)).toThrow(MalformedError),
  );

  it.each(['0', 'AB', '0g', '0x'])('refuses hex %j', (text) => expect(() => fromHex(text)).toThrow(MalformedError));
});

describe('utf8', () => {
  it('refuses lone surrogates and invalid bytes instead of replacing them', () => {
    expect(() => utf8('\ud800')).toThrow(MalformedError);
    expect(() => fromUtf8(Uint8Array.of(0xc0, 0x80))).toThrow(MalformedError);
    expect(() => fromUtf8(Uint8Array.of(0xed, 0xa0, 0x80))).toThrow(MalformedError);
  });

  it('keeps a byte order mark, so that no two byte strings read alike', () => {
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });
});

it('joins and compares bytes', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(concatBytes(a, b)).toEqual(Uint8Array.of(...a, ...b));
      expect(equalBytes(a, b)).toBe(hex(a) === hex(b));
      expect(equalBytes(a, a.slice())).toBe(true);
    }),
  );
});

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError);
    return undefined;
  }
}
