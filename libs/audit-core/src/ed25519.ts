/**
 * Ed25519 verification (RFC 8032 §5.1.7) by the platform: Node's own crypto, or WebCrypto in browsers.
 *
 * Platforms differ in which public keys they accept. Small-order points, under which one signature fits many
 * messages, and second spellings of a point (RFC 8032 §5.1.3 step 1) are refused here, before the platform is asked,
 * so that a receipt has one verdict everywhere. Signing stays with whoever holds the key.
 */
import { equalBytes, fromHex, hex } from './bytes.js';
import { nativeCrypto } from './native-crypto.js';

/** y-coordinates (sign bit cleared) of the eight points of small order. */
const SMALL_ORDER_Y = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);
/** What a SubjectPublicKeyInfo of Ed25519 holds before the key (RFC 8410 §4). */
const SPKI_HEAD = fromHex('302a300506032b6570032100');
const FIELD_TOP = Uint8Array.of(...new Array<number>(30).fill(0xff), 0x7f);

/** Whether a key may be enrolled or trusted: 32 bytes, canonical, not of small order. */
export function isSafeEd25519Key(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  // A Buffer's slice would be the key itself.
  const y = Uint8Array.from(publicKey);
  y[31]! &= 0x7f;
  const canonical = y[0]! < 0xed || !equalBytes(y.subarray(1), FIELD_TOP);
  return canonical && !SMALL_ORDER_Y.has(hex(y));
}

/**
 * Whether the signature is that key's over that message; false for keys that are unsafe or not on the curve.
 *
 * @throws Error where the runtime has no WebCrypto Ed25519 (browsers offer it to HTTPS and localhost pages only)
 */
export async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (signature.length !== 64) return false;
  const key = await keyOf(publicKey);
  return key !== undefined && key(message, signature);
}

/** Whether a signature is one key's over a message; found out beside the event loop. */
type Verify = (message: Uint8Array, signature: Uint8Array) => Promise<boolean>;

/** Keys that were used lately: voters, logs and services sign again and again. */
const KEYS = 1_000;
const keys = new Map<string, ReturnType<typeof importKey>>();

/** The key as the runtime has it; undefined for one that is unsafe or not on the curve. */
function keyOf(publicKey: Uint8Array): ReturnType<typeof importKey> {
  const name = hex(publicKey);
  const known = keys.get(name);
  if (known) return known;
  const [oldest] = keys.keys();
  if (keys.size >= KEYS && oldest !== undefined) keys.delete(oldest);
  const key = isSafeEd25519Key(publicKey) ? importKey(publicKey) : Promise.resolve(undefined);
  keys.set(name, key);
  return key;
}

async function importKey(publicKey: Uint8Array): Promise<Verify | undefined> {
  return nativeCrypto ? nativeKey(nativeCrypto, publicKey) : webKey(publicKey);
}

function nativeKey({ createPublicKey, verify }: NonNullable<typeof nativeCrypto>, publicKey: Uint8Array): Verify {
  const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, publicKey]), format: 'der', type: 'spki' });
  return (message, signature) =>
    new Promise((resolve, reject) =>
      verify(null, message, key, signature, (error, genuine) => (error ? reject(error) : resolve(genuine))),
    );
}

async function webKey(publicKey: Uint8Array): Promise<Verify | undefined> {
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
    return (message, signature) => crypto.subtle.verify('Ed25519', key, signature, message);
  } catch (error) {
    if ((error as { name?: unknown }).name === 'DataError') return undefined;
    throw new Error('this runtime has no WebCrypto Ed25519', { cause: error });
  }
}
