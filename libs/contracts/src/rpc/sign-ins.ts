import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { pageOf, pageQuery, timestamp } from '../page.js';
import { openedSignIn } from './auth.js';

/** How somebody proved who they are. */
export const signInMethods = ['api-key', 'link', 'passkey', 'oidc', 'saml'] as const;
export type SignInMethod = (typeof signInMethods)[number];

const signIn = z.object({
  id: idOf('signIn'),
  principal: idOf('principal'),
  workspace: idOf('workspace'),
  method: z.enum(signInMethods),
  /** What was shown: `key`, `link`, `provider`, `passkey`, `user-verification`, `totp`, `recovery-code`, `provider-mfa`. */
  factors: z.array(z.string()),
  authenticatedAt: timestamp,
  lastUsedAt: timestamp,
  expiresAt: timestamp,
  /** Whether the request came in under it. */
  current: z.boolean(),
});

/** Sign-ins that are open. Whose: the caller's own, or with `member:manage` another member's of the workspace. */
export const listSignIns = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in.list',
  permission: 'self:read',
  request: z.strictObject({ ...pageQuery, principal: idOf('principal').optional() }),
  reply: pageOf(signIn),
  http: {
    method: 'GET',
    path: '/v1/sign-ins',
    summary: 'List the sign-ins that are open',
    tag: 'identity',
    stability: 'beta',
  },
});

/** One's own, or with `member:manage` one of another member of the workspace. */
export const revokeSignIn = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in.revoke',
  permission: 'self:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('signIn') }),
  reply: signIn,
  errors: ['auth.sign-in.not-found', 'auth.role.too-wide'],
  http: {
    method: 'DELETE',
    path: '/v1/sign-ins/{id}',
    summary: 'End a sign-in',
    tag: 'identity',
    stability: 'beta',
  },
});

/**
 * All of one's own but the one the request comes in under; or with `member:manage` all of another member in the workspace,
 * with what programs were allowed there.
 */
export const revokeSignIns = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in.revoke-all',
  permission: 'self:manage',
  stepUp: true,
  request: z.strictObject({ principal: idOf('principal').optional() }),
  reply: z.object({ ended: z.number().int() }),
  errors: ['auth.member.not-found', 'auth.role.too-wide'],
  http: {
    method: 'DELETE',
    path: '/v1/sign-ins',
    summary: 'End all other sign-ins',
    tag: 'identity',
    stability: 'beta',
  },
});

/** To another workspace of the same person, under a new secret. One that was opened with an API key stays where the key is good. */
export const moveSignIn = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in.move',
  permission: 'service',
  request: z.strictObject({ secret: z.string().min(1).max(512), workspace: idOf('workspace') }),
  reply: openedSignIn,
  errors: ['auth.unauthenticated', 'auth.forbidden', 'auth.second-factor.required', 'auth.workspace.not-found'],
});
