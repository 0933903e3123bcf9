/** Test keys on the platform's WebCrypto, so that fixtures run wherever the verifier does. */
import { formatVkey, fromBase64, fromHex, type NoteKey } from '@conclave/audit-core';

/** A key pair with the raw public key. */
export interface Signer {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** Makes a fresh Ed25519 key. */
export async function newSigner(): Promise<Signer> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new TypeError('Ed25519 keys come in pairs');
  return {
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, message)),
  };
}

/** The key pair of a seed (RFC 8032 §5.1.5), the same in every run. */
export async function signerOf(seed: Uint8Array<ArrayBuffer>): Promise<Signer> {
  const pkcs8 = Uint8Array.of(...PKCS8_PREFIX, ...seed);
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign']);
  const { x = '' } = await crypto.subtle.exportKey('jwk', privateKey);
  return {
    publicKey: fromBase64(`${x.replaceAll('-', '+').replaceAll('_', '/')}=`),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, message)),
  };
}

/** RFC 8410 §7: what precedes the seed in a private key's DER. */
const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420');

/** The verifier key under which a signer signs notes. */
export function vkeyOf(name: string, { publicKey }: Signer, type: NoteKey['type'] = 1): string {
  return formatVkey({ name, type, publicKey });
}
