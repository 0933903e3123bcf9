/**
 * What a browser gives when a passkey is made: whether it answers our challenge, and the public key in it.
 *
 * Source: Web Authentication Level 3 §7.1, COSE keys of RFC 9053. Attestation is not asked for, and a statement that
 * comes all the same is not judged: that the key is in an authenticator is the word of the browser of a signed-in person.
 */
import { equalBytes, MalformedError, sha256, utf8 } from '@conclave/audit-core';
import { clientDataSays, flagsOf, isSafeKey, type RelyingParty, type SigningKey } from '@conclave/consensus-core';
import { readCbor, type Cbor, type CborMap } from './cbor.js';

/** The sites of an installation that take passkeys. */
export interface PasskeySites {
  readonly rpId: string;
  readonly origins: readonly string[];
}

/** A passkey that answered its challenge. */
export interface Passkey extends SigningKey {
  readonly credentialId: string;
  readonly relyingParty: RelyingParty;
}

/** Why a registration is none. */
export type RegistrationFault =
  'client-data' | 'attestation-object' | 'relying-party' | 'user-verification' | 'algorithm' | 'key';

interface Registration {
  readonly clientDataJSON: string;
  readonly attestationObject: string;
}

/** Reads a registration of any origin; never throws for what somebody sent. */
export function readRegistration(
  { clientDataJSON, attestationObject }: Registration,
  sites: PasskeySites,
  challenge: Uint8Array,
): Passkey | RegistrationFault {
  const clientData = Buffer.from(clientDataJSON, 'base64');
  const origin = sites.origins.find((origin) =>
    clientDataSays(clientData, { type: 'webauthn.create', challenge, origin }),
  );
  if (origin === undefined) return 'client-data';
  const data = authenticatorDataIn(Buffer.from(attestationObject, 'base64'));
  if (data === undefined) return 'attestation-object';
  if (!equalBytes(data.subarray(0, 32), sha256(utf8(sites.rpId)))) return 'relying-party';
  const { present, verified } = flagsOf(data);
  if (!present || !verified) return 'user-verification';
  const credential = credentialIn(data);
  if (credential === undefined) return 'attestation-object';
  const key = signingKeyOf(credential.coseKey, { rpId: sites.rpId, origin });
  if (key === undefined) return 'algorithm';
  return isSafeKey(key) ? { ...key, credentialId: base64(credential.id) } : 'key';
}

function authenticatorDataIn(attestationObject: Uint8Array): Uint8Array | undefined {
  const object = wholeMap(attestationObject);
  const data = object?.get('authData');
  return data instanceof Uint8Array && object?.get('attStmt') instanceof Map ? data : undefined;
}

/** §6.5.1: after 37 bytes of header the AAGUID, the credential's id and its key, then extensions if the flags say so. */
function credentialIn(data: Uint8Array): { id: Uint8Array; coseKey: CborMap } | undefined {
  const { attested, extended } = flagsOf(data);
  const idLength = (data[53] ?? 0) * 256 + (data[54] ?? 0);
  const id = data.subarray(55, 55 + idLength);
  if (!attested || idLength === 0 || idLength > 1_023 || id.length < idLength) return undefined;
  const rest = data.subarray(55 + idLength);
  const key = readWellFormed(rest);
  if (!(key?.value instanceof Map)) return undefined;
  const after = rest.subarray(key.length);
  const ends = extended ? wholeMap(after) !== undefined : after.length === 0;
  return ends ? { id, coseKey: key.value as CborMap } : undefined;
}

/** EC2 on P-256 for ES256, OKP on Ed25519 for EdDSA. */
function signingKeyOf(
  cose: CborMap,
  relyingParty: RelyingParty,
): (SigningKey & { relyingParty: RelyingParty }) | undefined {
  const [type, algorithm, curve, x, y] = [1, 3, -1, -2, -3].map((label) => cose.get(label));
  if (!(x instanceof Uint8Array)) return undefined;
  if (type === 2 && algorithm === -7 && curve === 1 && y instanceof Uint8Array)
    return { algorithm: 'webauthn-es256', publicKey: base64(Buffer.concat([Buffer.of(4), x, y])), relyingParty };
  if (type === 1 && algorithm === -8 && curve === 6)
    return { algorithm: 'webauthn-eddsa', publicKey: base64(x), relyingParty };
  return undefined;
}

function wholeMap(bytes: Uint8Array): CborMap | undefined {
  const read = readWellFormed(bytes);
  return read?.length === bytes.length && read.value instanceof Map ? (read.value as CborMap) : undefined;
}

function readWellFormed(bytes: Uint8Array): { readonly value: Cbor; readonly length: number } | undefined {
  try {
    return readCbor(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
