/**
 * Identities on the bus: Ed25519 keys as NATS writes them, made and signed with by Node. The client library does both in
 * JavaScript, at a tenth of a second for each connection.
 */
import { createPrivateKey, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';

/** What a client says to a server that asked who it is. */
export interface NkeySignature {
  readonly nkey: string;
  readonly sig: string;
}

const USER = 20 << 3;
const SEED = 18 << 3;
const USER_SEED = [SEED | (USER >> 5), (USER & 31) << 3] as const;
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The seed of a new user, `SU…`. */
export const newNkeySeed = (): string => written([...USER_SEED, ...randomBytes(32)]);

/** The public half of a user's seed, `U…`. @throws Error when it is no seed of a user */
export const nkeyOf = (seed: string): string => publicNkey(privateKeyOf(seed));

/** Signs a server's nonces as the owner of the seed. @throws Error when it is no seed of a user */
export function nkeySigner(seed: string): (nonce?: string) => NkeySignature {
  const key = privateKeyOf(seed);
  const nkey = publicNkey(key);
  return (nonce = '') => ({ nkey, sig: sign(null, Buffer.from(nonce), key).toString('base64url') });
}

function publicNkey(key: KeyObject): string {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return written([USER, ...Buffer.from(x, 'base64url')]);
}

function privateKeyOf(seed: string): KeyObject {
  const bytes = [...seed].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, '0'));
  const octets = (bytes.join('').match(/.{8}/g) ?? []).map((bits) => Number.parseInt(bits, 2));
  const key = octets.slice(USER_SEED.length, USER_SEED.length + 32);
  if (written([...USER_SEED, ...key]) !== seed) throw new Error('It is not the seed of a NATS user (SU…).');
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, Buffer.from(key)]), type: 'pkcs8', format: 'der' });
}

/** Base32 of the bytes and their checksum. */
function written(bytes: readonly number[]): string {
  const checksum = crc16(bytes);
  const bits = [...bytes, checksum & 255, checksum >> 8].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => LETTERS[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

/** CRC-16/XMODEM. */
function crc16(bytes: readonly number[]): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}
