/**
 * The spelling of an API key: `ccl_<env>_<id>_<secret><crc>`.
 *
 * `id` is the 26 characters of the key's TypeID, `secret` 256 random bits in base62, `crc` the CRC-32 (IEEE 802.3) of
 * everything before it in base62. The prefix and the checksum let secret scanners find leaked keys without asking us,
 * and let a mistyped key be refused without asking the database. The checksum authenticates nothing.
 */
import { crc32 } from 'node:zlib';
import { idPrefixes } from '@conclave/contracts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 256 bits and 32 bits in base62, padded to the longest. */
const SECRET_CHARS = 43;
const CRC_CHARS = 6;
const KEY = /^ccl_[a-z0-9]{1,12}_([0-7][0-9a-hjkmnp-tv-z]{25})_[0-9A-Za-z]{49}$/;

/** The key of an id with a secret of 32 bytes. */
export function formatApiKey(env: string, id: string, secret: Uint8Array): string {
  const body = `ccl_${env}_${id.slice(idPrefixes.apiKey.length + 1)}_${base62(secret, SECRET_CHARS)}`;
  return body + checksum(body);
}

/** The id of a well-spelled key; undefined for anything else. */
export function apiKeyIdOf(key: string): string | undefined {
  const [, id] = KEY.exec(key) ?? [];
  const body = key.slice(0, -CRC_CHARS);
  return id && checksum(body) === key.slice(-CRC_CHARS) ? `${idPrefixes.apiKey}_${id}` : undefined;
}

function checksum(body: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return base62(sum, CRC_CHARS);
}

function base62(bytes: Uint8Array, length: number): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let out = '';
  for (let i = 0; i < length; i++) {
    out = BASE62[Number(value % 62n)]! + out;
    value /= 62n;
  }
  return out;
}
