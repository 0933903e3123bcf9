/** What an issuer publishes of itself, believed when it calls itself what the connection calls it, and not otherwise. */
import * as openid from 'openid-client';
import { SignInRefusal } from '../connection-sign-ins/vouched.js';
import type { SettingsOf } from '../connections/settings.js';
import { methodOf } from './client-authentication.js';
import { isOfManyTenants } from './entra-issuers.js';

/** Clocks may differ by this many seconds. */
const LEEWAY_S = 60;
/** `openid-client` puts a token's tenant into an issuer of many tenants if it found it here, and nowhere else. */
const ENTRA = 'https://login.microsoftonline.com';

/** @throws SignInRefusal when the issuer is another */
export async function discover(
  settings: SettingsOf<'oidc'>,
  authentication: openid.ClientAuth,
  fetch: openid.CustomFetch,
): Promise<openid.Configuration> {
  const { clientId, issuer, idTokenAlgorithm: algorithm } = settings;
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const stand = isOfManyTenants(settings) ? new URL(new URL(issuer).pathname, ENTRA) : undefined;
  const config = await openid.discovery(
    stand ?? new URL(address),
    clientId,
    { id_token_signed_response_alg: algorithm, [openid.clockTolerance]: LEEWAY_S },
    authentication,
    {
      [openid.customFetch]: (url, options) => fetch(stand && url.startsWith(stand.href) ? address : url, options),
      timeout: 10,
      // The guard lets http through to networks that the operator allowed, and to no other.
      execute: issuer.startsWith('http:') ? [openid.allowInsecureRequests] : [],
    },
  );
  const { issuer: itself } = config.serverMetadata();
  const expected = stand ? `${new URL(issuer).origin}/{tenantid}/v2.0` : issuer;
  if (!isSameIssuer(itself, expected)) throw new SignInRefusal(`the issuer calls itself ${shown(itself)}`);
  return config;
}

/** What a provider says of itself that does not fit how the connection is set up; nothing unless it says so. */
export function misfits(settings: SettingsOf<'oidc'>, server: openid.ServerMetadata): string[] {
  const { idTokenAlgorithm: algorithm, singleLogout = false } = settings;
  const by = methodOf(settings);
  const { token_endpoint_auth_methods_supported: methods, id_token_signing_alg_values_supported: algorithms } = server;
  const lacks = (said: unknown, one: string): said is unknown[] => Array.isArray(said) && !said.includes(one);
  return [
    ...(lacks(methods, by) ? [`It takes ${listed(methods)} of clients, not ${by}.`] : []),
    ...(lacks(algorithms, algorithm) ? [`It signs with ${listed(algorithms)}, not ${algorithm}.`] : []),
    ...(singleLogout && server.end_session_endpoint === undefined ? ['It takes no sign-outs.'] : []),
  ];
}

const listed = (texts: readonly unknown[]): string => shown(texts.join(', '));

/** Issuers are one when they are one address: a host has no case, and a slash behind it says nothing. */
export const isSameIssuer = (one: string, other: string): boolean =>
  one === other || (URL.canParse(one) && URL.canParse(other) && new URL(one).href === new URL(other).href);

const shown = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 300);
