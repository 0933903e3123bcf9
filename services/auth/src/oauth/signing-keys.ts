/**
 * The keys that sign access tokens. They are rows, the same for every replica, and time alone says what each is for: the
 * newest whose time has come signs; one that is still to come is published already, so that nobody meets a token of a key
 * they cannot have seen; one before is published until the last token it signed has ended, and then swept.
 */
import { generateKeyPairSync } from 'node:crypto';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { KeyRing } from '../data-keys/key-ring.js';
import { insertSigningKey, signingKeys, type SigningKeyRow } from './postgres-signing-keys.js';

export const SIGNING_ALGORITHM = 'ES256';
/** A new key signs after this long: every replica and most others have looked by then. */
export const OVERLAP_MS = 60_000;
/** What was read is believed for this long. */
const FRESH_MS = 5_000;
/** An unknown key is looked for this often at most. */
const LOOK_AGAIN_MS = 1_000;

export interface SigningKey {
  readonly id: string;
  readonly jwk: JWK;
}

@Injectable()
export class SigningKeys {
  private rows: readonly SigningKeyRow[] = [];
  private readAt = 0;
  private opened?: SigningKey;

  constructor(
    private readonly db: Database,
    private readonly ring: KeyRing,
  ) {}

  /** The private key that signs now; made on first use. @throws ConclaveError `service.unavailable` */
  async current(): Promise<SigningKey> {
    let row = newestAt(await this.fresh(FRESH_MS), Date.now());
    if (!row) {
      await this.rotate(0);
      row = newestAt(await this.fresh(0), Date.now())!;
    }
    if (this.opened?.id !== row.id) this.opened = { id: row.id, jwk: await this.open(row) };
    return this.opened;
  }

  /** What everybody may know: the public halves of all keys that are to come, at work, or were not long ago. */
  async published(): Promise<readonly JWK[]> {
    await this.current();
    return (await this.fresh(FRESH_MS)).map(publicOf);
  }

  /** The public half of a key of ours; undefined if it is none. */
  async publicKey(id: string): Promise<JWK | undefined> {
    const find = (rows: readonly SigningKeyRow[]) => rows.find((row) => row.id === id);
    const row = find(await this.fresh(FRESH_MS)) ?? find(await this.fresh(LOOK_AGAIN_MS));
    return row && publicOf(row);
  }

  /** Makes a key that takes over after `afterMs`. */
  async rotate(afterMs = OVERLAP_MS): Promise<{ readonly id: string; readonly signsFrom: Date }> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { d = '', kty, crv, x, y } = privateKey.export({ format: 'jwk' });
    const publicJwk = { kty, crv, x, y } as JWK;
    const id = await calculateJwkThumbprint(publicJwk);
    const wrapped = await this.ring.wrap(Buffer.from(d, 'base64url'), placeOfSigningKey(id));
    const signsFrom = await this.db.system((tx) => insertSigningKey(tx, { id, publicJwk, ...wrapped }, afterMs));
    return { id, signsFrom };
  }

  private async open(row: SigningKeyRow): Promise<JWK> {
    const d = (await this.ring.unwrap(row, placeOfSigningKey(row.id))).toString('base64url');
    return { ...row.publicJwk, d, kid: row.id, alg: SIGNING_ALGORITHM, use: 'sig' };
  }

  private async fresh(ms: number): Promise<readonly SigningKeyRow[]> {
    if (Date.now() - this.readAt < ms) return this.rows;
    const rows = await this.db.system(signingKeys);
    this.readAt = Date.now();
    return (this.rows = rows);
  }
}

const newestAt = (rows: readonly SigningKeyRow[], at: number): SigningKeyRow | undefined =>
  rows.filter(({ signsFrom }) => signsFrom.getTime() <= at).at(-1);

const publicOf = ({ id, publicJwk }: SigningKeyRow): JWK => ({
  ...publicJwk,
  kid: id,
  alg: SIGNING_ALGORITHM,
  use: 'sig',
});

/** Where a signing key is kept: wrapped for this place it opens at no other. */
export const placeOfSigningKey = (id: string): string => ['oauth_signing_key', 'wrapped', id].join('|');
