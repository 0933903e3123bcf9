import { ConclaveError, type ReplyOf, type connections } from '@conclave/contracts';
import { CONFIG } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import type { ConnectionKind } from './settings.js';

export type ConnectionUrls = ReplyOf<typeof connections.getConnection>['urls'];

/**
 * The addresses a provider is told. They come from the operator alone: what a request says of its own address decides
 * where a browser is sent, and whom an answer is for.
 */
@Injectable()
export class PublicPlaces {
  constructor(@Inject(CONFIG) private readonly config: Pick<AuthConfig, 'PUBLIC_URL'>) {}

  /** @throws ConclaveError `auth.connection.invalid` when the operator named none */
  get origin(): string {
    const { PUBLIC_URL } = this.config;
    if (!PUBLIC_URL)
      throw new ConclaveError('auth.connection.invalid', { reason: 'the operator has to set PUBLIC_URL' });
    return new URL(PUBLIC_URL).origin;
  }

  /** Where the keys of an OpenID client are published. @throws as `origin` does */
  keysOf(id: string): string {
    return `${this.origin}/auth/oidc/${id}/keys`;
  }

  /** @throws as `origin` does */
  of(kind: ConnectionKind, id: string): ConnectionUrls {
    if (kind !== 'saml') {
      const base = `${this.origin}/auth/oidc/${id}`;
      const urls = { login: `${base}/login`, callback: `${base}/callback` };
      if (kind === 'github') return urls;
      return { ...urls, providerLogout: `${base}/backchannel-logout`, logout: `${base}/signed-out` };
    }
    const base = `${this.origin}/auth/saml/${id}`;
    return {
      login: `${base}/login`,
      callback: `${base}/acs`,
      entityId: `${base}/metadata`,
      providerLogout: `${base}/slo`,
    };
  }
}
