/** Keys of the whole installation: only the system role sees them. */
import type { Tx } from '@conclave/postgres-kit';
import type { JWK } from 'jose';
import type { WrappedKey } from '../data-keys/key-encryption.js';

export interface SigningKeyRow extends WrappedKey {
  readonly id: string;
  readonly publicJwk: JWK;
  readonly signsFrom: Date;
}

/** All of them, in the order in which they sign. */
export const signingKeys = (tx: Tx): Promise<SigningKeyRow[]> =>
  tx.query(
    `select id, public_jwk as "publicJwk", key_id as "keyId", wrapped, signs_from as "signsFrom"
     from oauth_signing_key order by signs_from, id`,
  );

/** @returns when it begins to sign */
export async function insertSigningKey(tx: Tx, key: Omit<SigningKeyRow, 'signsFrom'>, afterMs: number): Promise<Date> {
  const row = await tx.one<{ signs_from: Date }>(
    `insert into oauth_signing_key (id, public_jwk, key_id, wrapped, created_at, signs_from)
     values ($1, $2, $3, $4, now(), now() + $5 * interval '1 ms') returning signs_from`,
    [key.id, JSON.stringify(key.publicJwk), key.keyId, key.wrapped, afterMs],
  );
  return row!.signs_from;
}

/** False when the key was wrapped anew meanwhile. */
export async function replaceSigningKeyWrapping(tx: Tx, before: SigningKeyRow, after: WrappedKey): Promise<boolean> {
  const rows = await tx.query(
    'update oauth_signing_key set key_id = $3, wrapped = $4 where id = $1 and wrapped = $2 returning id',
    [before.id, before.wrapped, after.keyId, after.wrapped],
  );
  return rows.length > 0;
}
