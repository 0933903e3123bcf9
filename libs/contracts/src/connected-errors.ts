import type { CatalogueEntry } from './catalogue-entry.js';

/** Refusals of auth that have to do with what is outside of the installation: providers, mail and domains. */
export const connectedErrors = {
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
