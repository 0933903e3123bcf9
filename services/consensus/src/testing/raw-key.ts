import type { KeyObject } from 'node:crypto';

/** A raw public key in base64. */
export function rawOf(key: KeyObject): string {
  return Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url').toString('base64');
}
