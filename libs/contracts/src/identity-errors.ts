import type { CatalogueEntry } from './catalogue-entry.js';
import { connectedErrors } from './connected-errors.js';
import { oauthErrors } from './oauth-errors.js';
import { secondFactorErrors } from './second-factor-errors.js';
import { tenantErrors } from './tenant-errors.js';

/** Refusals of auth: the part of the catalogue that is about who somebody is and what they may do. */
export const identityErrors = {
  'auth.unauthenticated': {
    status: 401,
    title: 'A valid credential is required.',
    action: 'Send `Authorization: Bearer <API key or access token>`.',
  },
  'auth.forbidden': {
    status: 403,
    title: 'The credential does not permit this.',
    action: 'Ask an administrator for the permission named in `permission`, or about the `policies` that forbid it.',
  },
  'auth.address.refused': {
    status: 403,
    title: 'The credential is not good from this address.',
    action: 'Use it from one of its `allowedAddresses`; `address` is where the request came from as the edge sees it.',
  },
  'auth.csrf': {
    status: 403,
    title: 'A sign-in cookie needs the x-conclave-csrf header, or for a WebSocket a page of this address.',
    action: 'Send the header with the value from sign-in; open WebSockets from the console’s own address.',
  },
  'auth.api-key.not-found': { status: 404, title: 'No such API key.', action: 'List the keys with GET /v1/api-keys.' },
  'auth.sign-in.not-found': { status: 404, title: 'No such sign-in.', action: 'List yours with GET /v1/sign-ins.' },
  'auth.passkey.not-found': {
    status: 404,
    title: 'No such passkey.',
    action: 'List yours with GET /v1/mfa/passkeys.',
  },
  'auth.passkey.refused': {
    status: 422,
    title: 'The passkey cannot be taken.',
    action: 'Ask for a new challenge and make it again; `reason` says what was wrong.',
  },
  'auth.passkeys-unavailable': {
    status: 503,
    title: 'This installation takes no passkeys.',
    action: 'An operator names the console’s address in PUBLIC_URL: https, or http at localhost.',
  },
  ...secondFactorErrors,
  'auth.link.invalid': {
    status: 410,
    title:
      'The link is not valid: it was used, revoked or replaced, has expired, or would open more than its maker may give.',
    action: 'Ask whoever sent it for another, or an owner.',
  },
  'auth.invitation.not-found': {
    status: 404,
    title: 'No such invitation, or it was accepted.',
    action: 'List those that are open with GET /v1/invitations.',
  },
  ...oauthErrors,
  'auth.workspace.exists': { status: 409, title: 'A workspace of this name exists.', action: 'Choose another name.' },
  'auth.workspace.not-found': {
    status: 404,
    title: 'No such workspace, or not one you may manage members of.',
    action: 'List your workspaces with GET /v1/workspaces.',
  },
  'auth.member.not-found': {
    status: 404,
    title: 'No such member of the workspace.',
    action: 'List the members with GET /v1/members.',
  },
  'auth.group.not-found': {
    status: 404,
    title: 'No such group of the directory.',
    action: 'List the groups with GET /v1/groups.',
  },
  'auth.member.last-administrator': {
    status: 409,
    title: 'The workspace would be left without an administrator.',
    action: 'Make another member administrator first.',
  },
  ...tenantErrors,
  'auth.role.not-found': { status: 404, title: 'No such role.', action: 'List the roles with GET /v1/roles.' },
  'auth.role.exists': {
    status: 409,
    title: 'A role of this name exists.',
    action: 'Choose another name; those of the built-in roles are taken.',
  },
  'auth.role.built-in': {
    status: 409,
    title: 'A built-in role stays as it is.',
    action: 'Create a role of your own with POST /v1/roles.',
  },
  'auth.role.in-use': {
    status: 409,
    title: 'Members hold this role, or a connection or group gives it.',
    action: 'Give them another role first, in every workspace: members, connections (`provisioning`) and groups.',
  },
  'auth.role.too-many': {
    status: 409,
    title: 'The tenant has as many roles as it may have.',
    action: 'Delete one that nobody holds; `limit` names the number.',
  },
  'auth.connection.not-found': {
    status: 404,
    title: 'No such connection.',
    action: 'List the connections with GET /v1/connections.',
  },
  'auth.connection.exists': {
    status: 409,
    title: 'A connection of this name exists.',
    action: 'Choose another name.',
  },
  'auth.connection.invalid': {
    status: 422,
    title: 'Nobody could be trusted who came through this connection.',
    action: 'Correct what `reason` names.',
  },
  'auth.connection.too-many': {
    status: 409,
    title: 'The tenant has as many connections as it may have.',
    action: 'Delete one that is not needed; `limit` names the number.',
  },
  'auth.connection.last': {
    status: 409,
    title: 'People sign in through identity providers only, and no other is enabled.',
    action: 'Connect or enable another first, or let people in by every way again with PUT /v1/sign-in-policy.',
  },
  'auth.connection.refused': {
    status: 403,
    title: 'The sign-in was refused.',
    action: 'Begin again at the sign-in page; an operator finds the reason in the log of auth.',
  },
  ...connectedErrors,
  'auth.identity.taken': {
    status: 409,
    title: 'The provider’s name for this person belongs to somebody else.',
    action: 'Unlink the other person first.',
  },
  'auth.role.too-wide': {
    status: 403,
    title: 'Nobody manages a role wider than what their credential permits.',
    action: 'Choose a narrower role, or use a key that holds the permissions named in `missing`.',
  },
  'auth.access-review.not-found': {
    status: 404,
    title: 'No such access review, or no such access in it.',
    action:
      'List the reviews with GET /v1/access-reviews and what they are about with GET /v1/access-reviews/{id}/items.',
  },
  'auth.access-review.closed': {
    status: 409,
    title: 'The access review is closed.',
    action: 'Begin another with POST /v1/access-reviews.',
  },
  'auth.access-review.open': {
    status: 409,
    title: 'The access review is not closed yet.',
    action: 'Close it with POST /v1/access-reviews/{id}/close; it closes by itself when it is due.',
  },
  'auth.access-review.own-access': {
    status: 403,
    title: 'Nobody decides about their own access.',
    action: 'Ask another member with the permission access-review:manage.',
  },
  'auth.access-review.owner': {
    status: 409,
    title: 'An owner of the tenant keeps access while they own it.',
    action: 'Have an owner take that from them first, with DELETE /v1/owners/{id}.',
  },
  'auth.access-review.too-many': {
    status: 409,
    title: 'The workspace has as many open access reviews as it may have.',
    action: 'Close one first; `limit` names the number.',
  },
  'auth.break-glass.not-found': {
    status: 404,
    title: 'No such emergency access.',
    action: 'List them with GET /v1/break-glass.',
  },
  'auth.break-glass.sign-in': {
    status: 403,
    title: 'Emergency access is for a person who is signed in, not for a key.',
    action: 'Sign in with a passkey or through your identity provider, in the workspace it is about.',
  },
  'auth.break-glass.open': {
    status: 409,
    title: 'The emergency access is open.',
    action: 'It ends by itself at its `endsAt`, or by DELETE /v1/break-glass/{id}.',
  },
  'auth.break-glass.reviewed': {
    status: 409,
    title: 'The emergency access has been looked at.',
    action: 'What was found stays; it is in GET /v1/break-glass.',
  },
  'auth.policy.not-found': {
    status: 404,
    title: 'No such policy.',
    action: 'List the policies with GET /v1/policies.',
  },
  'auth.policy.invalid': {
    status: 422,
    title: 'The policy is not one that can be set.',
    action:
      'Correct what `issues` names, at its line and column; GET /v1/policy-schema says what policies can speak of.',
  },
  'auth.policy.too-many': {
    status: 409,
    title: 'The tenant has as many policies, or as much text in them, as it may have.',
    action: 'Delete one that is not needed; `limit` and `limitBytes` name the numbers.',
  },
  'auth.scope.too-wide': {
    status: 403,
    title: 'A key cannot grant more than its maker holds.',
    action: 'Ask for fewer scopes.',
  },
  'auth.address.too-wide': {
    status: 403,
    title: 'A key is good from no more addresses than the key it is made with.',
    action: 'Ask for networks within those of your key, or leave `allowedAddresses` out.',
  },
  'auth.expiry.too-late': {
    status: 403,
    title: 'A key is good no longer than the key it is made with.',
    action: 'Ask for a time until `latest`, or leave `expiresAt` out.',
  },
  'auth.secret.exists': {
    status: 409,
    title: 'A secret of this name exists.',
    action: 'Give it a new value with PUT /v1/secrets/{id}.',
  },
  'auth.secret.not-found': { status: 404, title: 'No such secret.', action: 'List the secrets with GET /v1/secrets.' },
  'auth.secret.unreadable': {
    status: 410,
    title: 'The key this secret was sealed under was destroyed.',
    action: 'Give it a new value with PUT /v1/secrets/{id}.',
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
