/** Refusals of who has not shown enough of who they are, or not in the way the tenant wants; a part of the catalogue. */
import type { CatalogueEntry } from './catalogue-entry.js';

export const secondFactorErrors = {
  'auth.second-factor.required': {
    status: 403,
    title: 'The sign-in is worth nothing until a second factor was shown.',
    action:
      'Show one of `factors` with POST /v1/sign-ins/current/step-up; if there is none, add one with POST /v1/mfa/totp/options or POST /v1/mfa/passkeys/options.',
  },
  'auth.step-up.required': {
    status: 403,
    title: 'This takes a proof of late that it is you.',
    action:
      'Show one of `factors` with POST /v1/sign-ins/current/step-up and repeat the request; if there is none, sign in again.',
  },
  'auth.proof.too-old': {
    status: 401,
    title: 'This takes a proof of late from the person the program acts for.',
    action:
      'Send the person through a new authorization with `max_age` (RFC 9470), in the command line with `conclave login --prove`; `maxAgeS` is how old a proof may be.',
  },
  'auth.second-factor.refused': {
    status: 422,
    title: 'The code is not good: it is wrong, too old, or was used before.',
    action: 'Wait for the next code of the app, or use another recovery code.',
  },
  'auth.second-factor.locked': {
    status: 429,
    title: 'Too many wrong codes.',
    action: 'Wait for Retry-After seconds, or use a passkey.',
    retryable: true,
  },
  'auth.second-factor.last': {
    status: 409,
    title: 'The tenant demands a second factor, and this is the only one.',
    action: 'Add another first.',
  },
  'auth.second-factor.none': {
    status: 409,
    title: 'Recovery codes stand in for a second factor, and there is none.',
    action: 'Add an authenticator app or a passkey first.',
  },
  'auth.sign-in.providers-only': {
    status: 403,
    title: 'People of this tenant sign in through its identity providers only.',
    action:
      'Sign in with your organisation: its name or your address leads to its provider. Who comes in otherwise is in GET /v1/sign-in-policy, as `exempt`.',
  },
  'auth.sign-in-policy.untried': {
    status: 409,
    title: 'You did not sign in through one of the tenant’s identity providers just now.',
    action: 'Sign in through one and say so again at once: nobody is to be shut out by a provider that does not work.',
  },
  'auth.sign-in-policy.unfit': {
    status: 422,
    title: 'Only an owner of the tenant who has a passkey can be exempt.',
    action: 'Leave out `id`, or make them an owner (PUT /v1/owners/{id}) and let them add a passkey first.',
  },
  'auth.totp.not-found': {
    status: 404,
    title: 'There is no authenticator app.',
    action: 'Add one with POST /v1/mfa/totp/options.',
  },
} as const satisfies Record<string, CatalogueEntry>;
