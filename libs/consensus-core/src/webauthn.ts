/**
 * Passkeys as voter keys: what an authenticator signs, and when it counts as the voter's signature.
 *
 * Source: Web Authentication Level 3 §5.8.1, §6.1 and §7.2. The challenge is the SHA-256 of the bytes that an Ed25519
 * voter would sign. An assertion counts only if the person was there and was recognised, on the page of the key's own
 * site, which no other page framed. Its counter is not looked at: who reads one receipt has no earlier value.
 * Invariant: nothing here throws for what somebody sent.
 */
import {
  base64,
  concatBytes,
  equalBytes,
  fromBase64,
  fromUtf8,
  isSafeEd25519Key,
  isSafeP256Key,
  MalformedError,
  parseStrictJson,
  sha256,
  utf8,
  verifyEd25519,
  verifyP256,
} from '@conclave/audit-core';
import { base64Of, label, publicKey } from './primitives.js';
import { object, read, type Of } from './shape.js';

/** How a voter may sign. `webauthn-es256` is COSE algorithm -7 on P-256, `webauthn-eddsa` is -8 on Ed25519. */
export const signatureAlgorithms = ['ed25519', 'webauthn-es256', 'webauthn-eddsa'] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** The site a passkey belongs to: the domain it is scoped to, and the origin of the page it was enrolled on. */
export const relyingPartyShape = object({ rpId: label(253), origin: label(300) });
export type RelyingParty = Of<typeof relyingPartyShape>;

/** A public key with all that is needed to judge its signatures. */
export interface SigningKey {
  readonly algorithm: SignatureAlgorithm;
  /** Raw, base64: 32 bytes of Ed25519, or an uncompressed P-256 point. */
  readonly publicKey: string;
  readonly relyingParty?: RelyingParty | undefined;
}

/** What an authenticator gives, base64: `signature` is DER for ES256 and raw for EdDSA. */
export const assertionShapes = {
  authenticatorData: base64Of(37),
  clientDataJSON: base64Of(2_000),
  signature: base64Of(72),
};
export interface Assertion {
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly signature: string;
}

/** Whether a key has the length of its algorithm, and a site exactly if it is a passkey. */
export function fitsItsAlgorithm({ algorithm, publicKey, relyingParty }: SigningKey): boolean {
  const length = algorithm === 'webauthn-es256' ? 88 : 44;
  return publicKey.length === length && (algorithm === 'ed25519') === (relyingParty === undefined);
}

/** Whether a key may be enrolled: canonical, on its curve, and not of small order. */
export function isSafeKey(key: SigningKey): boolean {
  if (!read(publicKey, key.publicKey).ok || !fitsItsAlgorithm(key)) return false;
  const raw = fromBase64(key.publicKey);
  return key.algorithm === 'webauthn-es256' ? isSafeP256Key(raw) : isSafeEd25519Key(raw);
}

/** Whether the passkey signed this challenge. Extensions are never asked for, so the authenticator data is 37 bytes. */
export async function verifyAssertion(key: SigningKey, challenge: Uint8Array, assertion: Assertion): Promise<boolean> {
  const data = fromBase64(assertion.authenticatorData);
  const clientData = fromBase64(assertion.clientDataJSON);
  const site = key.relyingParty;
  if (site === undefined || data.length !== 37) return false;
  const { present, verified, attested, extended } = flagsOf(data);
  if (!present || !verified || attested || extended) return false;
  if (!equalBytes(data.subarray(0, 32), sha256(utf8(site.rpId)))) return false;
  if (!clientDataSays(clientData, { type: 'webauthn.get', challenge, origin: site.origin })) return false;
  const verify = key.algorithm === 'webauthn-es256' ? verifyP256 : verifyEd25519;
  const signed = concatBytes(data, sha256(clientData));
  return verify(fromBase64(key.publicKey), signed, fromBase64(assertion.signature));
}

/** The flags of authenticator data (§6.1) that decide something here. */
export function flagsOf(authenticatorData: Uint8Array) {
  const flags = authenticatorData[32] ?? 0;
  return {
    present: (flags & 0x01) !== 0,
    verified: (flags & 0x04) !== 0,
    attested: (flags & 0x40) !== 0,
    extended: (flags & 0x80) !== 0,
  };
}

/** Whether a browser says exactly this (§5.8.1), on a page that no other origin framed. Further members are allowed. */
export function clientDataSays(
  bytes: Uint8Array,
  { type, challenge, origin }: { readonly type: string; readonly challenge: Uint8Array; readonly origin: string },
): boolean {
  const said = clientDataIn(bytes);
  return (
    said['type'] === type &&
    said['challenge'] === base64Url(challenge) &&
    said['origin'] === origin &&
    (said['crossOrigin'] ?? false) === false &&
    said['topOrigin'] === undefined
  );
}

function clientDataIn(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return Object(parseStrictJson(fromUtf8(bytes))) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof MalformedError) return {};
    throw error;
  }
}

function base64Url(bytes: Uint8Array): string {
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
