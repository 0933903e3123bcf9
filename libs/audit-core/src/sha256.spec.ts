import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hex, utf8 } from './bytes.js';
import { portableSha256, sha256 } from './sha256.js';

describe.each([
  ['sha256', sha256],
  ['portable sha256', portableSha256],
])('%s', (_, sha256) => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    [
      'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
      'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('agrees with the NIST example %#', (message, digest) => {
    expect(hex(sha256(utf8(message)))).toBe(digest);
  });

  it("agrees with the platform's SHA-256 at every length around the padding", () => {
    for (let length = 0; length < 260; length++) {
      const message = new Uint8Array(length).map((_, at) => at * 31 + length);
      expect(hex(sha256(message))).toBe(createHash('sha256').update(message).digest('hex'));
    }
  });

  it('hashes a view into a larger buffer, not the buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(50), (bytes, offset) => {
        const buffer = new Uint8Array(bytes.length + offset + 7).fill(0xaa);
        buffer.set(bytes, offset);
        expect(sha256(buffer.subarray(offset, offset + bytes.length))).toEqual(sha256(bytes));
      }),
    );
  });
});
