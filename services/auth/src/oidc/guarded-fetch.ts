import { EgressRefusedError, type Egress } from '@conclave/nest-kit/egress';
import type { CustomFetchOptions } from 'openid-client';
import { SignInRefusal } from '../connection-sign-ins/vouched.js';

/** A provider's document is never longer than this. */
const MAX_BYTES = 524_288;
/** For one question to a provider. */
const TIMEOUT_MS = 4_000;

/** The way out for a protocol library: through the guard, once, and with an end. */
export const guardedFetch =
  (egress: Egress) =>
  (url: string, { method, headers, body }: CustomFetchOptions): Promise<Response> =>
    egress.fetch(
      url,
      {
        method,
        headers,
        timeoutMs: TIMEOUT_MS,
        ...(body === undefined || body === null ? {} : { body: textOf(body) }),
      },
      MAX_BYTES,
    );

function textOf(body: CustomFetchOptions['body']): string {
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new Error('a body that is no text');
}

/** Whatever a provider or the way to it did wrong is a refusal. */
export async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof SignInRefusal) throw cause;
    throw new SignInRefusal(reasonOf(cause), { cause });
  }
}

/** Protocol libraries say in a code what is wrong; what the network says may name the inside. */
function reasonOf(error: unknown): string {
  if (error instanceof EgressRefusedError) return error.message;
  const inner = error instanceof Error && error.cause instanceof EgressRefusedError ? error.cause.message : undefined;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return inner ?? code ?? 'the provider does not answer as it should';
}
