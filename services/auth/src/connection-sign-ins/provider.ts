import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ConnectionSecrets } from '../connections/connection-secrets.js';
import type { ConnectionRow } from '../connections/postgres-connections.js';
import { PublicPlaces } from '../connections/public-places.js';
import { trusted, type ConnectionSettings, type SettingsOf } from '../connections/settings.js';
import { GithubClient } from '../oidc/github-client.js';
import { OidcClient, type CodeFlow } from '../oidc/oidc-client.js';
import { SamlRefusal } from '../saml/saml-refusal.js';
import { ServiceProvider, type OwnSide } from '../saml/service-provider.js';
import { SignInRefusal, mfaBy, type Vouched } from './vouched.js';

/** A way to the provider, and what has to be remembered until the way back. */
export interface Begun {
  readonly location: string;
  readonly requestId: string;
  /** Sealed; SAML has nothing to remember but the request. */
  readonly sealed: string | null;
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
    const client = { settings, secret: this.secretOf(row), callback: this.places.of(row.kind, row.id).callback };
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
    const client = { secret: this.secretOf(row), callback: this.places.of(row.kind, row.id).callback };
    const remembered = JSON.parse(this.secrets.open(flow.sealed, row.tenant_id, row.id)) as CodeFlow;
    const way = { query: answer.query, state: flow.requestId, ...remembered };
    return settings.kind === 'oidc'
      ? this.oidc.finish({ ...client, settings }, way)
      : this.github.finish({ ...client, settings }, way);
  }

  /** Our side of a SAML connection. */
  ownSide(row: ConnectionRow): OwnSide {
    const { callback, entityId = '' } = this.places.of('saml', row.id);
    if (row.certificate === null) throw new SamlRefusal('key');
    return { entityId, acs: callback, privateKey: this.secretOf(row), certificate: row.certificate };
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
      until: asserted.sessionEnd,
      ...mfaBy(settings.mfaContexts, asserted.contexts, asserted.authenticatedAt),
      assertion: { id: asserted.id, expiresAt: asserted.expiresAt },
    };
  }

  private secretOf(row: ConnectionRow): string {
    return this.secrets.open(row.secret_sealed, row.tenant_id, row.id);
  }
}
