import { ConclaveError, errorOf } from '@conclave/contracts';
import { csrf } from './csrf.js';

/** Trades a key for a sign-in cookie. The key itself is not kept. @throws ConclaveError `auth.unauthenticated` | … */
export async function signIn(apiKey: string): Promise<void> {
  const body = JSON.stringify({ apiKey });
  const response = await send('/v1/sign-ins', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  const { csrf: word } = (await response.json()) as { csrf: string };
  csrf.keep(word);
}

/** Ends the sign-in; one that had already ended counts as ended. */
export async function signOut(): Promise<void> {
  const headers = { 'x-conclave-csrf': csrf.read() ?? '' };
  await send('/v1/sign-ins/current', { method: 'DELETE', headers }).catch((error: unknown) => {
    if (!(error instanceof ConclaveError) || error.code !== 'auth.unauthenticated') throw error;
  });
  csrf.forget();
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch((cause: unknown) => {
    throw new ConclaveError('service.unavailable', {}, { cause });
  });
  if (response.ok) return response;
  throw errorOf(await response.json().catch(() => undefined));
}
