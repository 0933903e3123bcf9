import { createClient } from '@conclave/sdk';
import { csrf } from '../sign-in/csrf.js';

/**
 * Calls the page's own origin under its sign-in: the browser adds the cookie, this adds the word that shows the request
 * comes from our page. There is no key to send, and the edge would believe an `authorization` header before the cookie.
 */
const underSignIn: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  headers.delete('authorization');
  const word = csrf.read();
  if (word !== null) headers.set('x-conclave-csrf', word);
  return fetch(input, { ...init, headers });
};

export const client = createClient({ baseUrl: globalThis.location.origin, apiKey: '', fetch: underSignIn });
