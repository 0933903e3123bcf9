/** Second factors of people, and what a tenant asks of them. What turns into a cookie is the edge's own: see sign-ins. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { timestamp } from '../page.js';
import { openedSignIn } from './auth.js';
import { assertion } from './passkeys.js';

/** With what somebody shows that they are who signed in. */
export const secondFactors = ['totp', 'passkey', 'recovery-code'] as const;
export type SecondFactor = (typeof secondFactors)[number];

/** Factors of a sign-in that nobody has who only holds its first one. A passkey is two, as it verifies the person. */
export const strongFactors = ['user-verification', 'totp', 'recovery-code', 'provider-mfa'] as const;

const demand = z.enum(['optional', 'required']);
const totp = z.object({ createdAt: timestamp, lastUsedAt: timestamp.optional() });

/** What the caller has; `recoveryCodes` are those left. */
export const getFactors = contract({
  owner: 'auth',
  subject: 'auth.v1.mfa.get',
  permission: 'self:read',
  request: z.strictObject({}),
  reply: z.object({
    /** What the tenant asks of everybody. */
    mfa: demand,
    totp: totp.optional(),
    passkeys: z.number().int(),
    recoveryCodes: z.number().int(),
  }),
  http: { method: 'GET', path: '/v1/mfa', summary: 'Your second factors', tag: 'identity', stability: 'beta' },
});

/** The secret for an authenticator app; it counts once a code of it was given, within ten minutes. */
export const beginTotp = contract({
  owner: 'auth',
  subject: 'auth.v1.totp.begin',
  permission: 'self:manage',
  stepUp: true,
  whilePending: 'without-factor',
  request: z.strictObject({}),
  reply: z.object({
    /** `otpauth://totp/…`, for a QR code. */
    uri: z.string(),
    /** The secret in base32, to type. */
    secret: z.string(),
    expiresAt: timestamp,
  }),
  errors: ['auth.address.too-wide', 'auth.role.too-wide'],
  http: {
    method: 'POST',
    path: '/v1/mfa/totp/options',
    summary: 'Begin to add an authenticator app',
    tag: 'identity',
    stability: 'beta',
  },
});

export const removeTotp = contract({
  owner: 'auth',
  subject: 'auth.v1.totp.remove',
  permission: 'self:manage',
  stepUp: true,
  request: z.strictObject({}),
  reply: totp,
  errors: ['auth.totp.not-found', 'auth.second-factor.last'],
  http: {
    method: 'DELETE',
    path: '/v1/mfa/totp',
    summary: 'Remove your authenticator app',
    tag: 'identity',
    stability: 'beta',
  },
});

const recoveryCodes = z.array(z.string());

/** Those from before are good for nothing any more. */
export const replaceRecoveryCodes = contract({
  owner: 'auth',
  subject: 'auth.v1.recovery-code.replace',
  permission: 'self:manage',
  stepUp: true,
  request: z.strictObject({}),
  reply: z.object({ recoveryCodes }),
  errors: ['auth.second-factor.none'],
  http: {
    method: 'POST',
    path: '/v1/mfa/recovery-codes',
    status: 201,
    summary: 'Make ten new recovery codes; they are shown once',
    tag: 'identity',
    stability: 'beta',
  },
});

const mfaPolicy = z.object({
  mfa: demand,
  /** Members who have neither an authenticator app nor a passkey: they add one, or are asked for it at their provider. */
  peopleWithout: z.number().int(),
  changedAt: timestamp.optional(),
  changedBy: z.string().optional(),
});

export const getMfaPolicy = contract({
  owner: 'auth',
  subject: 'auth.v1.mfa-policy.get',
  permission: 'policy:read',
  request: z.strictObject({}),
  reply: mfaPolicy,
  http: {
    method: 'GET',
    path: '/v1/mfa/policy',
    summary: 'Whether the tenant demands a second factor',
    tag: 'identity',
    stability: 'beta',
  },
});

/** By an owner who is signed in with two factors. */
export const putMfaPolicy = contract({
  owner: 'auth',
  subject: 'auth.v1.mfa-policy.put',
  permission: 'policy:manage',
  stepUp: true,
  request: z.strictObject({ mfa: demand }),
  reply: mfaPolicy,
  errors: ['auth.role.too-wide'],
  http: {
    method: 'PUT',
    path: '/v1/mfa/policy',
    summary: 'Demand a second factor of everybody who signs in, or no longer',
    tag: 'identity',
    stability: 'beta',
  },
});

const secret = z.string().min(1).max(512);
/** Six digits, as people type them. */
const code = z
  .string()
  .max(20)
  .transform((text) => text.replaceAll(/[\s-]/g, ''))
  .pipe(z.string().regex(/^\d{6}$/, { error: 'expected six digits' }));

const proofs = [
  z.strictObject({ totp: code }),
  z.strictObject({ recoveryCode: z.string().min(1).max(40) }),
  z.strictObject({ passkey: assertion }),
] as const;
/** One second factor. */
export const proof = z.union(proofs);

const proven = openedSignIn.extend({ recoveryCodes: recoveryCodes.optional() });

/** Shows a second factor under a sign-in, which goes on under a new secret. */
export const stepUp = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in.step-up',
  permission: 'service',
  request: z.strictObject({ secret, proof }),
  reply: openedSignIn,
  errors: [
    'auth.unauthenticated',
    'auth.second-factor.refused',
    'auth.second-factor.locked',
    'auth.passkey.refused',
    'auth.passkeys-unavailable',
  ],
});

/** Ends adding an authenticator app with a code of it, which is a second factor shown. First codes come with it. */
export const addTotp = contract({
  owner: 'auth',
  subject: 'auth.v1.totp.add',
  permission: 'service',
  request: z.strictObject({ secret, code }),
  reply: proven,
  errors: [
    'auth.unauthenticated',
    'auth.forbidden',
    'auth.step-up.required',
    'auth.second-factor.required',
    'auth.second-factor.refused',
    'auth.second-factor.locked',
    'auth.address.too-wide',
    'auth.role.too-wide',
  ],
});
