/**
 * Secrets on their way to one process: HPKE (RFC 9180) in base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
 * AES-256-GCM. Who reads along, or has the message later, has nothing.
 */
import type { webcrypto } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const ENCAPSULATED_BYTES = 32;
const info = bytesOf('conclave/sealed-to/1');

/** Whoever waits for one sealed secret; the private half never leaves it. */
export interface Recipient {
  /** Base64. */
  readonly publicKey: string;
  /** @throws Error when it was sealed to another one, or for another `purpose` */
  open(sealed: string, purpose: string): Promise<string>;
}

export async function newRecipient(): Promise<Recipient> {
  const keys = (await suite.kem.generateKeyPair()) as webcrypto.CryptoKeyPair;
  return {
    publicKey: textOf(await suite.kem.serializePublicKey(keys.publicKey)),
    async open(sealed, purpose) {
      const bytes = Buffer.from(sealed, 'base64');
      const enc = new Uint8Array(bytes.subarray(0, ENCAPSULATED_BYTES)).buffer;
      const text = new Uint8Array(bytes.subarray(ENCAPSULATED_BYTES)).buffer;
      const opened = await suite.open({ recipientKey: keys, enc, info }, text, bytesOf(purpose));
      return Buffer.from(opened).toString('utf8');
    },
  };
}

/** Encapsulated key ‖ ciphertext, in base64. @throws Error when `publicKey` is no point to seal to */
export async function sealTo(publicKey: string, secret: string, purpose: string): Promise<string> {
  const point = new Uint8Array(Buffer.from(publicKey, 'base64')).buffer;
  const recipientPublicKey = (await suite.kem.deserializePublicKey(point)) as webcrypto.CryptoKey;
  const { enc, ct } = await suite.seal({ recipientPublicKey, info }, bytesOf(secret), bytesOf(purpose));
  return Buffer.concat([Buffer.from(enc), Buffer.from(ct)]).toString('base64');
}

function bytesOf(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text, 'utf8')).buffer;
}

function textOf(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString('base64');
}
