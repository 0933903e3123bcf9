/**
 * Passkeys whose signatures are the same in every run: ECDSA on P-256 with a nonce that follows from key and message,
 * which WebCrypto does not offer, and what an authenticator and a browser put around it. For vectors only: not constant
 * in time.
 */
import { base64, concatBytes, fromHex, hex, sha256, utf8 } from '@conclave/audit-core';
import type { Signature, Voter } from '@conclave/consensus-core';
import type { Signer } from './signer.js';

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const G: Point = [
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
];
type Point = readonly [bigint, bigint];

const modulo = (value: bigint, by: bigint): bigint => ((value % by) + by) % by;
const number = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes)}`);
const bytes32 = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0'));

function inverse(value: bigint, by: bigint): bigint {
  let [a, b, x, y] = [modulo(value, by), by, 1n, 0n];
  while (a > 1n) [a, b, x, y] = [b % a, a, y - (b / a) * x, x];
  return modulo(x, by);
}

function sum(a: Point | undefined, b: Point): Point {
  if (a === undefined) return b;
  const same = a[0] === b[0];
  const slope = same
    ? modulo(3n * a[0] * a[0] - 3n, P) * inverse(2n * a[1], P)
    : modulo(b[1] - a[1], P) * inverse(b[0] - a[0], P);
  const x = modulo(slope * slope - a[0] - b[0], P);
  return [x, modulo(slope * (a[0] - x) - a[1], P)];
}

/** G, 2G, 4G and so on. */
const POWERS: Point[] = [G];
for (let bit = 1; bit < 256; bit++) POWERS.push(sum(POWERS[bit - 1], POWERS[bit - 1]!));

function times(scalar: bigint): Point {
  let found: Point | undefined;
  for (const [bit, power] of POWERS.entries()) if ((scalar >> BigInt(bit)) & 1n) found = sum(found, power);
  return found!;
}

/** A positive INTEGER of DER (X.690), in its shortest form. */
function integer(value: bigint): Uint8Array {
  const digits = value.toString(16);
  const magnitude = fromHex(digits.length % 2 ? `0${digits}` : digits);
  const body = magnitude[0]! > 0x7f ? concatBytes(Uint8Array.of(0), magnitude) : magnitude;
  return concatBytes(Uint8Array.of(2, body.length), body);
}

export const derOf = (r: bigint, s: bigint): Uint8Array => {
  const body = concatBytes(integer(r), integer(s));
  return concatBytes(Uint8Array.of(0x30, body.length), body);
};

/** The order of the curve: `N - s` makes the twin of a signature. */
export const CURVE_ORDER = N;

export interface P256Signer extends Signer {
  /** The signature as its two numbers. */
  readonly numbers: (message: Uint8Array) => readonly [r: bigint, s: bigint];
}

/** The P-256 key pair of a seed; `sign` gives DER. */
export function p256SignerOf(seed: Uint8Array): P256Signer {
  const secret = modulo(number(seed), N);
  const [x, y] = times(secret);
  const numbers = (message: Uint8Array) => {
    const digest = sha256(message);
    const nonce = modulo(number(sha256(concatBytes(utf8('nonce'), seed, digest))), N);
    const r = modulo(times(nonce)[0], N);
    return [r, modulo(inverse(nonce, N) * (number(digest) + r * secret), N)] as const;
  };
  return {
    publicKey: concatBytes(Uint8Array.of(4), bytes32(x), bytes32(y)),
    numbers,
    sign: (message) => Promise.resolve(derOf(...numbers(message))),
  };
}

/** What authenticator and browser say; every member may be told otherwise. */
export interface Ceremony {
  readonly rpId?: string;
  readonly flags?: number;
  /** Bytes after the counter. */
  readonly more?: Uint8Array;
  /** The text of the client data, made from what a browser would say. */
  readonly clientData?: (usual: Readonly<Record<string, unknown>>) => string;
}

export const SITE = { rpId: 'conclave.example', origin: 'https://conclave.example' };

/** The assertion of a passkey over bytes that another voter would sign. */
export async function assertionOf(
  algorithm: Exclude<Voter['algorithm'], 'ed25519'>,
  signer: Signer,
  bytes: Uint8Array,
  { rpId = SITE.rpId, flags = 0x05, more = new Uint8Array(), clientData = JSON.stringify }: Ceremony = {},
): Promise<Extract<Signature, { algorithm: typeof algorithm }>> {
  const challenge = base64(sha256(bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const said = utf8(clientData({ type: 'webauthn.get', challenge, origin: SITE.origin, crossOrigin: false }));
  const data = concatBytes(sha256(utf8(rpId)), Uint8Array.of(flags, 0, 0, 0, 7), more);
  const signature = await signer.sign(concatBytes(data, sha256(said)));
  return {
    algorithm,
    authenticatorData: base64(data),
    clientDataJSON: base64(said),
    signature: base64(signature),
  };
}
