import type { ReplyOf, RequestOf, auth } from '@conclave/contracts';
import { KIT, type Kit } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Authenticator } from './authenticator.js';
import { CredentialDigest } from './credential-digest.js';

/** A revoked credential lives on for at most this long where the revocation was not heard. */
const TOKEN_TTL_MS = 5 * 60_000;

/** Swaps a credential for a signed context that every service believes for five minutes, and never past its expiry. */
@Injectable()
export class ExchangeCredential {
  constructor(
    @Inject(KIT) private readonly kit: Pick<Kit, 'tokens'>,
    private readonly authenticator: Authenticator,
    private readonly digest: CredentialDigest,
  ) {}

  async run(presented: RequestOf<typeof auth.exchangeCredential>): Promise<ReplyOf<typeof auth.exchangeCredential>> {
    const { kind, secret } = presented;
    const grant = await this.authenticator.grantOf(presented);
    const { expiresAt: _, allowedAddresses, requestsPerMinute, ...claims } = grant;
    const now = Date.now();
    const ttlMs = Math.min(TOKEN_TTL_MS, (grant.expiresAt?.getTime() ?? Infinity) - now);
    return {
      token: await this.kit.tokens.sign(claims, ttlMs),
      expiresAt: wholeSeconds(now + ttlMs),
      credentialId: claims.credentialId,
      ...(allowedAddresses ? { allowedAddresses: [...allowedAddresses] } : {}),
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      ...(kind === 'sign-in' ? { csrf: this.digest.csrfOf(secret) } : {}),
    };
  }
}

/** A JWT's times are whole seconds. */
const wholeSeconds = (ms: number): number => Math.floor(ms / 1_000) * 1_000;
