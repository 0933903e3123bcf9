import { describe, expect, it } from '@jest/globals';
import { fromHex, MalformedError } from '@conclave/audit-core';
import fc from 'fast-check';
import { readCbor } from './cbor.js';
import { readRegistration } from './registration.js';

const read = (text: string) => readCbor(fromHex(text));

describe('CBOR', () => {
  it.each<[string, unknown]>([
    ['17', 23],
    ['1818', 24],
    ['190100', 256],
    ['1a00010000', 65_536],
    ['26', -7],
    ['390100', -257],
    ['43010203', Uint8Array.of(1, 2, 3)],
    ['6161', 'a'],
    ['8201f6', [1, null]],
    ['a1616101', new Map([['a', 1]])],
    ['f5', true],
  ])('%s is read as RFC 8949 has it', (text, value) => expect(read(text)).toEqual({ value, length: text.length / 2 }));

  it.each([
    ['nothing', ''],
    ['a head that is cut off', '19'],
    ['bytes that are cut off', '4301'],
    ['a longer head than needed', '1817'],
    ['a longer head than needed, in two bytes', '1900ff'],
    ['eight bytes of length', '1b0000000100000000'],
    ['an indefinite length', '5fff'],
    ['a key twice', 'a201000101'],
    ['a list as a key', 'a18000'],
    ['a tag', 'c100'],
    ['a float', 'f93c00'],
    ['undefined', 'f7'],
    ['text that is no UTF-8', '61ff'],
    ['more items than bytes', '9affffffff'],
    ['nesting without end', '81'.repeat(40)],
  ])('refuses %s', (_, text) => expect(() => read(text)).toThrow(MalformedError));

  it('gives a registration of any bytes a verdict', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const sites = { rpId: 'a.example', origins: ['https://a.example'] };
    fc.assert(
      fc.property(bytes, bytes, (any, other) => {
        const clientDataJSON = JSON.stringify({ type: 'webauthn.create', challenge: '', origin: 'https://a.example' });
        const registration = {
          clientDataJSON: Buffer.from(clientDataJSON).toString('base64'),
          attestationObject: Buffer.concat([fromHex('a2'), fromHex('68'), any, other]).toString('base64'),
        };
        expect(readRegistration(registration, sites, new Uint8Array())).toBe('attestation-object');
      }),
    );
  });
});
