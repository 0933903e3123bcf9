/**
 * TypeIDs: a prefix that names the kind and a UUIDv7 in 26 characters of Crockford base32 (TypeID spec 0.3.0).
 * They sort by creation time and are the one spelling of an id: in URLs, on the wire and in the database.
 */
import { z } from 'zod';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Every kind of thing that has an id, with the prefix that names it. */
export const idPrefixes = {
  tenant: 'ten',
  workspace: 'wsp',
  principal: 'prn',
  apiKey: 'key',
  signIn: 'sgn',
  connection: 'con',
  secret: 'sec',
  dataKey: 'dek',
  passkey: 'pky',
  totp: 'tot',
  link: 'lnk',
  mail: 'mal',
  mailDomain: 'mdm',
  group: 'grp',
  accessReview: 'arv',
  breakGlass: 'bgl',
  oauthClient: 'ocl',
  grant: 'gnt',
  run: 'run',
  task: 'tsk',
  session: 'ses',
  trigger: 'trg',
  budget: 'bud',
  decision: 'dec',
  voter: 'vtr',
  event: 'evt',
  installation: 'ins',
  webhook: 'whk',
  delivery: 'dlv',
  export: 'exp',
  hold: 'hld',
  erasure: 'era',
} as const;

export type IdKind = keyof typeof idPrefixes;

/**
 * A fresh id. `at` is milliseconds since the epoch, now unless told; `random` fills a byte array (both injectable for
 * simulations).
 */
export function newId(kind: IdKind, at?: number, random: (bytes: Uint8Array) => Uint8Array = pooled): string {
  const bytes = random(new Uint8Array(16));
  const ms = at ?? counted(bytes);
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(ms / 2 ** (8 * (5 - i))) % 256;
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return `${idPrefixes[kind]}_${base32(bytes)}`;
}

/** When this process made its last id, and where its count stood. */
let [lastAt, count] = [0, 0];

/**
 * Makes ids of one process sort in the order in which they are made, also within a millisecond: twelve bits are a count
 * that begins anywhere in their lower half (RFC 9562 §6.2, method 1), enough for 2,048. @returns the present millisecond
 */
function counted(bytes: Uint8Array): number {
  const now = Date.now();
  count = now === lastAt ? count + 1 : ((bytes[6]! & 0x07) << 8) | bytes[7]!;
  lastAt = now;
  bytes[6] = count >> 8;
  bytes[7] = count & 0xff;
  return now;
}

/** When an id was made, in milliseconds since the epoch; of one derived from a digest, nothing that means anything. */
export function timeOfId(id: string): number {
  const [first = '', ...others] = id.slice(id.indexOf('_') + 1, id.indexOf('_') + 11);
  return others.reduce((time, letter) => time * 32 + ALPHABET.indexOf(letter), ALPHABET.indexOf(first));
}

/**
 * An id derived from a name: the same name always gives the same id, so a replayed step cannot create a second thing.
 * Such an id says nothing about time.
 */
export function idFromDigest(kind: IdKind, digest: Uint8Array): string {
  const bytes = digest.slice(0, 16);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return `${idPrefixes[kind]}_${base32(bytes)}`;
}

/** The schema of ids of one kind. */
export function idOf(kind: IdKind) {
  const prefix = idPrefixes[kind];
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`), { error: `expected an id like ${prefix}_…` });
}

/** Asking the system for a few bytes costs more than all else of an id. */
const pool = new Uint8Array(4_096);
let used = pool.length;

function pooled(bytes: Uint8Array): Uint8Array {
  if (used + bytes.length > pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  bytes.set(pool.subarray(used, (used += bytes.length)));
  return bytes;
}

/** 128 bits behind two zeros, five at a time. */
function base32(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let held = 2;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0x1fff;
    for (held += 8; held >= 5; held -= 5) out += ALPHABET[(bits >> (held - 5)) & 31]!;
  }
  return out;
}
