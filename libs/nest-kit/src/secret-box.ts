/**
 * Secrets at rest that must be readable again: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce, bound to the
 * place they belong to, so that a row copied to another tenant or record does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';

const ALGORITHM = 'aes-256-gcm';
/** First byte of what is sealed; another construction gets another one. */
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** An environment variable that holds 32 bytes in base64. */
export const secretKey = z
  .base64()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === 32, { error: 'expected 32 bytes in base64' });

/** Seals under one key. Safe for 2^32 secrets per key, the bound of random nonces. */
export class SecretBox {
  constructor(private readonly key: Uint8Array) {}

  /** `version ‖ nonce ‖ tag ‖ ciphertext` in base64. `place` names where it is kept, such as `webhook/<tenant>/<id>`. */
  seal(secret: string, place: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key, nonce).setAAD(Buffer.from(place));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), text]).toString('base64');
  }

  /** @throws Error when it was changed, was sealed under another key, or belongs to another place */
  open(sealed: string, place: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    const [tagAt, textAt] = [1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES];
    if (bytes[0] !== VERSION || bytes.length < textAt) throw new Error('not a sealed secret');
    const decipher = createDecipheriv(ALGORITHM, this.key, bytes.subarray(1, tagAt), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(tagAt, textAt));
    return Buffer.concat([decipher.update(bytes.subarray(textAt)), decipher.final()]).toString('utf8');
  }
}
