import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { base64, fromBase64 } from '@conclave/audit-core';
import fc from 'fast-check';
import { signatureShape, signedBy, type Signature } from './ballot.js';
import { read } from './shape.js';
import { isSafeKey, type SigningKey } from './webauthn.js';

interface Vectors {
  readonly message: string;
  readonly keys: Readonly<Record<string, SigningKey>>;
  readonly signatures: readonly {
    readonly name: string;
    readonly key: string;
    readonly valid: boolean;
    readonly signature: unknown;
  }[];
}

const file = join(import.meta.dirname, '../../../docs/spec/passkeys/signatures.json');
const { message, keys, signatures } = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
const signed = fromBase64(message);

/** What the verifier does with a signature from outside: first its shape, then the key's word. */
async function holds(key: string, signature: unknown, bytes = signed): Promise<boolean> {
  const known = read(signatureShape, signature);
  return known.ok && signedBy(keys[key]!, bytes, known.value);
}
const good = (name: string) => signatures.find((vector) => vector.name === name)!.signature as Signature;

describe('a signature of a voter', () => {
  it.each(signatures.map((vector) => [vector.valid ? 'holds' : 'does not hold', vector.name, vector] as const))(
    '%s: %s',
    async (_, __, { key, signature, valid }) => {
      expect(await holds(key, signature)).toBe(valid);
    },
  );

  it('holds for its own message only', async () => {
    for (const [key, name] of [
      ...[['ed25519', 'Ed25519']],
      ...[['es256', 'ES256']],
      ...[['eddsa', 'EdDSA']],
    ] as const) {
      expect(await holds(key, good(name), signed.subarray(1))).toBe(false);
    }
  });

  it('of a passkey does not hold at another site than the one enrolled', async () => {
    const { es256 } = keys;
    const signature = good('ES256');
    for (const site of [{ rpId: 'example' }, { origin: 'https://example' }]) {
      const relyingParty = { ...es256!.relyingParty!, ...site };
      expect(await signedBy({ ...es256!, relyingParty }, signed, signature)).toBe(false);
    }
    expect(await signedBy({ ...es256!, relyingParty: undefined }, signed, signature)).toBe(false);
  });
});

describe('hostile signatures', () => {
  it('with any byte flipped do not hold, and never throw', async () => {
    for (const [key, name] of Object.entries({ es256: 'ES256', eddsa: 'EdDSA' })) {
      const signature = good(name) as Extract<Signature, { algorithm: 'webauthn-es256' }>;
      for (const member of ['authenticatorData', 'clientDataJSON', 'signature'] as const) {
        const bytes = fromBase64(signature[member]);
        for (let at = 0; at < bytes.length; at++) {
          const flipped = base64(bytes.map((byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte)));
          expect([name, member, at, await holds(key, { ...signature, [member]: flipped })]).toContain(false);
        }
      }
    }
  });

  it('of any kind have a verdict', async () => {
    const bytes = fc.uint8Array({ maxLength: 80 }).map(base64);
    const algorithm = fc.constantFrom('ed25519', 'webauthn-es256', 'webauthn-eddsa', '__proto__', 'toString');
    const member = fc.oneof(bytes, fc.string(), fc.constantFrom(null, 7, [], {}));
    const made = fc.record(
      { algorithm, authenticatorData: member, clientDataJSON: member, signature: member, value: member },
      { requiredKeys: ['algorithm'] },
    );
    const loose = fc.record({ algorithm, authenticatorData: bytes, clientDataJSON: bytes, signature: bytes });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(made, loose, fc.jsonValue()),
        fc.constantFrom(...Object.keys(keys)),
        async (any, key) => {
          expect(await holds(key, any)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a voter key', () => {
  it('is safe in its one form only', () => {
    for (const key of Object.values(keys)) expect(isSafeKey(key)).toBe(true);
    const { ed25519, es256, eddsa } = keys as Record<'ed25519' | 'es256' | 'eddsa', SigningKey>;
    const zeros = (length: number): string => base64(new Uint8Array(length));
    const unsafe: readonly SigningKey[] = [
      { ...ed25519, relyingParty: es256.relyingParty },
      { ...es256, relyingParty: undefined },
      { ...ed25519, publicKey: es256.publicKey },
      { ...es256, publicKey: eddsa.publicKey },
      { ...ed25519, publicKey: zeros(32) },
      { ...eddsa, publicKey: zeros(32) },
      { ...es256, publicKey: zeros(65) },
    ];
    expect(unsafe.filter(isSafeKey)).toEqual([]);
  });
});
