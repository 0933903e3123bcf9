/** Second factors as the edge takes them: each puts another sign-in into the cookie, with another word for writes. */
import type { mfa, RequestInputOf } from '@conclave/contracts';
import { csrf } from './csrf.js';
import { signWithPasskey } from './passkeys.js';
import { challenge, post } from './sign-ins.js';

type Proof = RequestInputOf<typeof mfa.stepUp>['proof'];
interface Proven {
  readonly csrf: string;
  readonly recoveryCodes?: readonly string[];
}

/** @throws ConclaveError `auth.second-factor.refused` | `auth.second-factor.locked` | `auth.passkey.refused` */
export async function showFactor(proof: Proof): Promise<void> {
  keep(await post('/v1/sign-ins/current/step-up', proof));
}

/** @throws Explained | ConclaveError `auth.passkey.refused` */
export async function showPasskey(): Promise<void> {
  await showFactor({ passkey: await signWithPasskey(await challenge()) });
}

/** Ends adding an authenticator app. @returns the first recovery codes, when there were none */
export async function confirmApp(code: string): Promise<readonly string[]> {
  return keep(await post('/v1/mfa/totp', { code })).recoveryCodes ?? [];
}

function keep(answer: unknown): Proven {
  const proven = answer as Proven;
  csrf.keep(proven.csrf);
  return proven;
}
