import type { CatalogueEntry } from './catalogue-entry.js';

/** Refusals of auth that have to do with what is outside of the installation: providers, mail and domains. */
export const connectedErrors = {
  'auth.directory.not-found': {
    status: 404,
    title: 'The people of this connection are not read from its provider.',
    action: 'Say how with PUT /v1/connections/{id}/directory.',
  },
  'auth.mail-domain.not-found': {
    status: 404,
    title: 'No such mail domain.',
    action: 'List the mail domains with GET /v1/mail-domains.',
  },
  'auth.mail-domain.taken': {
    status: 409,
    title: 'The mail domain is proven by another tenant.',
    action: 'Take the record out of the DNS that it is proven by; it is free a week later.',
  },
  'auth.mail-domain.too-many': {
    status: 409,
    title: 'The tenant has as many mail domains as it may have.',
    action: 'Delete one that is not needed; `limit` names the number.',
  },
  'auth.logout.refused': {
    status: 400,
    title: 'The sign-out of the provider was refused.',
    action: 'Sign out at each place by itself; an operator finds the reason in the log of auth.',
  },
  'auth.mail.unavailable': {
    status: 422,
    title: 'This cannot be sent by mail.',
    action: 'Hand the link over yourself, or correct what `reason` names.',
  },
} as const satisfies Record<string, CatalogueEntry>;
