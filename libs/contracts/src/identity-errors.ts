import type { CatalogueEntry } from './catalogue-entry.js';

/** Refusals of auth: the part of the catalogue that is about who somebody is and what they may do. */
export const identityErrors = {
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
} as const satisfies Record<string, CatalogueEntry>;
