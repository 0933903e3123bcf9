import { describe, expect, it } from '@jest/globals';
import { nkeys } from '@nats-io/transport-node';
import { newNkeySeed, nkeyOf, nkeySigner } from './nkey.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('nkeys', () => {
  it('are those of the client library: seeds, public keys and signatures', () => {
    const seed = newNkeySeed();
    const theirs = nkeys.fromSeed(bytes(seed));
    expect(nkeyOf(seed)).toBe(theirs.getPublicKey());
    const { nkey, sig } = nkeySigner(seed)('nonce');
    expect(nkey).toBe(theirs.getPublicKey());
    expect(nkeys.fromPublic(nkey).verify(bytes('nonce'), Buffer.from(sig, 'base64url'))).toBe(true);
  });

  it('refuse what is no seed of a user', () => {
    const seed = newNkeySeed();
    const [first, other] = seed.endsWith('A') ? ['A', 'B'] : [seed.at(-1)!, 'A'];
    const account = new TextDecoder().decode(nkeys.createAccount().getSeed());
    for (const wrong of ['', 'SU', seed.slice(1), seed.toLowerCase(), `${seed.slice(0, -1)}${other}`, account])
      expect(() => nkeySigner(wrong)).toThrow('not the seed of a NATS user');
    expect(() => nkeySigner(`${seed.slice(0, -1)}${first}`)).not.toThrow();
  });
});
