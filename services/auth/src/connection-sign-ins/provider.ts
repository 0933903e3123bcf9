import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';
import { ConnectionSecrets } from '../connections/connection-secrets.js';
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
  /** Sealed; SAML has nothing to remember but the request. */
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
      return { location: await this.saml(row, settings).loginUrl(requestId, returnTo), requestId, sealed: null };
    }
    const remembered = {
      verifier: randomBytes(32).toString('base64url'),
      nonce: randomBytes(32).toString('base64url'),
    };
    const state = randomBytes(32).toString('base64url');
    const client = { settings, ...this.clientOf(row) };
    const location =
      settings.kind === 'oidc'
        ? await this.oidc.authorizationUrl({ ...client, settings }, state, remembered)
        : await this.github.authorizationUrl({ ...client, settings }, state, remembered);
    const sealed = this.secrets.seal(JSON.stringify(remembered), row.tenant_id, row.id);
    return { location, requestId: state, sealed };
  }

  /** @throws SignInRefusal | SamlRefusal, or whatever the provider's protocol failed with */
  async finish(
    row: ConnectionRow,
    settings: ConnectionSettings,
    answer: ProviderAnswer,
    flow: Pick<Begun, 'requestId' | 'sealed'> | undefined,
  ): Promise<Vouched> {
    if (settings.kind === 'saml') {
      if (answer.kind !== 'saml') throw new SignInRefusal('another protocol');
      return this.assertedBy(row, settings, answer.response, flow?.requestId);
    }
    if (answer.kind !== 'code' || !flow?.sealed) throw new SignInRefusal('another protocol');
    const client = this.clientOf(row);
    const remembered = JSON.parse(this.secrets.open(flow.sealed, row.tenant_id, row.id)) as CodeFlow;
    const way = { query: answer.query, state: flow.requestId, ...remembered };
    return settings.kind === 'oidc'
      ? this.oidc.finish({ ...client, settings }, way)
      : this.github.finish({ ...client, settings }, way);
  }

  /** Our side of a SAML connection. */
  ownSide(row: ConnectionRow): OwnSide {
    const { callback, entityId = '', providerLogout = '' } = this.places.of('saml', row.id);
    if (row.certificate === null) throw new SamlRefusal('key');
    const { standby_sealed: sealed, standby_certificate: certificate } = row;
    return {
      ...{ entityId, acs: callback, slo: providerLogout },
      ...{ privateKey: this.secretOf(row), certificate: row.certificate },
      ...(sealed === null || certificate === null
        ? {}
        : { standby: { privateKey: this.secrets.open(sealed, row.tenant_id, row.id), certificate } }),
    };
  }

  /**
   * Where a browser that signed out here goes to sign out at the provider, if it goes anywhere.
   *
   * @throws SignInRefusal | SamlRefusal
   */
  async signOut(row: ConnectionRow, sealed: string): Promise<{ location: string; requestId: string } | undefined> {
    const settings = this.settingsOf(row);
    const told = this.secrets.open(sealed, row.tenant_id, row.id);
    if (settings.kind === 'saml' && settings.sloUrl !== undefined) {
      const requestId = `_${randomUUID()}`;
      const location = this.logout(row, settings).requestUrl(requestId, JSON.parse(told) as LoggedOut);
      return { location, requestId };
    }
    if (settings.kind !== 'oidc' || !settings.singleLogout) return undefined;
    const { logout = '' } = this.places.of(row.kind, row.id);
    const { idToken } = JSON.parse(told) as { idToken: string };
    const location = await this.oidc.logoutUrl({ settings, ...this.clientOf(row) }, idToken, logout);
    return location === undefined ? undefined : { location, requestId: '' };
  }

  /** The connection's side of single logout. */
  logout(row: ConnectionRow, settings: SettingsOf<'saml'>): SingleLogout {
    return new SingleLogout(settings, this.ownSide(row));
  }

  /** The provider's keys, to see what it signed without a browser. @throws SignInRefusal */
  keysOf(row: ConnectionRow, settings: SettingsOf<'oidc'>): Promise<JSONWebKeySet> {
    return this.oidc.keysOf({ settings, ...this.clientOf(row) });
  }

  digestOf(kind: 'provider-subject' | 'provider-session', { id }: ConnectionRow, text: string): Buffer {
    return this.digest.of(kind, `${id}\n${text}`);
  }

  /** What of a sign-in is kept for its end: digests to find it by, and what the provider has to be told, sealed. */
  markOf(row: ConnectionRow, { subject, session }: Vouched): ProviderMark {
    const { tenant_id: tenantId, id } = row;
    return {
      providerSubject: this.digestOf('provider-subject', row, session?.subject ?? subject),
      providerSession: session?.id === undefined ? null : this.digestOf('provider-session', row, session.id),
      providerSealed: session?.told === undefined ? null : this.secrets.seal(session.told, tenantId, id),
    };
  }

  private saml(row: ConnectionRow, settings: SettingsOf<'saml'>): ServiceProvider {
    return new ServiceProvider(settings, this.ownSide(row));
  }

  private async assertedBy(
    row: ConnectionRow,
    settings: SettingsOf<'saml'>,
    response: string,
    requestId: string | undefined,
  ): Promise<Vouched> {
    const asserted = await this.saml(row, settings).read(response, requestId, Date.now());
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

  private clientOf(row: ConnectionRow) {
    const { callback } = this.places.of(row.kind, row.id);
    return { secret: this.secretOf(row), certificate: row.certificate, callback };
  }

  private secretOf(row: ConnectionRow): string {
    return this.secrets.open(row.secret_sealed, row.tenant_id, row.id);
  }
}
