import { randomBytes, randomUUID } from 'node:crypto';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';
import { ConnectionSecrets, type SecretKind } from '../connections/connection-secrets.js';
import type { ConnectionRow } from '../connections/postgres-connections.js';
import { PublicPlaces } from '../connections/public-places.js';
import { trusted, type ConnectionSettings, type SettingsOf } from '../connections/settings.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import type { ProviderMark } from '../sign-ins/open-sign-in.js';
import { GithubClient } from '../oidc/github-client.js';
import { OidcClient, type CodeFlow } from '../oidc/oidc-client.js';
import { assertedGroups } from '../saml/asserted-groups.js';
import type { NameId } from '../saml/guard.js';
import { SamlRefusal } from '../saml/saml-refusal.js';
import { ServiceProvider, type OwnSide } from '../saml/service-provider.js';
import { SingleLogout } from '../saml/single-logout.js';
import { SignInRefusal, mfaBy, type Vouched } from './vouched.js';

/** A way to the provider, and what has to be remembered until the way back. */
export interface Begun {
  readonly location: string;
  readonly requestId: string;
  /** Seals that in the transaction that writes it down; SAML has nothing to remember but the request. */
  seal(this: void, tx: Tx): Promise<string | null>;
}

/** What a browser comes back with, of what was remembered. */
export interface Remembered {
  readonly requestId: string;
  readonly sealed: string | null;
}

/** What a SAML sign-in remembers of its provider's words. */
interface LoggedOut {
  readonly nameId: NameId;
  readonly sessionIndex?: string;
}

export type ProviderAnswer =
  | { readonly kind: 'saml'; readonly response: string; readonly relayState?: string | undefined }
  | { readonly kind: 'code'; readonly query: string };

/** Speaks to a connection's provider in its own language. */
@Injectable()
export class Providers {
  constructor(
    private readonly secrets: ConnectionSecrets,
    private readonly places: PublicPlaces,
    private readonly oidc: OidcClient,
    private readonly github: GithubClient,
    private readonly digest: CredentialDigest,
  ) {}

  /** @throws ConclaveError `auth.connection.invalid` unless everything the connection trusts is in place */
  settingsOf(row: ConnectionRow): ConnectionSettings {
    return trusted(row.settings, this.places.origin);
  }

  async begin(row: ConnectionRow, settings: ConnectionSettings, returnTo: string): Promise<Begun> {
    if (settings.kind === 'saml') {
      const requestId = `_${randomUUID()}`;
      const saml = await this.saml(row, settings);
      return { location: await saml.loginUrl(requestId, returnTo), requestId, seal: () => Promise.resolve(null) };
    }
    const remembered = {
      verifier: randomBytes(32).toString('base64url'),
      nonce: randomBytes(32).toString('base64url'),
    };
    const state = randomBytes(32).toString('base64url');
    const [own, seal] = await Promise.all([this.clientOf(row), this.sealing(row, JSON.stringify(remembered))]);
    const client = { settings, ...own };
    const location =
      settings.kind === 'oidc'
        ? await this.oidc.authorizationUrl({ ...client, settings }, state, remembered)
        : await this.github.authorizationUrl({ ...client, settings }, state, remembered);
    return { location, requestId: state, seal };
  }

  /** @throws SignInRefusal | SamlRefusal, or whatever the provider's protocol failed with */
  async finish(
    row: ConnectionRow,
    settings: ConnectionSettings,
    answer: ProviderAnswer,
    flow: Remembered | undefined,
  ): Promise<Vouched> {
    if (settings.kind === 'saml') {
      if (answer.kind !== 'saml') throw new SignInRefusal('another protocol');
      return this.assertedBy(row, settings, answer.response, flow?.requestId);
    }
    if (answer.kind !== 'code' || !flow?.sealed) throw new SignInRefusal('another protocol');
    const [client, text] = await Promise.all([this.clientOf(row), this.opened(row, 'connection-sign-in', flow.sealed)]);
    const remembered = JSON.parse(text) as CodeFlow;
    const way = { query: answer.query, state: flow.requestId, ...remembered };
    return settings.kind === 'oidc'
      ? this.oidc.finish({ ...client, settings }, way)
      : this.github.finish({ ...client, settings }, way);
  }

  /** Our side of a SAML connection. @throws SignInRefusal when its key was destroyed */
  async ownSide(row: ConnectionRow): Promise<OwnSide> {
    const { callback, entityId = '', providerLogout = '' } = this.places.of('saml', row.id);
    if (row.certificate === null) throw new SamlRefusal('key');
    const { standby_sealed: sealed, standby_certificate: certificate } = row;
    return {
      ...{ entityId, acs: callback, slo: providerLogout },
      ...{ privateKey: await this.opened(row, 'connection', row.secret_sealed), certificate: row.certificate },
      ...(sealed === null || certificate === null
        ? {}
        : { standby: { privateKey: await this.opened(row, 'connection', sealed), certificate } }),
    };
  }

