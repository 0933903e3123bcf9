/** Test keys on the platform's WebCrypto, so that fixtures run wherever the verifier does. */
import { formatVkey, type NoteKey } from '@conclave/audit-core';

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

/** The verifier key under which a signer signs notes. */
export function vkeyOf(name: string, { publicKey }: Signer, type: NoteKey['type'] = 1): string {
  return formatVkey({ name, type, publicKey });
}
