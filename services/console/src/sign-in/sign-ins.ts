import {
  ConclaveError,
  errorOf,
  type connections,
  type invitations,
  type passkeys,
  type ReplyOf,
} from '@conclave/contracts';
import { Explained } from '../api/refusal-text.js';
import { csrf } from './csrf.js';
import { makePasskey, signWithPasskey } from './passkeys.js';

type Providers = ReplyOf<typeof connections.listSignInOptions>;

/** What a one-time link is for. */
export type Welcome = ReplyOf<typeof invitations.openLink>;

/** Trades a key for a sign-in cookie. The key itself is not kept. @throws ConclaveError `auth.unauthenticated` | … */
export const signIn = (apiKey: string): Promise<void> => open({ apiKey });

/** Signs in as whoever the chosen passkey belongs to. @throws Explained | ConclaveError */
export async function signInWithPasskey(): Promise<void> {
  const passkey = await signWithPasskey(await challenge());
  await open({ passkey }).catch((error: unknown) => {
    if (!(error instanceof ConclaveError) || error.code !== 'auth.unauthenticated') throw error;
    throw new Explained('This passkey opens nothing here.', 'It was removed, or it is one you vote with.');
  });
}

/** What a passkey is asked, at the door and behind it. @throws ConclaveError `auth.passkeys-unavailable` */
export async function challenge(): Promise<ReplyOf<typeof passkeys.challengeSignIn>['options']> {
  return ((await post('/v1/sign-ins/challenges', {})) as ReplyOf<typeof passkeys.challengeSignIn>).options;
}

/** @throws ConclaveError `auth.link.invalid` | `auth.passkeys-unavailable` */
export const readLink = (link: string): Promise<Welcome> => post('/v1/links/open', { link }) as Promise<Welcome>;

/** Uses a one-time link up: makes a passkey and signs in. The options are asked for anew, as those shown may be old. */
export async function acceptLink(link: string): Promise<void> {
  const { options } = await readLink(link);
  await open({ link, registration: await makePasskey(options), name: 'First passkey' });
}

/** The providers of an organisation, by its name or by an address of it, and how it shows itself. */
export async function findProviders(who: string): Promise<Providers> {
  const asked = who.includes('@') ? { email: who } : { tenant: who };
  return (await post('/v1/sign-in-options', asked)) as Providers;
}

/** Goes on in another workspace of the same person. @throws ConclaveError `auth.workspace.not-found` | `auth.forbidden` */
export async function moveTo(workspace: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-conclave-csrf': csrf.read() ?? '' };
  const moved = await send('/v1/sign-ins/current', { method: 'PATCH', headers, body: JSON.stringify({ workspace }) });
  csrf.keep(((await moved.json()) as { csrf: string }).csrf);
}

/**
 * Ends the sign-in; one that had already ended counts as ended. When a provider opened it, the browser goes there to sign
 * out, too, and comes back by itself.
 */
export async function signOut(): Promise<void> {
  const headers = { 'x-conclave-csrf': csrf.read() ?? '' };
  const answer = await send('/v1/sign-ins/current', { method: 'DELETE', headers }).catch((error: unknown) => {
    if (!(error instanceof ConclaveError) || error.code !== 'auth.unauthenticated') throw error;
  });
  csrf.forget();
  if (answer?.status === 200) globalThis.location.assign(((await answer.json()) as { location: string }).location);
}

async function open(proof: object): Promise<void> {
  const { csrf: word } = (await post('/v1/sign-ins', proof)) as { csrf: string };
  csrf.keep(word);
}

/** Asks the edge itself, with the word for writes if there is one. */
export async function post(path: string, body: object): Promise<unknown> {
  const word = csrf.read();
  const headers = { 'content-type': 'application/json', ...(word === null ? {} : { 'x-conclave-csrf': word }) };
  const response = await send(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.json();
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch((cause: unknown) => {
    throw new ConclaveError('service.unavailable', {}, { cause });
  });
  if (response.ok) return response;
  throw errorOf(await response.json().catch(() => undefined));
}
