/**
 * ECDSA on P-256 with SHA-256 (FIPS 186-5, "ES256") through the platform's WebCrypto, the same in Node and browsers.
 *
 * A key is the uncompressed point of SEC 1 §2.3.3, 65 bytes: it has this one spelling here, and whether it is on the
 * curve is computed here, because platforms differ in what they let through. Signatures are DER (X.690), as
 * authenticators give them, in their one strict form. A signature has a twin (n - s), which is as good: what was signed
 * identifies a statement, never its signature.
 */
import { concatBytes, hex } from './bytes.js';

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Whether a key may be enrolled or trusted: an uncompressed point on the curve, with reduced coordinates. */
export function isSafeP256Key(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 65 || publicKey[0] !== 4) return false;
  const [x, y] = [publicKey.subarray(1, 33), publicKey.subarray(33)].map((bytes) => BigInt(`0x${hex(bytes)}`)) as [
    bigint,
    bigint,
  ];
  return x < P && y < P && (y * y - (x * x * x - 3n * x + B)) % P === 0n;
}

/**
 * Whether the DER signature is that key's over that message; false for keys that are unsafe.
 *
 * @throws Error where the runtime has no WebCrypto (browsers offer it to HTTPS and localhost pages only)
 */
export async function verifyP256(publicKey: Uint8Array, message: Uint8Array, der: Uint8Array): Promise<boolean> {
  const raw = rawSignature(der);
  if (raw === undefined || !isSafeP256Key(publicKey)) return false;
  const subtle = crypto.subtle as typeof crypto.subtle | undefined;
  if (subtle === undefined) throw new Error('this runtime has no WebCrypto ECDSA');
  const key = await subtle.importKey('raw', publicKey, ALGORITHM, false, ['verify']);
  return subtle.verify({ ...ALGORITHM, hash: 'SHA-256' }, key, raw, message);
}

/** `SEQUENCE { INTEGER r, INTEGER s }` as the 64 bytes of IEEE P1363; undefined unless it is its only encoding. */
export function rawSignature(der: Uint8Array): Uint8Array | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) return undefined;
  const r = integerAt(der, 2);
  const s = r && integerAt(der, r.end);
  return s?.end === der.length ? concatBytes(r!.bytes, s.bytes) : undefined;
}

/** A positive INTEGER of at most 32 bytes in minimal form, padded to 32. */
function integerAt(der: Uint8Array, at: number): { bytes: Uint8Array; end: number } | undefined {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  const [first = 0, second = 0] = der.subarray(at + 2, end);
  if (der[at] !== 0x02 || length === 0 || end > der.length || first > 0x7f) return undefined;
  if (first === 0 && second < 0x80) return undefined;
  const magnitude = der.subarray(first === 0 ? at + 3 : at + 2, end);
  if (magnitude.length > 32) return undefined;
  const bytes = new Uint8Array(32);
  bytes.set(magnitude, 32 - magnitude.length);
  return { bytes, end };
}
