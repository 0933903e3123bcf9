/** A logout token (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6): signed by the provider, for us, now, and no other kind of token. */
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose';
import { SignInRefusal } from '../connection-sign-ins/vouched.js';
import type { SettingsOf } from '../connections/settings.js';
import { isSameIssuer } from '../oidc/discover.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const LEEWAY_S = 60;
/** A token is on its way for no longer. */
const LONGEST_S = 300;

/** @throws SignInRefusal */
export async function readLogoutToken(
  token: string,
  settings: SettingsOf<'oidc'>,
  keysOf: () => Promise<JSONWebKeySet>,
): Promise<{ id: string; expiresAt: Date; subject: string | undefined; sessions: readonly string[] | undefined }> {
  const claims = await verified(token, settings, keysOf);
  const { events, sub, sid, jti } = claims as JWTPayload & { events?: unknown; sid?: unknown };
  if ('nonce' in claims) throw new SignInRefusal('a nonce');
  if (!isObject(events) || !isObject(events[EVENT])) throw new SignInRefusal('no logout event');
  const session = sid === undefined ? undefined : shortText(sid, 'session');
  if (sub === undefined && session === undefined) throw new SignInRefusal('neither subject nor session');
  return {
    id: shortText(jti, 'jti'),
    expiresAt: new Date(Date.now() + (LONGEST_S + 2 * LEEWAY_S) * 1_000),
    subject: sub === undefined ? undefined : shortText(sub, 'subject'),
    sessions: session === undefined ? undefined : [session],
  };
}

async function verified(
  token: string,
  { issuer, clientId, idTokenAlgorithm }: SettingsOf<'oidc'>,
  keysOf: () => Promise<JSONWebKeySet>,
): Promise<JWTPayload> {
  try {
    // Whoever says what cannot be right makes us ask nobody.
    const { iss, aud } = decodeJwt(token);
    if (typeof iss !== 'string' || !isSameIssuer(iss, issuer) || ![aud].flat().includes(clientId))
      throw new SignInRefusal('issuer or audience');
    if (decodeProtectedHeader(token).alg !== idTokenAlgorithm) throw new SignInRefusal('algorithm');
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await keysOf()), {
      ...{ issuer: iss, audience: clientId, algorithms: [idTokenAlgorithm], clockTolerance: LEEWAY_S },
      ...{ maxTokenAge: LONGEST_S, requiredClaims: ['iat', 'exp', 'jti', 'events'] },
    });
    const { typ = 'JWT' } = protectedHeader;
    if (!/^(logout\+jwt|JWT)$/i.test(typ)) throw new SignInRefusal('another kind of token');
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JOSEError) throw new SignInRefusal(cause.code, { cause });
    throw cause;
  }
}

function shortText(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '' || value.length > 500) throw new SignInRefusal(what);
  return value;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
