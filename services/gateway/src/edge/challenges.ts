/** What a 401 says a client has to bring (RFC 6750 § 3), and where a program finds out how to get it (RFC 9728 § 5.1). */
import type { ConclaveError } from '@conclave/contracts';

const METADATA = '/.well-known/oauth-protected-resource';

/** The value of `WWW-Authenticate`, for the refusals that have one. */
export function challengeOf({ code, params }: ConclaveError, publicUrl: string | undefined): string | undefined {
  if (code !== 'auth.unauthenticated' && code !== 'auth.proof.too-old') return undefined;
  const said = {
    realm: 'conclave',
    // RFC 9470 § 3.
    ...(code === 'auth.proof.too-old' && {
      error: 'insufficient_user_authentication',
      error_description: 'The person has to prove again who they are',
      max_age: String(params['maxAgeS']),
    }),
    ...(publicUrl && { resource_metadata: new URL(METADATA, publicUrl).href }),
  };
  return `Bearer ${Object.entries(said)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}`;
}
