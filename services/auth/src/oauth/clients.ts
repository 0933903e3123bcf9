import type { ClientMetadata } from 'oidc-provider';

/** The program that comes with Conclave. */
export const CLI_CLIENT = { id: 'conclave-cli', name: 'Conclave CLI' } as const;

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** A program as the protocol knows it. */
export interface OauthClient {
  readonly id: string;
  readonly name: string;
  readonly redirectUris: readonly string[];
  /** The digest of its secret, in base64url, if it can keep one. */
  readonly secret?: string;
}

/** Anybody can claim to be the built-in client: it is public, and its redirects stay on the person's own machine. */
export const builtInClient: ClientMetadata = metadataOf({
  ...CLI_CLIENT,
  redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
});

/** Where a program runs on people's machines its port is not known before (RFC 8252 § 7.3); all else is exact. */
export function metadataOf({ id, name, redirectUris, secret }: OauthClient): ClientMetadata {
  const native = redirectUris.some((uri) => uri.startsWith('http:'));
  return {
    client_id: id,
    client_name: name,
    application_type: native ? 'native' : 'web',
    redirect_uris: [...redirectUris],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
    ...(secret === undefined
      ? { token_endpoint_auth_method: 'none' }
      : { token_endpoint_auth_method: 'client_secret_basic', client_secret: secret }),
  };
}