  /**
   * Where a browser that signed out here goes to sign out at the provider, if it goes anywhere.
   *
   * @throws SignInRefusal | SamlRefusal
   */
  async signOut(row: ConnectionRow, sealed: string): Promise<{ location: string; requestId: string } | undefined> {
    const settings = this.settingsOf(row);
    const told = await this.opened(row, 'connection-sign-in', sealed);
    if (settings.kind === 'saml' && settings.sloUrl !== undefined) {
      const requestId = `_${randomUUID()}`;
      const logout = await this.logout(row, settings);
      const location = logout.requestUrl(requestId, JSON.parse(told) as LoggedOut);
      return { location, requestId };
    }
    if (settings.kind !== 'oidc' || !settings.singleLogout) return undefined;
    const { logout = '' } = this.places.of(row.kind, row.id);
    const { idToken } = JSON.parse(told) as { idToken: string };
    const location = await this.oidc.logoutUrl({ settings, ...(await this.clientOf(row)) }, idToken, logout);
    return location === undefined ? undefined : { location, requestId: '' };
  }

  /** The connection's side of single logout. */
  async logout(row: ConnectionRow, settings: SettingsOf<'saml'>): Promise<SingleLogout> {
    return new SingleLogout(settings, await this.ownSide(row));
  }

  /** The provider's keys, to see what it signed without a browser. @throws SignInRefusal */
  async keysOf(row: ConnectionRow, settings: SettingsOf<'oidc'>): Promise<JSONWebKeySet> {
    return this.oidc.keysOf({ settings, ...(await this.clientOf(row)) });
  }

  digestOf(kind: 'provider-subject' | 'provider-session', { id }: ConnectionRow, text: string): Buffer {
    return this.digest.of(kind, `${id}\n${text}`);
  }

  /**
   * What of a sign-in is kept for its end: digests to find it by, and what the provider has to be told, which is sealed in
   * the transaction that opens it.
   */
  async markOf(row: ConnectionRow, { subject, session }: Vouched): Promise<(tx: Tx) => Promise<ProviderMark>> {
    const seal = session?.told === undefined ? undefined : await this.sealing(row, session.told);
    const known = {
      providerSubject: this.digestOf('provider-subject', row, session?.subject ?? subject),
      providerSession: session?.id === undefined ? null : this.digestOf('provider-session', row, session.id),
    };
    return async (tx) => ({ ...known, providerSealed: seal ? await seal(tx) : null });
  }

  private async sealing(row: ConnectionRow, text: string): Promise<(tx: Tx) => Promise<string>> {
    const [ctx, kind] = [actorFor(row), 'connection-sign-in'] as const;
    const key = await this.secrets.key(ctx, kind);
    return (tx) => this.secrets.seal(tx, ctx, key, { kind, id: row.id, text });
  }

  private async saml(row: ConnectionRow, settings: SettingsOf<'saml'>): Promise<ServiceProvider> {
    return new ServiceProvider(settings, await this.ownSide(row));
  }

  private async assertedBy(
    row: ConnectionRow,
    settings: SettingsOf<'saml'>,
    response: string,
    requestId: string | undefined,
  ): Promise<Vouched> {
    const saml = await this.saml(row, settings);
    const asserted = await saml.read(response, requestId, Date.now());
    const attribute = (name: string | undefined): string | undefined =>
      name === undefined ? undefined : asserted.attributes.get(name)?.[0];
    return {
      subject: asserted.subject,
      name: attribute(settings.nameAttribute),
      email: attribute(settings.emailAttribute),
      emailVerified: false,
      groups: settings.groups && assertedGroups(settings.groups, asserted.attributes),
      until: asserted.sessionEnd,
      ...mfaBy(settings.mfaContexts, asserted.contexts, asserted.authenticatedAt),
      session: {
        id: asserted.sessionIndex,
        told: JSON.stringify({ nameId: asserted.nameId, sessionIndex: asserted.sessionIndex }),
      },
      assertion: { id: asserted.id, expiresAt: asserted.expiresAt },
    };
  }

  private async clientOf(row: ConnectionRow) {
    const { callback } = this.places.of(row.kind, row.id);
    const secret = await this.opened(row, 'connection', row.secret_sealed);
    return { secret, certificate: row.certificate, callback };
  }

  private async opened(row: ConnectionRow, kind: SecretKind, sealed: string): Promise<string> {
    const text = await this.secrets.open(actorFor(row), kind, row.id, sealed);
    if (text === undefined) throw new SignInRefusal('its data key was destroyed');
    return text;
  }
}

const actorFor = (row: ConnectionRow) => ({ tenantId: row.tenant_id, actor: 'service:auth' });
