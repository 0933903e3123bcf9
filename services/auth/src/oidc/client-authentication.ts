/** How a client proves itself to its provider: by a secret, or by words for the provider that its own key signed. */
import { X509Certificate, createHash } from 'node:crypto';
import { calculateJwkThumbprint, importPKCS8 } from 'jose';
import type { ReplyOf, connections } from '@conclave/contracts';
import * as openid from 'openid-client';
import { SignInRefusal } from '../connection-sign-ins/vouched.js';
import type { SettingsOf } from '../connections/settings.js';
import { conventionsOf } from './vendors.js';

type ClientKey = ReplyOf<typeof connections.getClientKeys>['keys'][number];

const ALGORITHM = 'RS256';

export const methodOf = (settings: SettingsOf<'oidc'>) =>
  settings.clientAuthentication ?? conventionsOf(settings).clientAuthentication;

/** The public half of a client's key. */
export async function clientKeyOf(pem: string): Promise<ClientKey> {
  const { publicKey, raw } = new X509Certificate(pem);
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const key = { kty: 'RSA' as const, n, e };
  return {
    ...{ ...key, use: 'sig', alg: ALGORITHM, kid: await calculateJwkThumbprint(key) },
    ...{ x5c: [raw.toString('base64')], 'x5t#S256': createHash('sha256').update(raw).digest('base64url') },
  };
}

/** @throws SignInRefusal */
export async function clientAuthentication(
  settings: SettingsOf<'oidc'>,
  secret: string,
  certificate: string | null,
): Promise<openid.ClientAuth> {
  const method = methodOf(settings);
  // A key is never sent as a secret would be.
  if ((method === 'private_key_jwt') !== (certificate !== null)) throw new SignInRefusal('secret or key');
  if (certificate === null)
    return method === 'client_secret_post' ? openid.ClientSecretPost(secret) : openid.ClientSecretBasic(secret);
  const { audience, namesKey } = conventionsOf(settings).assertion;
  const { kid, 'x5t#S256': thumbprint } = await clientKeyOf(certificate);
  const key = await importPKCS8(secret, ALGORITHM);
  return (server, client, body, headers) => {
    const prove = openid.PrivateKeyJwt(namesKey ? { key, kid } : key, {
      [openid.modifyAssertion]: (header, payload) => {
        Object.assign(header, { typ: 'JWT', 'x5t#S256': thumbprint });
        if (audience === 'token-endpoint') Object.assign(payload, { aud: server.token_endpoint });
      },
    });
    return prove(server, client, body, headers);
  };
}
