import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { idFromDigest, idOf, idPrefixes, newId, timeOfId, type IdKind } from './ids.js';

const kinds = Object.keys(idPrefixes) as IdKind[];
const kind = fc.constantFrom(...kinds);
const millisecond = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const entropy = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe('TypeIDs', () => {
  it('spells the UUID of the specification as the specification does', () => {
    const uuid = Buffer.from('01890a5dac96774bbcceb302099a8057', 'hex');
    expect(newId('run', 0x01890a5dac96, (bytes) => (bytes.set(uuid), bytes))).toBe('run_01h455vb4pex5vsknk084sn02q');
  });

  it('sorts by the time of creation, whatever the random part', () => {
    fc.assert(
      fc.property(kind, millisecond, millisecond, entropy, entropy, (of, a, b, left, right) => {
        fc.pre(a < b);
        const made = (at: number, bytes: Uint8Array) => newId(of, at, () => Uint8Array.from(bytes));
        expect(made(a, left) < made(b, right)).toBe(true);
      }),
    );
  });

  it('sorts what one process makes in the order in which it was made, also within a millisecond', () => {
    const made = Array.from({ length: 1_000 }, () => newId('event'));
    expect([...made].sort()).toEqual(made);
  });

  it('tells when it was made', () => {
    fc.assert(fc.property(kind, millisecond, (of, at) => expect(timeOfId(newId(of, at))).toBe(at)));
  });

  it('gives no id twice', () => {
    expect(new Set(Array.from({ length: 2_000 }, () => newId('event', 1))).size).toBe(2_000);
  });

  it('carries its kind, and no other kind accepts it', () => {
    fc.assert(
      fc.property(kind, kind, (of, other) => {
        const id = newId(of);
        expect(idOf(of).safeParse(id).success).toBe(true);
        expect(idOf(other).safeParse(id).success).toBe(of === other);
      }),
    );
  });

  it('gives each kind a prefix of its own', () => {
    expect(new Set(Object.values(idPrefixes)).size).toBe(kinds.length);
  });

  it('is a UUIDv7 underneath', () => {
    fc.assert(
      fc.property(millisecond, entropy, (at, bytes) => {
        const id = newId('event', at, () => Uint8Array.from(bytes)).slice(4);
        const value = [...id].reduce((sum, c) => sum * 32n + BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(c)), 0n);
        const hex = value.toString(16).padStart(32, '0');
        expect(Number(`0x${hex.slice(0, 12)}`)).toBe(at);
        expect(hex[12]).toBe('7');
        expect('89ab').toContain(hex[16]);
      }),
    );
  });

  it.each([
    '',
    'run_',
    'run_01h455vb4pex5vsknk084sn02',
    'run_01h455vb4pex5vsknk084sn02qq',
    'run_81h455vb4pex5vsknk084sn02q',
    'run_01H455VB4PEX5VSKNK084SN02Q',
    'run_01h455vb4pex5vsknk084sn02l',
    'run_01h455vb4pex5vsknk084sn02u',
    'RUN_01h455vb4pex5vsknk084sn02q',
    'run-01h455vb4pex5vsknk084sn02q',
    ' run_01h455vb4pex5vsknk084sn02q',
    'run_01h455vb4pex5vsknk084sn02q\n',
    '01890a5d-ac96-774b-bcce-b302099a8057',
  ])('refuses %j', (text) => {
    expect(idOf('run').safeParse(text).success).toBe(false);
  });

  it('derives the same id from the same digest and different ids from different ones', () => {
    fc.assert(
      fc.property(entropy, entropy, (a, b) => {
        expect(idFromDigest('decision', a)).toBe(idFromDigest('decision', Uint8Array.from(a)));
        expect(idOf('decision').safeParse(idFromDigest('decision', a)).success).toBe(true);
        fc.pre(Buffer.compare(fixed(a), fixed(b)) !== 0);
        expect(idFromDigest('decision', a)).not.toBe(idFromDigest('decision', b));
      }),
    );
  });
});

/** The bits of a digest that become the id; six are taken by version and variant. */
function fixed(digest: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(digest);
  bytes[6]! &= 0x0f;
  bytes[8]! &= 0x3f;
  return bytes;
}
