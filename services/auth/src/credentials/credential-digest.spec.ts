import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CredentialDigest } from './credential-digest.js';

const under = (pepper: Buffer<ArrayBuffer>) => new CredentialDigest({ API_KEY_PEPPER: pepper });

describe('credential digest', () => {
  const digest = under(randomBytes(32));

  it('matches the text it was made of and no other', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, other) => {
        expect(digest.matches('api-key', text, digest.of('api-key', text))).toBe(true);
        expect(digest.matches('api-key', other, digest.of('api-key', text))).toBe(text === other);
      }),
    );
  });

  it('matches nothing when there is no digest', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(digest.matches('api-key', text, undefined)).toBe(false)));
  });

  it('says nothing under another pepper', () => {
    expect(under(randomBytes(32)).matches('api-key', 'text', digest.of('api-key', 'text'))).toBe(false);
  });

  it('keeps kinds apart: one credential’s digest is never another kind’s', () => {
    const text = 'text';
    expect(digest.matches('sign-in', text, digest.of('api-key', text))).toBe(false);
    expect(digest.csrfOf(text)).not.toBe(digest.of('sign-in', text).toString('base64url'));
  });
});
