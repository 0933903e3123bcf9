import { Explained } from '../api/refusal-text.js';

const failures = (kept: string): Readonly<Record<string, readonly [title: string, hint: string]>> => ({
  NotAllowedError: [
    'Nothing was signed.',
    'It was canceled, took too long, or no passkey for it is on this device. Try again.',
  ],
  InvalidStateError: [`This device already holds one of your ${kept}.`, 'Use that one, or another device.'],
  SecurityError: ['The browser offers no passkeys at this address.', 'Open the console at its own address over HTTPS.'],
  NotSupportedError: ['This authenticator has no key that fits.', 'Use one with ES256 or Ed25519 keys.'],
});

/** Asks the authenticators of this browser; `kept` is what a device may already hold. @throws Explained when none answers */
export async function askAuthenticator(
  ask: () => Promise<Credential | null>,
  kept: string,
): Promise<PublicKeyCredential> {
  if (!('PublicKeyCredential' in globalThis))
    throw new Explained('This browser offers no passkeys here.', 'Open the console over HTTPS or at localhost.');
  try {
    return (await ask()) as PublicKeyCredential;
  } catch (error) {
    const words = failures(kept)[error instanceof DOMException ? error.name : ''];
    throw words ? new Explained(...words) : error;
  }
}
