/** Refusals of who has not shown enough of who they are; a part of the catalogue. */
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
  'auth.totp.not-found': {
    status: 404,
    title: 'There is no authenticator app.',
    action: 'Add one with POST /v1/mfa/totp/options.',
  },
} as const satisfies Record<string, CatalogueEntry>;
