/**
 * OpenID Connect as a relying party: authorization code with PKCE (S256), state and nonce; the issuer and one algorithm
 * of its ID tokens pinned; their signature checked although TLS brought them.
 */
import { Egress } from '@conclave/nest-kit/egress';
import { Injectable } from '@nestjs/common';
import * as openid from 'openid-client';
import type { JSONWebKeySet } from 'jose';
import { SignInRefusal, mfaBy, type Vouched } from '../connection-sign-ins/vouched.js';
import type { SettingsOf } from '../connections/settings.js';
import { clientAuthentication } from './client-authentication.js';
import { discover, misfits } from './discover.js';
import { groupsOf, saysGroups } from './groups.js';
import { guardedFetch, refusing } from './guarded-fetch.js';
import { conventionsOf, type Claims } from './vendors.js';

/** What of a flow only we may know. */
export interface CodeFlow {
  readonly verifier: string;
  readonly nonce: string;
}

export interface ClientOf<K extends 'oidc' | 'github'> {
  readonly settings: SettingsOf<K>;
  /** The client's secret, or the key by which it proves itself. */
  readonly secret: string;
  readonly certificate?: string | null;
  readonly callback: string;
}

/** The way back: the query a provider sent the browser with, and what it has to fit. */
export interface WayBack extends CodeFlow {
  readonly query: string;
  readonly state: string;
}

const KEYS_MS = 10_000;
const KEPT_ISSUERS = 1_000;

@Injectable()
export class OidcClient {
  private readonly keys = new Map<string, { readonly keys: Promise<JSONWebKeySet>; readonly until: number }>();

  constructor(private readonly egress: Egress) {}

  /** @throws SignInRefusal */
  authorizationUrl(client: ClientOf<'oidc'>, state: string, { verifier, nonce }: CodeFlow): Promise<string> {
    return refusing(
      (async () => {
        const config = await this.discover(client);
        const url = openid.buildAuthorizationUrl(config, {
          ...{ redirect_uri: client.callback, response_type: 'code', scope: scopeOf(client.settings), state, nonce },
          ...conventionsOf(client.settings).parameters(client.settings),
          ...{ code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
        });
        return url.href;
      })(),
    );
  }

  /** @throws SignInRefusal */
  finish(client: ClientOf<'oidc'>, { query, state, nonce, verifier }: WayBack): Promise<Vouched> {
    return refusing(
      (async () => {
        const config = await this.discover(client);
        openid.enableNonRepudiationChecks(config);
        const tokens = await openid.authorizationCodeGrant(config, new URL(`${client.callback}?${query}`), {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
        });
        const { settings } = client;
        const signed = tokens.claims()!;
        conventionsOf(settings).admit(settings, signed);
        const more = asksMore(settings, signed, config)
          ? await openid.fetchUserInfo(config, tokens.access_token, signed.sub)
          : {};
        // What was done to know the person is in the signed token, and nowhere else.
        const { amr, auth_time: at, sub: subject, sid } = signed;
        const done = Array.isArray(amr) ? amr : [];
        const mfa = mfaBy(settings.mfaMethods, done, at === undefined ? undefined : new Date(at * 1_000));
        const session = {
          ...{ id: typeof sid === 'string' ? sid : undefined, subject },
          told: settings.singleLogout ? JSON.stringify({ idToken: tokens.id_token }) : undefined,
        };
        return { ...vouchedBy(settings, signed, more), session, ...mfa };
      })(),
    );
  }

  /** Where a browser signs out at the provider; undefined when it has no such address. @throws SignInRefusal */
  logoutUrl(client: ClientOf<'oidc'>, idToken: string, back: string): Promise<string | undefined> {
    return refusing(
      (async () => {
        const config = await this.discover(client);
        if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
        const terms = { id_token_hint: idToken, post_logout_redirect_uri: back };
        const url = openid.buildEndSessionUrl(config, terms);
        // A page of ours goes there: what is no address of the web would run in it.
        if (url.protocol !== 'https:' && url.protocol !== new URL(client.settings.issuer).protocol)
          throw new SignInRefusal('end_session_endpoint');
        return url.href;
      })(),
    );
  }

  /** The keys that the provider signs with, as it said within seconds: anybody can have us ask it. @throws SignInRefusal */
  keysOf(client: ClientOf<'oidc'>): Promise<JSONWebKeySet> {
    const { issuer } = client.settings;
    const known = this.keys.get(issuer);
    if (known && known.until > Date.now()) return known.keys;
    if (this.keys.size >= KEPT_ISSUERS) this.keys.clear();
    const keys = this.readKeys(client);
    keys.catch(() => undefined);
    this.keys.set(issuer, { keys, until: Date.now() + KEYS_MS });
    return keys;
  }

  private readKeys(client: ClientOf<'oidc'>): Promise<JSONWebKeySet> {
    return refusing(
      (async () => {
        const { jwks_uri: at } = (await this.discover(client)).serverMetadata();
        if (at === undefined) throw new SignInRefusal('no keys');
        const options = { method: 'GET', headers: { accept: 'application/json' }, body: null };
        const answer = await guardedFetch(this.egress)(at, options as never);
        if (!answer.ok) throw new SignInRefusal(`keys: ${answer.status}`);
        return (await answer.json()) as JSONWebKeySet;
      })(),
    );
  }

  /** What the issuer publishes of itself, and what of it does not fit the settings. @throws SignInRefusal */
  async probe(settings: SettingsOf<'oidc'>): Promise<{ endpoints: readonly string[]; misfits: readonly string[] }> {
    const config = await refusing(discover(settings, openid.None(), guardedFetch(this.egress)));
    const server = config.serverMetadata();
    const endpoints = [server.authorization_endpoint, server.token_endpoint, server.jwks_uri];
    return { endpoints: endpoints.flatMap((endpoint) => endpoint ?? []), misfits: misfits(settings, server) };
  }

  private async discover(client: ClientOf<'oidc'>): Promise<openid.Configuration> {
    const { settings, secret, certificate = null } = client;
    const authentication = await clientAuthentication(settings, secret, certificate);
    return discover(settings, authentication, guardedFetch(this.egress));
  }
}

const scopeOf = ({ groups }: SettingsOf<'oidc'>): string =>
  ['openid', 'email', 'profile', ...(groups?.scope === undefined ? [] : [groups.scope])].join(' ');

function asksMore(settings: SettingsOf<'oidc'>, signed: Claims, config: openid.Configuration): boolean {
  if (!conventionsOf(settings).asksUserinfo || config.serverMetadata().userinfo_endpoint === undefined) return false;
  return signed['email'] === undefined || (settings.groups !== undefined && !saysGroups(settings.groups, signed));
}

function vouchedBy(settings: SettingsOf<'oidc'>, signed: Claims & { readonly sub: string }, more: Claims): Vouched {
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  const { subjectOf, isVerified } = conventionsOf(settings);
  const all = { ...more, ...signed };
  // An address is verified by what came with it.
  const source = signed['email'] === undefined ? more : signed;
  const email = text(source['email']);
  return {
    ...{ subject: subjectOf(signed), email, emailVerified: email !== undefined && isVerified(email, source) },
    name: text(all['name']) ?? text(all['preferred_username']),
    groups: settings.groups && groupsOf(settings.groups, all),
    until: undefined,
  };
}
