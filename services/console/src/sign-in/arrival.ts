import { csrf } from './csrf.js';

/** What an address ends in when the edge has just let this browser in. */
const MARK = '#signed-in';

/**
 * Takes up a sign-in that a provider's way led to: its cookie is there, its word for writes is not. The word an earlier
 * sign-in left would be the wrong one.
 */
export async function takeUpSignIn(): Promise<void> {
  const { hash, pathname, search } = globalThis.location;
  if (hash !== MARK) return;
  history.replaceState(null, '', pathname + search);
  csrf.forget();
  const response = await fetch('/v1/sign-ins/current');
  if (response.ok) csrf.keep(((await response.json()) as { csrf: string }).csrf);
}
