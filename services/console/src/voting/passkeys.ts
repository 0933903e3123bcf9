/** The browser's authenticators: making a passkey that is a voter key, and signing with it. */
import { base64, fromBase64, sha256 } from '@conclave/audit-core';
import type { Signature } from '@conclave/consensus-core';
import { consensus, type ReplyOf } from '@conclave/contracts';
import { client } from '../api/client.js';
import { Explained } from '../api/refusal-text.js';
import { askAuthenticator } from '../sign-in/authenticator.js';

export type VoterKey = ReplyOf<typeof consensus.listVoterKeys>['items'][number];
export type PasskeyAlgorithm = Exclude<Signature['algorithm'], 'ed25519'>;

/** COSE numbers of ES256 and EdDSA, in the order of our liking. */
const ALGORITHMS = [-7, -8];

/** Asks the register for a challenge and answers it with a fresh passkey; `known` must not be on the same device. */
export async function makePasskey(person: string, known: readonly VoterKey[]) {
  const { challenge, relyingParty } = await client.call(consensus.challengeVoterKey, {});
  const { rpId } = siteOf(relyingParty);
  const made = await askAuthenticator(
    () =>
      navigator.credentials.create({
        publicKey: {
          challenge: bytesOf(challenge),
          rp: { id: rpId, name: 'Conclave' },
          user: { id: crypto.getRandomValues(new Uint8Array(16)), name: person, displayName: person },
          pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
          authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
          attestation: 'none',
          excludeCredentials: known.flatMap(({ passkey }) => (passkey ? descriptorOf(passkey.credentialId) : [])),
        },
      }),
    'voter keys',
  );
  const { clientDataJSON, attestationObject } = made.response as AuthenticatorAttestationResponse;
  return { clientDataJSON: base64Of(clientDataJSON), attestationObject: base64Of(attestationObject) };
}

/** Signs the bytes of a ballot. Without a credential's id the browser offers all passkeys of the site. */
export async function signWithPasskey(
  { algorithm, rpId, credentialId }: { algorithm: PasskeyAlgorithm; rpId: string; credentialId: string | undefined },
  bytes: Uint8Array,
): Promise<Signature> {
  const signed = await askAuthenticator(
    () =>
      navigator.credentials.get({
        publicKey: {
          challenge: new Uint8Array(sha256(bytes)),
          rpId,
          userVerification: 'required',
          allowCredentials: credentialId === undefined ? [] : descriptorOf(credentialId),
        },
      }),
    'voter keys',
  );
  const { authenticatorData, clientDataJSON, signature } = signed.response as AuthenticatorAssertionResponse;
  return {
    algorithm,
    authenticatorData: base64Of(authenticatorData),
    clientDataJSON: base64Of(clientDataJSON),
    signature: base64Of(signature),
  };
}

function siteOf(site: ReplyOf<typeof consensus.challengeVoterKey>['relyingParty']) {
  if (!site)
    throw new Explained(
      'This installation takes no passkeys.',
      'An operator names the console’s address in PASSKEY_ORIGINS.',
    );
  if (!site.origins.includes(location.origin)) throw elsewhere(site.origins);
  return site;
}

const elsewhere = (origins: readonly string[]): Explained =>
  new Explained('Passkeys are not made at this address.', `Open the console at ${origins.join(' or ')}.`);

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(fromBase64(text));
const base64Of = (buffer: ArrayBuffer): string => base64(new Uint8Array(buffer));
const descriptorOf = (credentialId: string): PublicKeyCredentialDescriptor[] => [
  { type: 'public-key', id: bytesOf(credentialId) },
];
