import { createHmac, timingSafeEqual } from 'node:crypto';
import { CONFIG } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';

type Kind = 'api-key' | 'sign-in' | 'link' | 'challenge' | 'oauth-client';

/** Stands in for a missing digest, so that an unknown credential costs what a known one does; no text has it. */
const NOBODY = Buffer.alloc(32);

/**
 * What is kept of a credential: HMAC-SHA-256 under the pepper. Credentials are 256 random bits, so a slow hash would
 * protect nothing; the pepper makes a stolen table useless by itself.
 */
@Injectable()
export class CredentialDigest {
  constructor(@Inject(CONFIG) private readonly config: Pick<AuthConfig, 'API_KEY_PEPPER'>) {}

  of(
    kind:
      | 'csrf'
      | 'device'
      | 'flow'
      | 'oauth'
      | 'recovery-code'
      | 'secret'
      | 'provider-subject'
      | 'provider-session'
      | Kind,
    text: string,
  ): Buffer {
    return createHmac('sha256', this.config.API_KEY_PEPPER).update(`${kind}\n${text}`).digest();
  }

  /** In constant time, also when there is no digest. */
  matches(kind: Kind, text: string, digest: Buffer | undefined): boolean {
    return timingSafeEqual(this.of(kind, text), digest ?? NOBODY);
  }

  /** The value that proves a page may act under a sign-in; derived, so that it need not be kept. */
  csrfOf(signInSecret: string): string {
    return this.of('csrf', signInSecret).toString('base64url');
  }
}
