/** One-time links: who was invited, who lost their passkeys, and what a link says to whoever opens it. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { clientAddress } from '../network.js';
import { jsonObject, name, newName, pageOf, pageQuery, timestamp } from '../page.js';
import { branding } from './branding.js';
import { openedSignIn } from './auth.js';
import { base64url, registration } from './passkeys.js';
import { roleName as role } from './tenant-roles.js';

/** The secret of a link, which follows the `#` of its address. */
const link = base64url(100);
const email = z.email().max(254);

const invitation = z.object({
  id: idOf('link'),
  /** The member they are already, without a way in. */
  principal: idOf('principal'),
  name,
  email: email.optional(),
  role,
  createdAt: timestamp,
  expiresAt: timestamp,
});

/** Whether the link goes by mail, too, to the address that is known. */
const sendMail = z.boolean().optional();
/** The mail it goes by, when it does. */
const mail = idOf('mail').optional();
const invited = invitation.extend({ link: z.string(), mail });

/** The link is shown once: whoever opens it makes a passkey and is signed in. */
export const createInvitation = contract({
  owner: 'auth',
  subject: 'auth.v1.invitation.create',
  permission: 'member:manage',
  stepUp: true,
  request: z.strictObject({ name: newName, email: email.optional(), role, sendMail }),
  reply: invited,
  errors: [
    'auth.limit.reached',
    'auth.address.too-wide',
    'auth.mail.unavailable',
    'auth.role.not-found',
    'auth.role.too-wide',
    'auth.passkeys-unavailable',
    'auth.sign-in.providers-only',
  ],
  http: {
    method: 'POST',
    path: '/v1/invitations',
    status: 201,
    summary: 'Invite a person to the workspace; the link is shown once',
    tag: 'identity',
    stability: 'beta',
  },
});

export const listInvitations = contract({
  owner: 'auth',
  subject: 'auth.v1.invitation.list',
  permission: 'member:manage',
  request: z.strictObject(pageQuery),
  reply: pageOf(invitation),
  http: {
    method: 'GET',
    path: '/v1/invitations',
    summary: 'List invitations that wait to be accepted',
    tag: 'identity',
    stability: 'beta',
  },
});

/** A new link for whoever was invited; the one they have opens nothing any more. */
export const renewInvitation = contract({
  owner: 'auth',
  subject: 'auth.v1.invitation.renew',
  permission: 'member:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('link'), sendMail }),
  reply: invited,
  errors: [
    'auth.address.too-wide',
    'auth.invitation.not-found',
    'auth.mail.unavailable',
    'auth.role.too-wide',
    'auth.passkeys-unavailable',
    'auth.sign-in.providers-only',
  ],
  http: {
    method: 'POST',
    path: '/v1/invitations/{id}/renewal',
    status: 201,
    summary: 'Make a new link for whoever was invited, also one that ran out; it is shown once',
    tag: 'identity',
    stability: 'beta',
  },
});

/** The link opens nothing any more, and the member is disabled. */
export const revokeInvitation = contract({
  owner: 'auth',
  subject: 'auth.v1.invitation.revoke',
  permission: 'member:manage',
  request: z.strictObject({ id: idOf('link') }),
  reply: invitation,
  errors: ['auth.invitation.not-found', 'auth.member.last-administrator', 'auth.owner.last', 'auth.role.too-wide'],
  http: {
    method: 'DELETE',
    path: '/v1/invitations/{id}',
    summary: 'Revoke an invitation',
    tag: 'identity',
    stability: 'beta',
  },
});

/**
 * A link for a member who lost their passkeys, shown once. When it is used, the passkeys they had are removed and their
 * sign-ins end. It opens every workspace of theirs, so the caller must be able to give each of their roles.
 */
export const createRecovery = contract({
  owner: 'auth',
  subject: 'auth.v1.member.recover',
  permission: 'member:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('principal'), sendMail }),
  reply: z.object({ link: z.string(), expiresAt: timestamp, mail }),
  errors: [
    'auth.address.too-wide',
    'auth.mail.unavailable',
    'auth.member.not-found',
    'auth.role.too-wide',
    'auth.passkeys-unavailable',
    'auth.sign-in.providers-only',
  ],
  http: {
    method: 'POST',
    path: '/v1/members/{id}/recovery',
    status: 201,
    summary: 'Make a link for a member who lost their passkeys; it is shown once',
    tag: 'identity',
    stability: 'beta',
  },
});

/** Who lets whom into what; `options` is for `navigator.credentials.create`. Opening a link does not use it up. */
export const openLink = contract({
  owner: 'auth',
  subject: 'auth.v1.link.open',
  permission: 'service',
  request: z.strictObject({ link }),
  reply: z.object({
    purpose: z.enum(['bootstrap', 'invitation', 'recovery']),
    name,
    tenant: name,
    workspace: name,
    role,
    invitedBy: name.optional(),
    expiresAt: timestamp,
    branding: branding.optional(),
    options: jsonObject,
  }),
  errors: ['auth.link.invalid', 'auth.passkeys-unavailable', 'auth.sign-in.providers-only'],
});

/** Uses the link up: the passkey that was made for it is kept under `name`, and its owner is signed in. */
export const acceptLink = contract({
  owner: 'auth',
  subject: 'auth.v1.link.accept',
  permission: 'service',
  request: z.strictObject({ link, registration, name: newName, address: clientAddress }),
  reply: openedSignIn,
  errors: [
    'auth.link.invalid',
    'auth.passkey.refused',
    'auth.passkeys-unavailable',
    'auth.sign-in.providers-only',
    'auth.unauthenticated',
  ],
});
