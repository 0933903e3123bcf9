import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SecretBox, secretKey } from './secret-box.js';

describe('secret box', () => {
  const box = new SecretBox(randomBytes(32));

  it('opens what it sealed, for any secret and place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (secret, place) => {
        expect(box.open(box.seal(secret, place), place)).toBe(secret);
      }),
    );
  });

  it('never seals the same secret to the same bytes', () => {
    expect(box.seal('secret', 'here')).not.toBe(box.seal('secret', 'here'));
  });

  it('does not open at another place or under another key', () => {
    const sealed = box.seal('secret', 'webhook/a/1');
    expect(() => box.open(sealed, 'webhook/b/1')).toThrow();
    expect(() => new SecretBox(randomBytes(32)).open(sealed, 'webhook/a/1')).toThrow();
  });

  it('does not open when any one bit was changed or the end is missing', () => {
    const sealed = Buffer.from(box.seal('secret', 'here'), 'base64');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => box.open(changed.toString('base64'), 'here')).toThrow();
    }
    for (let length = 0; length < sealed.length; length++)
      expect(() => box.open(sealed.subarray(0, length).toString('base64'), 'here')).toThrow();
  });

  it('takes a key of 32 bytes and no other', () => {
    expect(secretKey.parse(randomBytes(32).toString('base64'))).toHaveLength(32);
    for (const wrong of ['', 'not base64!', randomBytes(16).toString('base64'), randomBytes(33).toString('base64')])
      expect(secretKey.safeParse(wrong).success).toBe(false);
  });
});
