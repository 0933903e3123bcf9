/** Passkeys that open the door: what the platform asks for and what the browser answers, in WebAuthn's own JSON. */
import type { passkeys, ReplyOf, RequestInputOf } from '@conclave/contracts';
import { askAuthenticator } from './authenticator.js';

type Options = ReplyOf<typeof passkeys.challengePasskey>['options'];

/** Makes a passkey in this browser. */
export async function makePasskey(
  options: Options,
): Promise<RequestInputOf<typeof passkeys.addPasskey>['registration']> {
  const made = await askAuthenticator(() => {
    const asked = options as unknown as PublicKeyCredentialCreationOptionsJSON;
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) });
  }, 'passkeys');
  const { id, response } = made.toJSON() as RegistrationResponseJSON;
  const { clientDataJSON, attestationObject, transports } = response;
  return { id, clientDataJSON, attestationObject, transports };
}

/** Lets the person choose one of their passkeys and signs with it. */
export async function signWithPasskey(
  options: Options,
): Promise<RequestInputOf<typeof passkeys.signInWithPasskey>['passkey']> {
  const signed = await askAuthenticator(() => {
    const asked = options as unknown as PublicKeyCredentialRequestOptionsJSON;
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
  }, 'passkeys');
  const { id, response } = signed.toJSON() as AuthenticationResponseJSON;
  const { clientDataJSON, authenticatorData, signature, userHandle = '' } = response;
  return { id, clientDataJSON, authenticatorData, signature, userHandle };
}
