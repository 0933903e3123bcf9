/** An OpenID provider that answers with whatever ID token it is told to forge. */
import { createHmac, randomUUID, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { startLoopback, type Loopback } from './loopback.js';

export interface Forgery {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: 'own' | 'stranger' | 'hmac' | 'none';
}

const own = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export async function startForger(
  clientId: string,
): Promise<Loopback & { forge(nonce: string, forgery: Forgery): void; logoutToken(forgery: Forgery): string }> {
  const loopback = await startLoopback();
  const issuer = loopback.url;
  let token = '';
  loopback.answer = (request, reply) => {
    const documents: Record<string, unknown> = {
      '/.well-known/openid-configuration': {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        authorization_response_iss_parameter_supported: true,
      },
      '/jwks': { keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'RS256' }] },
      '/token': { access_token: 'x', token_type: 'bearer', expires_in: 60, id_token: token },
    };
    const document = documents[request.url ?? ''];
    reply.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    reply.end(JSON.stringify(document ?? {}));
  };
  return Object.assign(loopback, {
    forge(nonce: string, forgery: Forgery) {
      token = signed({ iss: issuer, aud: clientId, sub: 'ada', nonce }, forgery);
    },
    logoutToken(forgery: Forgery) {
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
      const said = { iss: issuer, aud: clientId, sub: 'ada', jti: randomUUID(), events };
      return signed(said, { ...forgery, header: { typ: 'logout+jwt', ...forgery.header } });
    },
  });
}

function signed(said: object, { header, claims, key = 'own' }: Forgery): string {
  const now = Math.floor(Date.now() / 1_000);
  const body = JSON.stringify({ iat: now, exp: now + 300, ...said, ...claims });
  const text = `${encoded({ alg: 'RS256', kid: 'k', ...header })}.${encoded(JSON.parse(body))}`;
  return `${text}.${signatureOf(text, key)}`;
}

function signatureOf(text: string, key: Forgery['key']): string {
  if (key === 'none') return '';
  const rsa: KeyObject = key === 'stranger' ? stranger.privateKey : own.privateKey;
  const pem = own.publicKey.export({ type: 'spki', format: 'pem' });
  const made =
    key === 'hmac' ? createHmac('sha256', pem).update(text).digest() : sign('sha256', Buffer.from(text), rsa);
  return made.toString('base64url');
}
