/**
 * Commitments to personal data: what a log says about a person is bound to its entry without being in it.
 *
 * SHA-256("conclave/data/v1\n" ‖ salt[32] ‖ JCS(data)). The salt makes the digest of a guessable name say nothing; once
 * data and salt are deleted nobody can open it, and the entry that holds it has not changed by a byte.
 */
import { concatBytes, utf8 } from './bytes.js';
import { jcs } from './jcs.js';
import { MalformedError } from './malformed-error.js';
import { sha256 } from './sha256.js';
import type { Json } from './strict-json.js';

const DOMAIN = utf8('conclave/data/v1\n');

export const SALT_BYTES = 32;

/** @throws MalformedError when the salt has another length, or the data have no canonical form */
export function dataCommitment(salt: Uint8Array, data: Json): Uint8Array {
  if (salt.length !== SALT_BYTES) throw new MalformedError('data commitment', `the salt is not ${SALT_BYTES} bytes`);
  return sha256(concatBytes(DOMAIN, salt, utf8(jcs(data))));
}
