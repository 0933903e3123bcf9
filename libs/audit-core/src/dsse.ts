/**
 * Dead Simple Signing Envelope (secure-systems-lab/dsse protocol v1.0).
 *
 * Signs bytes together with their type, so nothing has to be canonical and no payload can be taken for
 * one of another type.
 */
import { concatBytes, utf8 } from './bytes.js';

/** A signed payload; `payload` and `sig` are standard base64, `keyid` is a hint and never trust. */
export interface DsseEnvelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** The pre-authentication encoding: the bytes that are signed. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  return concatBytes(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload);
}
