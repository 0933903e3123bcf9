/** Passkeys with which people sign in: WebAuthn Level 3, bytes in base64url, options in the JSON that browsers read. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { clientAddress } from '../network.js';
import { jsonObject, name, newName, pageOf, pageQuery, timestamp } from '../page.js';
import { openedSignIn } from './auth.js';

export const base64url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/, { error: 'expected base64url' });

/** What `navigator.credentials.create` gave. */
export const registration = z.strictObject({
  id: base64url(1_366),
  clientDataJSON: base64url(4_096),
  attestationObject: base64url(8_192),
  transports: z.array(z.string().max(40)).max(10).default([]),
});

/** What `navigator.credentials.get` gave. */
export const assertion = z.strictObject({
  id: base64url(1_366),
  clientDataJSON: base64url(4_096),
  authenticatorData: base64url(4_096),
  signature: base64url(2_048),
  userHandle: base64url(100),
});

const passkey = z.object({
  id: idOf('passkey'),
  name,
  createdAt: timestamp,
  lastUsedAt: timestamp.optional(),
});

export const listPasskeys = contract({
  owner: 'auth',
  subject: 'auth.v1.passkey.list',
  permission: 'self:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(passkey),
  http: { method: 'GET', path: '/v1/mfa/passkeys', summary: 'List your passkeys', tag: 'identity', stability: 'beta' },
});

/** `options` is for `navigator.credentials.create` and good for five minutes. */
export const challengePasskey = contract({
  owner: 'auth',
  subject: 'auth.v1.passkey.challenge',
  permission: 'self:manage',
  stepUp: true,
  whilePending: 'without-factor',
  request: z.strictObject({}),
  reply: z.object({ options: jsonObject }),
  errors: ['auth.address.too-wide', 'auth.passkeys-unavailable', 'auth.role.too-wide'],
  http: {
    method: 'POST',
    path: '/v1/mfa/passkeys/options',
    summary: 'Begin to add a passkey',
    tag: 'identity',
    stability: 'beta',
  },
});

/** Under a sign-in only. One that was opened with an API key must be worth all that the passkey will be. */
export const addPasskey = contract({
  owner: 'auth',
  subject: 'auth.v1.passkey.add',
  permission: 'self:manage',
  stepUp: true,
  whilePending: 'without-factor',
  request: z.strictObject({ name: newName, registration }),
  reply: passkey,
  errors: ['auth.address.too-wide', 'auth.passkey.refused', 'auth.passkeys-unavailable', 'auth.role.too-wide'],
  http: {
    method: 'POST',
    path: '/v1/mfa/passkeys',
    status: 201,
    summary: 'Add a passkey',
    tag: 'identity',
    stability: 'beta',
  },
});

export const renamePasskey = contract({
  owner: 'auth',
  subject: 'auth.v1.passkey.rename',
  permission: 'self:manage',
  request: z.strictObject({ id: idOf('passkey'), name: newName }),
  reply: passkey,
  errors: ['auth.passkey.not-found'],
  http: {
    method: 'PATCH',
    path: '/v1/mfa/passkeys/{id}',
    summary: 'Rename a passkey',
    tag: 'identity',
    stability: 'beta',
  },
});

/** Under a sign-in only. Sign-ins that were opened with it end at once. */
export const removePasskey = contract({
  owner: 'auth',
  subject: 'auth.v1.passkey.remove',
  permission: 'self:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('passkey') }),
  reply: passkey,
  errors: ['auth.passkey.not-found', 'auth.second-factor.last'],
  http: {
    method: 'DELETE',
    path: '/v1/mfa/passkeys/{id}',
    summary: 'Remove a passkey',
    tag: 'identity',
    stability: 'beta',
  },
});

/** `options` is for `navigator.credentials.get` and good for five minutes. */
export const challengeSignIn = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in.challenge',
  permission: 'service',
  request: z.strictObject({}),
  reply: z.object({ options: jsonObject }),
  errors: ['auth.passkeys-unavailable'],
});

/** Whoever holds the passkey; into the first workspace they belong to unless told. */
export const signInWithPasskey = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in.create-with-passkey',
  permission: 'service',
  request: z.strictObject({ passkey: assertion, workspace: idOf('workspace').optional(), address: clientAddress }),
  reply: openedSignIn,
  errors: ['auth.unauthenticated', 'auth.passkeys-unavailable', 'auth.sign-in.providers-only'],
});
