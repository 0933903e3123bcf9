/** What the authorization server refuses outside of its protocol. */
import type { CatalogueEntry } from './catalogue-entry.js';

export const oauthErrors = {
  'auth.oauth.unavailable': {
    status: 503,
    title: 'This installation authorizes no programs.',
    action: 'An operator names the console’s address in PUBLIC_URL.',
  },
  'auth.oauth.sign-in-needed': {
    status: 403,
    title: 'Only a person who signed in can decide what a program may do.',
    action: 'Sign in to the console and decide there; API keys and other programs cannot.',
  },
  'auth.oauth.changed': {
    status: 409,
    title: 'What the program would get is no longer what was shown.',
    action: 'Look at what it asks for again, and answer with the `shown` of that.',
  },
  'auth.device-code.not-found': {
    status: 404,
    title: 'No such code waits for an answer.',
    action: 'Compare it with what the device shows; a code is good for ten minutes and one answer.',
  },
  'auth.authorization.not-found': {
    status: 404,
    title: 'No such authorization waits for an answer.',
    action: 'Begin again where you came from: each is good for ten minutes and one answer.',
  },
  'auth.grant.not-found': {
    status: 404,
    title: 'No such program acts for you.',
    action: 'List those that do with GET /v1/grants.',
  },
  'auth.oauth-client.not-found': {
    status: 404,
    title: 'No such registered program.',
    action: 'List them with GET /v1/oauth-clients.',
  },
  'auth.oauth-client.too-many': {
    status: 409,
    title: 'The tenant has as many registered programs as it may.',
    action: 'Delete one that nobody uses; `limit` is how many there may be.',
  },
} as const satisfies Record<string, CatalogueEntry>;
